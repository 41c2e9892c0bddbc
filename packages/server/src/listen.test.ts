import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { listen } from './listen.ts'
import { type Running, run } from './running.fixture.ts'

let running: Running
before(async () => {
  running = await run()
})
after(() => running[Symbol.asyncDispose]())

const health = 'GET /_sekisho/health HTTP/1.1\r\n'
const host = 'Host: localhost\r\n'
const end = 'Connection: close\r\n\r\n'

/** Bytes as sent, and the status line that answers them. */
const rows: readonly (readonly [name: string, bytes: string, status: RegExp])[] = [
  ['a whole request', `${health}${host}${end}`, /^HTTP\/1\.1 200 /],
  ['HTTP/1.0 with a Host', `GET /_sekisho/health HTTP/1.0\r\n${host}\r\n`, /^HTTP\/1\.1 200 /],
  ['no Host', `${health}${end}`, /^HTTP\/1\.1 400 /],
  ['HTTP/1.0 without a Host', 'GET /_sekisho/health HTTP/1.0\r\n\r\n', /^HTTP\/1\.1 400 /],
  ['two Hosts', `${health}${host}Host: localhost\r\n${end}`, /^HTTP\/1\.1 400 /],
  ['two different Hosts', `${health}${host}host: evil.example\r\n${end}`, /^HTTP\/1\.1 400 /],
  ['not HTTP', 'hello\r\n\r\n', /^HTTP\/1\.1 400 /],
  ['a TLS client', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', /^HTTP\/1\.1 400 /],
  ['HTTP/2 by prior knowledge', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', /^HTTP\/1\.1 400 /],
  ['an unknown method', `BREW / HTTP/1.1\r\n${host}${end}`, /^HTTP\/1\.1 400 /],
  [
    'CONNECT',
    `CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n${end}`,
    /^HTTP\/1\.1 400 /,
  ],
  [
    'a target for another host',
    `GET http://evil.example/ HTTP/1.1\r\n${host}${end}`,
    /^HTTP\/1\.1 400 /,
  ],
  [
    'a target with its host',
    `GET http://localhost/_sekisho/health HTTP/1.1\r\n${host}${end}`,
    /^HTTP\/1\.1 200 /,
  ],
  ['OPTIONS *', `OPTIONS * HTTP/1.1\r\n${host}${end}`, /^HTTP\/1\.1 400 /],
  ['a blank in the target', `GET /a b HTTP/1.1\r\n${host}${end}`, /^HTTP\/1\.1 400 /],
  ['a header without a colon', `${health}${host}nonsense\r\n${end}`, /^HTTP\/1\.1 400 /],
  ['a blank before the colon', `${health}${host}X-A : b\r\n${end}`, /^HTTP\/1\.1 400 /],
  ['a folded header', `${health}${host}X-A: b\r\n c\r\n${end}`, /^HTTP\/1\.1 400 /],
  ['a NUL in a header', `${health}${host}X-A: b\0c\r\n${end}`, /^HTTP\/1\.1 400 /],
  ['a bare CR in a header', `${health}${host}X-A: b\rX-B: c\r\n${end}`, /^HTTP\/1\.1 400 /],
  [
    'two Content-Lengths',
    `POST / HTTP/1.1\r\n${host}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`,
    /^HTTP\/1\.1 400 /,
  ],
  [
    'two equal Content-Lengths',
    `POST / HTTP/1.1\r\n${host}Content-Length: 1\r\nContent-Length: 1\r\n\r\na`,
    /^HTTP\/1\.1 400 /,
  ],
  [
    'a Content-Length that is no number',
    `POST / HTTP/1.1\r\n${host}Content-Length: 1x\r\n\r\na`,
    /^HTTP\/1\.1 400 /,
  ],
  [
    'a negative Content-Length',
    `POST / HTTP/1.1\r\n${host}Content-Length: -1\r\n\r\n`,
    /^HTTP\/1\.1 400 /,
  ],
  [
    'Content-Length beside Transfer-Encoding',
    `POST / HTTP/1.1\r\n${host}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    /^HTTP\/1\.1 400 /,
  ],
  [
    'a Transfer-Encoding that does not end chunked',
    `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n`,
    /^HTTP\/1\.1 400 /,
  ],
  [
    'a chunk size that is none',
    `POST /_sekisho/accounts HTTP/1.1\r\n${host}Authorization: Bearer TOKEN\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n`,
    /^HTTP\/1\.1 400 /,
  ],
  [
    'an unknown expectation',
    `GET / HTTP/1.1\r\n${host}Expect: a-miracle\r\n${end}`,
    /^HTTP\/1\.1 417 /,
  ],
  [
    'a body that waits to be wanted, and is not',
    `PUT /no-such-bucket/key HTTP/1.1\r\n${host}Content-Length: 5\r\nExpect: 100-continue\r\n\r\n`,
    /^HTTP\/1\.1 404 [\s\S]*Connection: close[\s\S]*NoSuchBucket/,
  ],
  [
    'a body that waits to be wanted, and is',
    `POST / HTTP/1.1\r\n${host}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 24\r\nExpect: 100-continue\r\nConnection: close\r\n\r\nAction=GetCallerIdentity`,
    /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 400 /,
  ],
  [
    'a body that waits to be wanted, and is too large',
    `POST /_sekisho/accounts HTTP/1.1\r\n${host}Authorization: Bearer TOKEN\r\nContent-Length: 99999999\r\nExpect: 100-continue\r\n\r\n`,
    /^HTTP\/1\.1 413 /,
  ],
  [
    'headers beyond the limit',
    `${health}${host}X-A: ${'a'.repeat(21_000)}\r\n${end}`,
    /^HTTP\/1\.1 431 /,
  ],
  [
    'headers beyond the limit, for a distribution',
    `GET / HTTP/1.1\r\nHost: e1.cloudfront.localhost\r\nX-A: ${'a'.repeat(21_000)}\r\n${end}`,
    /^HTTP\/1\.1 494 .*The request could not be satisfied/s,
  ],
  [
    'headers far beyond the limit, for a distribution by its path',
    `GET /_aws/cloudfront/e1/a HTTP/1.1\r\n${host}X-A: ${'a'.repeat(200_000)}\r\n${end}`,
    /^HTTP\/1\.1 494 .*x-amz-cf-id/is,
  ],
  [
    'a target beyond the limit, for a distribution',
    `GET /${'a'.repeat(21_000)} HTTP/1.1\r\nHost: e1.cloudfront.localhost\r\n${end}`,
    /^HTTP\/1\.1 414 /,
  ],
  [
    'a target beyond the limit',
    `GET /${'a'.repeat(21_000)} HTTP/1.1\r\n${host}${end}`,
    /^HTTP\/1\.1 431 /,
  ],
]

for (const [name, bytes, status] of rows)
  test(`on the wire: ${name}`, async () => {
    const received = await running.raw(bytes.replace('TOKEN', running.token))
    assert.match(received, status)
  })

test('a pipelined request behind a broken one is not served', async () => {
  const broken = `POST / HTTP/1.1\r\n${host}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`
  const received = await running.raw(`${broken}${health}${host}${end}`)
  assert.equal(received.match(/HTTP\/1\.1 /g)?.length, 1)
})

test('pipelined requests are answered in order', async () => {
  const missing = `GET /_sekisho/none HTTP/1.1\r\n${host}\r\n`
  const received = await running.raw(`${health}${host}\r\n${missing}${health}${host}${end}`)
  assert.deepEqual(received.match(/HTTP\/1\.1 \d+/g), [
    'HTTP/1.1 200',
    'HTTP/1.1 401',
    'HTTP/1.1 200',
  ])
})

test('a header name is counted whatever the number of headers before it', async () => {
  const many = 'X-A: b\r\n'.repeat(2_000)
  const received = await running.raw(`${health}${host}${many}Host: evil.example\r\n${end}`)
  assert.match(received, /^HTTP\/1\.1 400 /)
})

test('a connection that stays silent does not hold up others', async () => {
  const silent = connect(running.port, '127.0.0.1')
  silent.on('error', () => {})
  silent.write('GET / HT')
  assert.equal((await running.call('/_sekisho/health')).status, 200)
  silent.destroy()
})

test('a client that leaves within its body leaves nothing behind', async () => {
  const before = await running.call('/_sekisho/health')
  assert.equal(before.status, 200)
  const leaving = connect(running.port, '127.0.0.1')
  leaving.on('error', () => {})
  await new Promise<void>((resolve) => {
    leaving.write(`POST /restapis HTTP/1.1\r\n${host}Content-Length: 1000\r\n\r\n{"name"`, () =>
      resolve(),
    )
  })
  leaving.destroy()
  assert.equal((await running.call('/_sekisho/health')).status, 200)
})

test('what a client left behind is ended before the listener is', async () => {
  const asked = Promise.withResolvers<void>()
  let isDone = false
  const listener = await listen({
    on: { port: 0, host: '127.0.0.1' },
    onFailure: () => {},
    async answer() {
      asked.resolve()
      await sleep(100)
      isDone = true
      return { status: 200, headers: [], body: '' }
    },
  })
  const leaving = connect(listener.port, '127.0.0.1')
  leaving.write(`${health}${host}\r\n`)
  await asked.promise
  leaving.destroy()
  await listener.close(5_000)
  assert.ok(isDone)
})
