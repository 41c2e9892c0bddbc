import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import type { Arrival, Reply } from './arrival.ts'
import { type Listener, listen } from './listen.ts'
import { readPlainHead } from './plain-head.ts'

const failures: unknown[] = []
let listener: Listener
before(async () => {
  listener = await listen({
    answer,
    on: { host: '127.0.0.1', port: 0 },
    onFailure: (error) => failures.push(error),
  })
})
after(() => listener.close(0))

/** Says what was understood; some paths do as they are called. */
function answer(arrival: Arrival): Reply | Promise<Reply> {
  const { method, rawPath, rawQuery, headers, host, peer, hasBody } = arrival
  const text = JSON.stringify({ method, rawPath, rawQuery, headers, host, peer, hasBody })
  const reply: Reply = { status: 200, headers: ['X-Path', rawPath], body: text }
  switch (rawPath) {
    case '/later':
      return new Promise((resolve) => setTimeout(resolve, 20, reply))
    case '/stream':
      return {
        ...reply,
        body: (async function* () {
          yield 'one'
          yield Buffer.from('zwei ü')
        })(),
      }
    case '/bytes':
      return { ...reply, body: Buffer.from([0, 255, 13, 10]) }
    case '/unicode':
      return { ...reply, headers: ['X-Latin', 'ü'], body: 'ü€' }
    case '/empty':
      return { ...reply, status: 204, body: '' }
    case '/split':
      return { ...reply, headers: ['X-A', 'b\r\nX-B: c'] }
    case '/framed':
      return {
        ...reply,
        headers: ['Content-Length', '1', 'transfer-encoding', 'chunked', 'Connection', 'upgrade'],
      }
    case '/large':
      return { ...reply, body: 'x'.repeat(1_000_000) }
    case '/fail':
      throw new Error('on purpose')
    case '/body':
      return Promise.resolve(arrival.readBody(1_000)).then((body) => ({ ...reply, body }))
    case '/short':
      return { ...reply, body: arrival.readBody(7) as Uint8Array }
    case '/last':
      return { ...reply, closes: true }
    default:
      return reply
  }
}

/** Sends in pieces, and waits for the end. */
function exchange(pieces: readonly string[], endsEarly = false): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ port: listener.port, host: '127.0.0.1', allowHalfOpen: true })
    let received = ''
    socket.setNoDelay(true)
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1')
    })
    socket.on('end', () => socket.end())
    socket.on('error', () => {})
    socket.on('close', () => resolve(received))
    const next = (at: number) => {
      if (at === pieces.length) {
        if (endsEarly) socket.end()
        return
      }
      socket.write(pieces[at]!, 'latin1', () => setTimeout(next, 5, at + 1))
    }
    next(0)
  })
}

const get = (path: string, ...headers: readonly string[]) =>
  `GET ${path} HTTP/1.1\r\n${['Host: here', ...headers].join('\r\n')}\r\n\r\n`
const lastGet = (path: string, ...headers: readonly string[]) =>
  get(path, ...headers, 'Connection: close')

const statuses = (received: string) => received.match(/HTTP\/1\.1 \d{3}/g) ?? []
const paths = (received: string) => [...received.matchAll(/X-Path: (\S+)/g)].map(([, path]) => path)

test('requests on one connection are answered in order, whatever each waits for', async () => {
  const received = await exchange([
    get('/a') + get('/later') + get('/b'),
    get('/later') + lastGet('/c'),
  ])
  assert.deepEqual(paths(received), ['/a', '/later', '/b', '/later', '/c'])
})

test('a head that arrives in pieces is one request', async () => {
  const whole = get('/a') + lastGet('/b')
  for (const cut of [1, 10, whole.indexOf('\r\n') + 1, get('/a').length - 1, get('/a').length + 3])
    assert.deepEqual(paths(await exchange([whole.slice(0, cut), whole.slice(cut)])), ['/a', '/b'])
})

const post = (path: string, body: string, ...headers: readonly string[]) =>
  get(path, `Content-Length: ${body.length}`, ...headers).replace('GET', 'POST') + body

test('a body is read as one, wherever it is cut, and what follows it as the next request', async () => {
  // Whatever reads a body that is no body would find a request in it.
  const inner = get('/inner')
  const whole = get('/a') + post('/body', inner) + lastGet('/b')
  const bodyAt = get('/a').length + post('/body', inner).length - inner.length
  for (const cut of [0, bodyAt - 3, bodyAt, bodyAt + 1, bodyAt + inner.length - 1, whole.length]) {
    const pieces = [whole.slice(0, cut), whole.slice(cut)].filter((piece) => piece !== '')
    const received = await exchange(pieces)
    assert.deepEqual(paths(received), ['/a', '/body', '/b'])
    assert.ok(received.includes(`\r\n\r\n${inner}HTTP/1.1 200`), received)
  }
})

test('a body beyond what its road takes is refused, with the connection', async () => {
  const received = await exchange([post('/short', '12345678') + get('/b')])
  assert.deepEqual(statuses(received), ['HTTP/1.1 413'])
})

test('a client that says no more still gets its answer', async () => {
  assert.deepEqual(paths(await exchange([get('/a') + get('/later')], true)), ['/a', '/later'])
})

test('half a request and no more is no request', async () => {
  assert.deepEqual(paths(await exchange([`${get('/a')}GET /b HTTP`], true)), ['/a'])
})

test('pieces of unknown number come chunked', async () => {
  const received = await exchange([get('/stream') + lastGet('/a')])
  assert.match(received, /Transfer-Encoding: chunked/)
  assert.ok(received.includes('\r\n\r\n3\r\none\r\n7\r\nzwei \xc3\xbc\r\n0\r\n\r\nHTTP/1.1 200'))
})

test('bodies are as long as is said, in bytes', async () => {
  const unicode = await exchange([
    lastGet('/bytes').replace('Connection: close\r\n', '') + lastGet('/unicode'),
  ])
  assert.ok(unicode.includes('Content-Length: 4\r\n'))
  assert.ok(unicode.includes('\r\n\r\n\x00\xff\r\nHTTP/1.1 200'))
  assert.ok(unicode.includes('X-Latin: \xfc\r\n'))
  assert.ok(unicode.includes('Content-Length: 5\r\n'))
  assert.ok(unicode.endsWith('\xc3\xbc\xe2\x82\xac'))
})

test('an answer without a body has none', async () => {
  const received = await exchange([get('/empty') + lastGet('/a')])
  assert.match(
    received,
    /^HTTP\/1\.1 204 No Content\r\nX-Path: \/empty\r\nDate: [^\r]+\r\nConnection: keep-alive\r\nKeep-Alive: timeout=65\r\n\r\nHTTP\/1\.1 200 /,
  )
})

test('what an answer says of its own framing is not believed', async () => {
  const received = await exchange([get('/framed') + lastGet('/a')])
  assert.equal(statuses(received).length, 2)
  assert.doesNotMatch(received, /Content-Length: 1\r|transfer-encoding|upgrade/)
})

test('a header cannot split an answer', async () => {
  const received = await exchange([get('/split') + get('/a')])
  assert.doesNotMatch(received, /X-B/)
  assert.deepEqual(statuses(received), ['HTTP/1.1 500'])
})

test('a failure is answered, and told once', async () => {
  failures.length = 0
  const received = await exchange([get('/fail') + lastGet('/a')])
  assert.deepEqual(statuses(received), ['HTTP/1.1 500', 'HTTP/1.1 200'])
  assert.equal(failures.length, 1)
})

test('after the last answer nothing is read', async () => {
  assert.deepEqual(paths(await exchange([get('/last') + get('/a')])), ['/last'])
})

test('what was answered is sent, though the listener closes in the same turn', async () => {
  let closing: Promise<void> | undefined
  const own = await listen({
    answer({ rawPath }) {
      process.nextTick(() => {
        closing = own.close(1_000)
      })
      return { status: 200, headers: ['X-Path', rawPath], body: JSON.stringify({ rawPath }) }
    },
    on: { host: '127.0.0.1', port: 0 },
    onFailure: (error) => failures.push(error),
  })
  const socket = connect(own.port, '127.0.0.1')
  socket.write(get('/a'))
  const pieces: Buffer[] = []
  for await (const piece of socket) pieces.push(piece)
  assert.deepEqual(paths(Buffer.concat(pieces).toString('latin1')), ['/a'])
  await closing
})

test('a client that sends and does not read is not answered without end', async () => {
  const socket = connect(listener.port, '127.0.0.1')
  socket.on('error', () => {})
  socket.pause()
  const before = process.memoryUsage().rss
  for (let at = 0; at < 200; at++) socket.write(get('/large'))
  await new Promise((resolve) => setTimeout(resolve, 300))
  assert.ok(process.memoryUsage().rss - before < 100 * 1024 * 1024)
  socket.destroy()
})

const plainForms: readonly (readonly [name: string, head: string, isPlain: boolean])[] = [
  ['a GET', get('/'), true],
  ['no blank behind a colon', 'GET / HTTP/1.1\r\nHost:here\r\n\r\n', true],
  ['an empty value', get('/', 'X-A:'), true],
  ['keep-alive', get('/', 'Connection: Keep-Alive'), true],
  ['HEAD', get('/').replace('GET', 'HEAD'), false],
  ['another version', get('/').replace('1.1', '1.0'), false],
  ['a body', get('/', 'Content-Length: 5'), true],
  ['two lengths', get('/', 'Content-Length: 5', 'CONTENT-LENGTH: 5'), false],
  ['a length and chunks', get('/', 'Content-Length: 5', 'Transfer-Encoding: chunked'), false],
  ['chunks', get('/', 'Transfer-Encoding: chunked'), false],
  ['an expectation', get('/', 'Expect: 100-continue'), false],
  ['an upgrade', get('/', 'Upgrade: h2c'), false],
  ['the end of the connection', lastGet('/'), false],
  ['a list of connection options', get('/', 'Connection: keep-alive, X-A'), false],
  ['two Hosts', get('/', 'Host: there'), false],
  ['no Host', 'GET / HTTP/1.1\r\nX-A: b\r\n\r\n', false],
  ['no header', 'GET / HTTP/1.1\r\n\r\n', false],
  ['a whole URL', get('http://here/'), false],
  ['a fragment', get('/#a'), false],
  ['a letter beyond ASCII', get('/\xfc'), false],
  ['a value beyond ASCII', get('/', 'X-A: \xfc'), false],
  ['a tab', get('/', 'X-A: a\tb'), false],
  ['a folded line', get('/', 'X-A: b', ' c'), false],
  ['a bare line feed', get('/', 'X-A: b\nX-B: c'), false],
  ['a blank before the colon', get('/', 'X-A : b'), false],
  ['a blank line before', `\r\n${get('/')}`, false],
  ['two blanks', get('/').replace(' / ', '  / '), false],
]

for (const [name, head, isPlain] of plainForms)
  test(`${isPlain ? 'plain' : 'not plain'}: ${name}`, () => {
    assert.equal(readPlainHead(head) !== undefined, isPlain)
  })

test('a plain head is read as the complete server reads it', async () => {
  const name = fc.stringMatching(/^[A-Za-z][\w-]{0,12}$/)
  const value = fc.stringMatching(/^[ -~]{0,20}$/)
  const target = fc.stringMatching(/^\/[\w!$%&'()*+,\-./:;=?@~[\]]{0,20}$/)
  const header = fc.tuple(name, value).map(([left, right]) => `${left}: ${right}`)
  await fc.assert(
    fc.asyncProperty(target, fc.array(header, { maxLength: 6 }), async (path, headers) => {
      const bytes = get(path, ...headers)
      const read = readPlainHead(bytes)
      fc.pre(read !== undefined)
      // What ends the connection is read by the complete server alone.
      const received = await exchange([lastGet(path, ...headers)])
      const {
        rawPath,
        rawQuery,
        headers: complete,
        host,
      } = JSON.parse(received.slice(received.indexOf('\r\n\r\n') + 4))
      assert.equal(
        read.target,
        rawQuery === '' && !path.includes('?') ? rawPath : `${rawPath}?${rawQuery}`,
      )
      assert.deepEqual([...read.headers, 'Connection', 'close'], complete)
      assert.equal(read.host, host)
    }),
    { numRuns: 300 },
  )
})
