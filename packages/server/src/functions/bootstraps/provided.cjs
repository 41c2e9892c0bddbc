/** Runs a function's own bootstrap beside the Lambda Runtime API, and speaks for it. */
const { spawn } = require('node:child_process')
const { accessSync, constants } = require('node:fs')
const { createServer } = require('node:http')
const { join } = require('node:path')
const {
  conclude,
  ERROR,
  INIT_ERROR,
  listen,
  PIECE,
  READY,
  RESPONSE,
  running,
  send,
  socket,
  TYPE,
  waitingEvents,
} = require('./channel.cjs')
const { forward, listenInside } = require('./forward.cjs')

const mostResponseBytes = 6 * 1024 * 1024
/** @see Lambda Developer Guide, "Lambda quotas" (invocation payload) */
const tooLarge = {
  errorMessage: `Response payload size exceeded maximum allowed payload size (${mostResponseBytes} bytes).`,
  errorType: 'Function.ResponseSizeTooLarge',
}

const { SEKISHO_LAYERS: layers } = process.env
delete process.env.SEKISHO_LAYERS

/** A fetch that nobody has answered. */
let waitingFetch
/** Whose answer has not been taken; null: it is being passed on. */
let current
let isReady = false

function hand(response, { context, event }) {
  current = context.requestId
  running.turn = context.turn
  running.begunAt = performance.now()
  response.writeHead(200, {
    'Content-Type': 'application/json',
    // Said, a body leaves with its head and in one piece.
    'Content-Length': event.length,
    'Lambda-Runtime-Aws-Request-Id': context.requestId,
    'Lambda-Runtime-Deadline-Ms': String(Date.now() + context.timeoutMs),
    'Lambda-Runtime-Invoked-Function-Arn': context.invokedArn,
    ...(context.traceId !== undefined && { 'Lambda-Runtime-Trace-Id': context.traceId }),
    ...(context.clientContext !== undefined && {
      'Lambda-Runtime-Client-Context': context.clientContext,
    }),
  })
  response.end(event)
}

function answer(response, status, body) {
  const text = JSON.stringify(body)
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(text),
  })
  response.end(text)
}

const invalidRequestId = { errorMessage: 'Invalid request ID', errorType: 'InvalidRequestID' }

/** @returns whether it is the one that is at hand; it is answered once */
function take(requestId) {
  if (requestId !== current) return false
  current = undefined
  return true
}

/** Undefined: more than may be; the rest is read and forgotten. */
function bodyOf(request, limit) {
  return new Promise((resolve, reject) => {
    const pieces = []
    let bytes = 0
    request.on('data', (piece) => {
      bytes += piece.length
      if (bytes <= limit) pieces.push(piece)
      else resolve(undefined)
    })
    request.on('end', () => resolve(pieces.length === 1 ? pieces[0] : Buffer.concat(pieces)))
    request.on('error', reject)
  })
}

function errorOf(request, body) {
  const type = request.headers['lambda-runtime-function-error-type']
  try {
    return JSON.stringify({
      ...(type !== undefined && { errorType: type }),
      ...JSON.parse(body.toString('utf8')),
    })
  } catch {
    return JSON.stringify({ errorType: type ?? 'Unknown', errorMessage: body.toString('utf8') })
  }
}

/** What goes wrong within a streamed answer is told behind it. */
function trailingError({ 'lambda-runtime-function-error-body': body }) {
  try {
    return JSON.parse(Buffer.from(body, 'base64').toString('utf8'))
  } catch {
    return { errorMessage: 'the response ended with an error' }
  }
}

/** Piece by piece, to its end. */
async function passOn(request) {
  const type = request.headers['content-type']
  if (type !== undefined) send(TYPE, type, running.turn)
  try {
    for await (const piece of request)
      if (piece.length > 0 && !send(PIECE, piece, running.turn))
        await new Promise((done) => socket.once('drain', done))
  } catch (error) {
    const { message: errorMessage } = error
    conclude(ERROR, JSON.stringify({ errorType: 'Runtime.TruncatedResponse', errorMessage }))
    throw error
  }
  const failed = request.trailers['lambda-runtime-function-error-type']
  if (failed === undefined) send(PIECE, '', running.turn)
  else conclude(ERROR, JSON.stringify({ errorType: failed, ...trailingError(request.trailers) }))
}

const routes = [
  [
    'GET',
    /^\/2018-06-01\/runtime\/invocation\/next$/,
    (_request, response) => {
      if (current !== undefined)
        return answer(response, 403, {
          errorMessage:
            'State transition from Running to Ready failed for runtime. Error: State transition is not allowed',
          errorType: 'InvalidStateTransition',
        })
      if (!isReady) {
        isReady = true
        send(READY, '')
      }
      const waiting = waitingEvents.shift()
      if (waiting) return hand(response, waiting)
      waitingFetch = response
      response.on('close', () => {
        if (waitingFetch === response) waitingFetch = undefined
      })
    },
  ],
  [
    'POST',
    /^\/2018-06-01\/runtime\/invocation\/([^/]+)\/response$/,
    async (request, response, requestId) => {
      if (requestId !== current) return answer(response, 400, invalidRequestId)
      if (request.headers['lambda-runtime-function-response-mode'] === 'streaming') {
        current = null
        await passOn(request).finally(() => (current = undefined))
      } else {
        const body = await bodyOf(request, mostResponseBytes)
        if (!take(requestId)) return answer(response, 400, invalidRequestId)
        if (body === undefined) {
          conclude(ERROR, JSON.stringify(tooLarge))
          return answer(response, 413, {
            errorMessage: `Exceeded maximum allowed payload size (${mostResponseBytes} bytes).`,
            errorType: 'RequestEntityTooLarge',
          })
        }
        conclude(RESPONSE, body)
      }
      answer(response, 202, { status: 'OK' })
    },
  ],
  [
    'POST',
    /^\/2018-06-01\/runtime\/invocation\/([^/]+)\/error$/,
    async (request, response, requestId) => {
      if (requestId !== current) return answer(response, 400, invalidRequestId)
      const body = (await bodyOf(request, mostResponseBytes)) ?? Buffer.from('{}')
      if (!take(requestId)) return answer(response, 400, invalidRequestId)
      conclude(ERROR, errorOf(request, body))
      answer(response, 202, { status: 'OK' })
    },
  ],
  [
    'POST',
    /^\/2018-06-01\/runtime\/init\/error$/,
    async (request, response) => {
      send(
        INIT_ERROR,
        errorOf(request, (await bodyOf(request, mostResponseBytes)) ?? Buffer.from('{}')),
      )
      answer(response, 202, { status: 'OK' })
    },
  ],
]

const server = createServer((request, response) => {
  for (const [method, path, serve] of routes) {
    const match = path.exec(request.url)
    if (match === null || request.method !== method) continue
    Promise.resolve(serve(request, response, match[1])).catch(() => response.destroy())
    return
  }
  answer(response, 404, { errorMessage: 'no such path', errorType: 'NotFound' })
})
// A runtime may wait for its next invocation as long as it takes.
server.requestTimeout = 0
server.keepAliveTimeout = 0

listen(() => {
  if (waitingFetch === undefined) return
  const response = waitingFetch
  waitingFetch = undefined
  hand(response, waitingEvents.shift())
})

function program() {
  const root = process.env.LAMBDA_TASK_ROOT
  const names = [
    join(root, 'bootstrap'),
    ...(layers === undefined ? [] : [join(layers, 'bootstrap')]),
    join(root, process.env._HANDLER),
  ]
  return names.find((name) => {
    try {
      accessSync(name, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

function begin() {
  const path = program()
  if (path === undefined) {
    send(
      INIT_ERROR,
      JSON.stringify({
        errorType: 'Runtime.InvalidEntrypoint',
        errorMessage: `Couldn't find valid bootstrap(s): [${join(process.env.LAMBDA_TASK_ROOT, 'bootstrap')} /opt/bootstrap]`,
      }),
    )
    socket.end()
    return
  }
  const child = spawn(path, [], {
    env: { ...process.env, AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${server.address().port}` },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  child.on('error', ({ message }) => {
    send(
      INIT_ERROR,
      JSON.stringify({ errorType: 'Runtime.InvalidEntrypoint', errorMessage: message }),
    )
    socket.end()
  })
  child.on('exit', (code, signal) => {
    socket.end(() => {
      if (signal) process.kill(process.pid, signal)
      else process.exit(code)
    })
  })
}

void forward().then(() => listenInside(server, 0, begin))
