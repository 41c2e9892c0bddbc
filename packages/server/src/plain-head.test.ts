import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { test } from 'node:test'
import fc from 'fast-check'
import { readPlainHead } from './plain-head.ts'

const host = 'Host: h\r\n'
const notPlain: readonly (readonly [string, string])[] = [
  ['a length twice', `POST / HTTP/1.1\r\n${host}Content-Length: 5\r\nContent-Length: 5\r\n\r\n`],
  ['a list of lengths', `POST / HTTP/1.1\r\n${host}Content-Length: 5, 5\r\n\r\n`],
  ['a length with a sign', `POST / HTTP/1.1\r\n${host}Content-Length: +5\r\n\r\n`],
  ['a length with a zero before it', `POST / HTTP/1.1\r\n${host}Content-Length: 05\r\n\r\n`],
  ['a length in hexadecimal', `POST / HTTP/1.1\r\n${host}Content-Length: 0x5\r\n\r\n`],
  ['a length that is none', `POST / HTTP/1.1\r\n${host}Content-Length:\r\n\r\n`],
  ['a long length', `POST / HTTP/1.1\r\n${host}Content-Length: 12345678\r\n\r\n`],
  [
    'a length and pieces',
    `POST / HTTP/1.1\r\n${host}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n`,
  ],
  ['a body in pieces', `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n`],
  ['framing under odd capitals', `POST / HTTP/1.1\r\n${host}tRaNsFeR-eNcOdInG: chunked\r\n\r\n`],
  ['a blank before the colon', `GET / HTTP/1.1\r\n${host}Content-Length : 5\r\n\r\n`],
  ['a folded line', `GET / HTTP/1.1\r\n${host}X-A: 1\r\n Content-Length: 5\r\n\r\n`],
  ['bare line feeds', `GET / HTTP/1.1\n${host}\n`],
  ['a carriage return inside', `GET / HTTP/1.1\r\n${host}X-A: 1\rContent-Length: 5\r\n\r\n`],
  ['two hosts', `GET / HTTP/1.1\r\n${host}host: other\r\n\r\n`],
  ['no host', 'GET / HTTP/1.1\r\nX-A: 1\r\n\r\n'],
  ['an older version', `GET / HTTP/1.0\r\n${host}\r\n`],
  ['an absolute target', `GET http://h/ HTTP/1.1\r\n${host}\r\n`],
  ['an upgrade', `GET / HTTP/1.1\r\n${host}Upgrade: h2c\r\n\r\n`],
  ['a connection that ends', `GET / HTTP/1.1\r\n${host}Connection: close\r\n\r\n`],
  ['an expectation', `POST / HTTP/1.1\r\n${host}Expect: 100-continue\r\n\r\n`],
  ['another method', `HEAD / HTTP/1.1\r\n${host}\r\n`],
  ['a byte beyond ASCII', `GET / HTTP/1.1\r\n${host}X-A: \u00e9\r\n\r\n`],
  ['a tab', `GET / HTTP/1.1\r\n${host}X-A:\t1\r\n\r\n`],
]
for (const [what, head] of notPlain)
  test(`${what} is left to the complete parser`, () => {
    assert.equal(readPlainHead(head), undefined)
  })

test('one length in plain digits is how long the body is, under whatever capitals', () => {
  for (const [line, bytes] of [
    ['', 0],
    ['Content-Length: 0\r\n', 0],
    ['cOnTeNt-LeNgTh:5\r\n', 5],
    ['Content-Length: 1048576\r\n', 1_048_576],
  ] as const)
    assert.equal(readPlainHead(`POST / HTTP/1.1\r\n${host}${line}\r\n`)?.bodyBytes, bytes)
})

/** What the complete parser makes of the same bytes; undefined when it refuses them or waits for more. */
async function complete(heads: readonly string[]): Promise<readonly (string | undefined)[]> {
  const seen = new Map<string, string>()
  const server = createServer(
    { requireHostHeader: false, keepAliveTimeout: 1_000 },
    (request, response) => {
      seen.set(
        request.headers['x-number'] as string,
        JSON.stringify([request.method, request.url, request.rawHeaders]),
      )
      response.end()
    },
  )
  server.on('clientError', (_, socket) => socket.destroy())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await Promise.all(
    heads.map((head) => {
      const { promise, resolve } = Promise.withResolvers<void>()
      const socket = connect(port, '127.0.0.1', () => socket.end(head, 'latin1'))
      socket.on('error', () => resolve())
      socket.on('close', () => resolve())
      socket.resume()
      return promise
    }),
  )
  server.closeAllConnections()
  server.close()
  return heads.map((_, number) => seen.get(String(number)))
}

test('whatever is read as plain, the complete parser reads the same', async () => {
  const piece = fc.constantFrom(
    'X-A: 1',
    'X-A:1',
    'x-a:  two  words ',
    'Accept: */*',
    'Connection: keep-alive',
    'X-B:',
    'X_C: "q"',
    'Cookie: a=b; c=d',
    'TE: x',
    'X-D: a:b',
    'X-E : 1',
    ' X-F: 1',
    'Content-Length: 1',
  )
  const target = fc.constantFrom(
    '/',
    '/a?b=c',
    '/%2e%2e/x',
    '//x',
    '/a b',
    '/a#b',
    '/[x]',
    "/~!$&'()*+,;=:@",
    '*',
  )
  const head = fc.tuple(
    fc.constantFrom('GET', 'POST', 'DELETE', 'get', 'PUT'),
    target,
    fc.array(piece, { maxLength: 5 }),
  )
  const samples = fc.sample(head, { numRuns: 400, seed: 7 })
  const heads = samples.map(
    ([method, path, lines], number) =>
      `${method} ${path} HTTP/1.1\r\n${[`X-Number: ${number}`, 'Host: h', ...lines].join('\r\n')}\r\n\r\n`,
  )
  const whole = await complete(heads)
  let plain = 0
  for (const [number, each] of heads.entries()) {
    const read = readPlainHead(each)
    if (read === undefined) continue
    plain++
    assert.equal(JSON.stringify([read.method, read.target, read.headers]), whole[number], each)
  }
  assert.ok(plain > 20, `${plain} were plain`)
})
