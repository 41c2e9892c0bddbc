/** Runs a function's handler in Node. */
const { existsSync } = require('node:fs')
const { createRequire } = require('node:module')
const { join, resolve } = require('node:path')
const { pathToFileURL } = require('node:url')
const { format } = require('node:util')
const {
  conclude,
  ERROR,
  INIT_ERROR,
  LOG,
  listen,
  OVER,
  PIECE,
  READY,
  RESPONSE,
  running,
  send,
  socket,
  TYPE,
  waitingEvents,
} = require('./channel.cjs')
const { forward } = require('./forward.cjs')

const root = process.env.LAMBDA_TASK_ROOT
// Found by NODE_PATH already.
delete process.env.SEKISHO_LAYERS

let requestId
const levels = {
  log: 'INFO',
  info: 'INFO',
  warn: 'WARN',
  error: 'ERROR',
  debug: 'DEBUG',
  trace: 'TRACE',
}
const isJson = process.env.AWS_LAMBDA_LOG_FORMAT === 'JSON'
const ranks = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL']
const leastRank = isJson ? ranks.indexOf(process.env.AWS_LAMBDA_LOG_LEVEL) : -1
for (const [name, level] of Object.entries(levels))
  console[name] = (...args) => {
    if (ranks.indexOf(level) < leastRank) return
    const timestamp = new Date().toISOString()
    send(
      LOG,
      isJson
        ? JSON.stringify({
            timestamp,
            level,
            requestId,
            message:
              args.length === 1 && typeof args[0] === 'object' && !(args[0] instanceof Error)
                ? args[0]
                : format(...args),
          })
        : `${timestamp}\t${requestId ?? 'undefined'}\t${level}\t${format(...args).replaceAll('\n', '\r')}`,
    )
  }

function errorObject(error) {
  if (
    error instanceof Error ||
    (error && typeof error === 'object' && 'message' in error && 'stack' in error)
  )
    return {
      errorType: error.name ?? 'Error',
      errorMessage: String(error.message),
      trace: String(error.stack ?? '').split('\n'),
    }
  return { errorType: typeof error, errorMessage: String(error), trace: [] }
}

/** What is thrown may be anything, also what cannot be read. */
function errorText(error) {
  try {
    return JSON.stringify(errorObject(error))
  } catch {
    return JSON.stringify({ errorType: 'Error', errorMessage: 'Unknown', trace: [] })
  }
}

function logError(error, title) {
  let logged
  try {
    logged = errorLog(error, title)
  } catch {
    logged = errorLog(new Error('Unknown'), title)
  }
  send(LOG, logged)
}

function errorLog(error, title) {
  const { errorType, errorMessage, trace } = errorObject(error)
  const shown = {
    errorType,
    errorMessage,
    ...(error?.code !== undefined && { code: error.code }),
    stack: trace,
  }
  const timestamp = new Date().toISOString()
  return isJson
    ? JSON.stringify({
        timestamp,
        level: 'ERROR',
        requestId,
        message: { errorType, errorMessage, stackTrace: trace },
      })
    : `${timestamp}\t${requestId ?? 'undefined'}\tERROR\t${title} \t${JSON.stringify(shown)}`
}

class UserCodeError extends Error {
  constructor(type, message) {
    super(message)
    this.name = `Runtime.${type}`
  }
}

/** `folder/file.handler.deeper`: the module is what stands before the first dot of the last part. */
async function loadHandler(handler) {
  const slash = handler.lastIndexOf('/') + 1
  const dot = handler.indexOf('.', slash)
  if (dot < 0) throw new UserCodeError('MalformedHandlerName', 'Bad handler')
  if (handler.includes('..'))
    throw new UserCodeError(
      'MalformedHandlerName',
      `'${handler}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`,
    )
  const moduleName = handler.slice(0, dot)
  const path = handler.slice(dot + 1).split('.')
  const base = resolve(root, moduleName)
  const file = [`${base}.js`, `${base}.mjs`, `${base}.cjs`, base].find((each) => existsSync(each))
  let loaded
  try {
    if (file === undefined) loaded = createRequire(join(root, 'bootstrap.js'))(moduleName)
    else loaded = await (file.endsWith('.mjs') ? imported(file) : required(file))
  } catch (error) {
    if (error instanceof SyntaxError)
      throw Object.assign(new UserCodeError('UserCodeSyntaxError', String(error)), {
        stack: error.stack,
      })
    if (error?.code === 'MODULE_NOT_FOUND' || error?.code === 'ERR_MODULE_NOT_FOUND')
      throw Object.assign(new UserCodeError('ImportModuleError', `Error: ${error.message}`), {
        stack: error.stack,
      })
    throw error
  }
  const from = (holder) => path.reduce((value, name) => value?.[name], holder)
  const found = from(loaded) ?? from(loaded.default)
  if (found === undefined)
    throw new UserCodeError('HandlerNotFound', `${handler} is undefined or not exported`)
  if (typeof found !== 'function')
    throw new UserCodeError('HandlerNotFound', `${handler} is not a function`)
  return found
}

function imported(file) {
  return import(pathToFileURL(file).href)
}

/** Sooner there than by the loader of ECMAScript modules, which modules that wait while they load cannot do without. */
function required(file) {
  try {
    return require(file)
  } catch (error) {
    if (error?.code === 'ERR_REQUIRE_ASYNC_MODULE') return imported(file)
    throw error
  }
}

/** What a handler may answer with piece by piece. */
function responseStream(isDone) {
  const { Writable } = process.getBuiltinModule('node:stream')
  const mine = running.turn
  let prelude
  const stream = new Writable({
    write(chunk, encoding, done) {
      const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk, encoding)
      begin()
      if (bytes.length === 0) done()
      else if (send(PIECE, bytes, mine)) done()
      else socket.once('drain', done)
    },
    final(done) {
      begin()
      send(PIECE, '', mine)
      done()
      isDone()
    },
  })
  let hasBegun = false
  const begin = () => {
    if (hasBegun) return
    hasBegun = true
    if (prelude === undefined) {
      if (stream.contentType) send(TYPE, stream.contentType, mine)
      return
    }
    send(TYPE, 'application/vnd.awslambda.http-integration-response', mine)
    send(PIECE, Buffer.concat([Buffer.from(JSON.stringify(prelude)), Buffer.alloc(8)]), mine)
  }
  stream.setContentType = (type) => {
    stream.contentType = type
  }
  stream._onPrelude = (given) => {
    prelude = given
  }
  return stream
}

const streaming = Symbol.for('aws.lambda.runtime.handler.streaming')
globalThis.awslambda = {
  streamifyResponse: (handler) => {
    handler[streaming] = 'response'
    return handler
  },
  HttpResponseStream: {
    from: (stream, metadata) => {
      stream._onPrelude(metadata)
      return stream
    },
  },
}

process.on('unhandledRejection', (reason) => {
  const error = new Error(reason instanceof Error ? reason.message : String(reason))
  error.name = 'Runtime.UnhandledPromiseRejection'
  if (reason instanceof Error) error.stack = reason.stack
  fail(error, 'Unhandled Promise Rejection')
})
process.on('uncaughtException', (error) => fail(error, 'Uncaught Exception'))

/** What is left of the process is in no known state. */
let isLost = false

function fail(error, title) {
  if (isLost) return
  isLost = true
  logError(error, title)
  if (isReady) {
    send(OVER, '')
    conclude(ERROR, errorText(error))
  } else send(INIT_ERROR, errorText(error))
  socket.end(() => process.exit(129))
}

let isReady = false
let handler

/** What an empty event loop means for the invocation at hand. */
let whenIdle
process.on('beforeExit', () => {
  whenIdle?.()
  // The next event may wait already.
  socket.ref()
  setImmediate(letGo)
})

/** A handler has nothing left to do when nothing but this socket is waited for. */
function letGo() {
  if (whenIdle !== undefined) socket.unref()
}

/** What is the same for every invocation; the environment is slow to read. */
const constants = {
  functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
  functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
  memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
  logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
  logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
}

/** @returns once the event is answered */
async function run(context, event) {
  running.begunAt = performance.now()
  running.turn = context.turn
  requestId = context.requestId
  if (context.traceId === undefined) delete process.env._X_AMZN_TRACE_ID
  else process.env._X_AMZN_TRACE_ID = context.traceId
  const deadlineMs = Date.now() + context.timeoutMs
  let waitsForLoop = true
  const handed = {
    get callbackWaitsForEmptyEventLoop() {
      return waitsForLoop
    },
    set callbackWaitsForEmptyEventLoop(value) {
      waitsForLoop = value
    },
    ...constants,
    clientContext:
      context.clientContext === undefined ? undefined : JSON.parse(context.clientContext),
    identity: undefined,
    invokedFunctionArn: context.invokedArn,
    awsRequestId: context.requestId,
    getRemainingTimeInMillis: () => Math.max(0, deadlineMs - Date.now()),
  }
  let finish
  const finished = new Promise((resolve) => {
    finish = resolve
  })
  let isAnswered = false
  const answer = (error, result) => {
    if (isAnswered || isLost) return
    isAnswered = true
    whenIdle = undefined
    finish()
    if (error !== null && error !== undefined) {
      logError(error, 'Invoke Error')
      conclude(ERROR, errorText(error))
      return
    }
    let text
    try {
      text = JSON.stringify(result === undefined ? null : result)
    } catch (failure) {
      conclude(
        ERROR,
        JSON.stringify({
          errorType: 'Runtime.MarshalError',
          errorMessage: 'Unable to stringify response body',
          trace: JSON.parse(errorText(failure)).trace,
        }),
      )
      return
    }
    conclude(RESPONSE, text === undefined ? 'null' : text)
  }
  try {
    const parsed = event.length === 0 ? {} : JSON.parse(event.toString('utf8'))
    if (handler[streaming] === 'response') {
      await new Promise((done, refuse) => {
        const stream = responseStream(done)
        stream.on('error', refuse)
        Promise.resolve(handler(parsed, stream, handed)).then(() => {
          if (!stream.writableEnded) stream.end()
        }, refuse)
      })
      return
    }
    // With nothing left to do, a handler that has not answered never will.
    whenIdle = () => answer(undefined, null)
    const callback = (error, result) => {
      if (isAnswered) return
      // As on AWS, an answer by callback waits until there is nothing left to do, unless it is told not to.
      if (waitsForLoop) whenIdle = () => answer(error, result)
      else answer(error, result)
    }
    const returned = handler(parsed, handed, callback)
    // As on AWS: what a handler returns that is no promise is no answer.
    if (returned !== null && typeof returned === 'object' && typeof returned.then === 'function')
      answer(undefined, await returned)
  } catch (error) {
    answer(error ?? new Error(String(error)))
  }
  await finished
}

let isRunning = false

/** One after another: the next begins when the one before is answered. */
async function runAll() {
  isRunning = true
  // Once all is done that needs no waiting, which is most of what is ever done.
  queueMicrotask(() => process.nextTick(letGo))
  for (;;) {
    const next = waitingEvents.shift()
    if (next === undefined || isLost) break
    await run(next.context, next.event)
  }
  isRunning = false
  socket.ref()
}

listen(() => {
  if (!isRunning) void runAll()
})

async function begin() {
  try {
    await forward()
    handler = await loadHandler(process.env._HANDLER)
    isReady = true
    send(READY, '')
  } catch (error) {
    logError(error, 'Uncaught Exception')
    send(INIT_ERROR, errorText(error))
    socket.end()
  }
}

void begin()
