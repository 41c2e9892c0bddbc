import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ResponseError, ResponseReader } from './response-reader.ts'

const mostHeadBytes = 16_384

interface Read {
  readonly status: number
  readonly headers: readonly string[]
  readonly body: string
  readonly isDone: boolean
  readonly canGoOn: boolean
}

function read(pieces: readonly string[], method = 'GET', isEnded = false): Read {
  let [status, body] = [0, '']
  let headers: readonly string[] = []
  const reader = new ResponseReader(
    {
      onHead: (code, list) => void ([status, headers] = [code, list]),
      onData: (bytes) => void (body += bytes.toString('latin1')),
    },
    mostHeadBytes,
  )
  reader.expect(method)
  for (const piece of pieces) reader.read(Buffer.from(piece, 'latin1'))
  if (isEnded) reader.end()
  const { isDone, canGoOn } = reader
  return { status, headers, body, isDone, canGoOn }
}

const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'

const answers: Readonly<Record<string, readonly [text: string, body: string, goesOn: boolean]>> = {
  'a length': ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello', 'hello', true],
  'no length worth the name': ['HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', '', true],
  'the same length twice': [
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\ncontent-length: 2\r\n\r\nok',
    'ok',
    true,
  ],
  'no reason': ['HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok', 'ok', true],
  chunks: [`${chunked}5\r\nhello\r\nA;x="y"\r\n0123456789\r\n0\r\n\r\n`, 'hello0123456789', true],
  'chunks with trailers': [`${chunked}1\r\n!\r\n0\r\nX-Sum: 1\r\nY: 2\r\n\r\n`, '!', true],
  'nothing after 204': ['HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n', '', true],
  'nothing after 304': [
    'HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n',
    '',
    true,
  ],
  'interim answers first': [
    'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
    'ok',
    true,
  ],
  'a connection that closes': [
    'HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 2\r\n\r\nok',
    'ok',
    false,
  ],
  'an older version': ['HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok', 'ok', false],
  'more than the answer': ['HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1', 'ok', false],
}

for (const [name, [text, body, goesOn]] of Object.entries(answers))
  test(`${name}: read the same, however it is cut`, () => {
    const whole = read([text])
    assert.deepEqual([whole.body, whole.isDone, whole.canGoOn], [body, true, goesOn])
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(text.length), { maxLength: 8 }), (cuts) => {
        const at = [0, ...cuts.sort((one, other) => one - other), text.length]
        const pieces = at
          .slice(1)
          .map((end, index) => text.slice(at[index], end))
          .filter((piece) => piece !== '')
        // What comes behind an answer in a piece of its own is nobody's.
        if (name === 'more than the answer') assert.equal(read([pieces.join('')]).body, body)
        else assert.deepEqual(read(pieces), whole)
      }),
    )
  })

test('a body without a length ends with its connection, and no other one does', () => {
  const open = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nhello'
  assert.equal(read([open]).isDone, false)
  assert.deepEqual(
    [read([open], 'GET', true).isDone, read([open], 'GET', true).canGoOn],
    [true, false],
  )
  const cut = 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello'
  assert.equal(read([cut], 'GET', true).isDone, false)
  assert.equal(read([`${chunked}5\r\nhello\r\n`], 'GET', true).isDone, false)
})

test('an answer to HEAD has no body, whatever it says', () => {
  const { isDone, canGoOn } = read(['HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n'], 'HEAD')
  assert.deepEqual([isDone, canGoOn], [true, true])
})

test('blanks around a value go, and no other characters', () => {
  const { headers } = read(['HTTP/1.1 200 OK\r\nA: \t b c \t\r\nB:\xa0\r\nC:\r\n\r\n'])
  assert.deepEqual(headers, ['A', 'b c', 'B', '\xa0', 'C', ''])
})

const refused: Readonly<Record<string, string>> = {
  'a length and chunks':
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n',
  'two lengths': 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n',
  'a list of lengths': 'HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\n',
  'a signed length': 'HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\n',
  'a length in hexadecimal': 'HTTP/1.1 200 OK\r\nContent-Length: 0x5\r\n\r\n',
  'an endless length': 'HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n',
  'another encoding': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n',
  'chunks twice':
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n',
  'a folded header': 'HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n',
  'a name with a blank': 'HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\n',
  'a line without a colon': 'HTTP/1.1 200 OK\r\nhello\r\n\r\n',
  'a bare line feed in a value': 'HTTP/1.1 200 OK\r\nA: b\nC: d\r\n\r\n',
  'a NUL': 'HTTP/1.1 200 OK\r\nA: b\0\r\n\r\n',
  'another protocol': 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n',
  'another version': 'HTTP/2 200\r\n\r\n',
  'no status': 'HTTP/1.1 2000 OK\r\n\r\n',
  'what is no HTTP': 'SSH-2.0-OpenSSH\r\n\r\n',
  'a chunk longer than it says': `${chunked}2\r\nhello\r\n`,
  'a chunk of no size': `${chunked}\r\nhello`,
  'a chunk of a signed size': `${chunked}-1\r\n`,
  'a chunk of a huge size': `${chunked}fffffffffffffffff\r\n`,
  'a chunk line without end': `${chunked}1;${'x'.repeat(2_000)}`,
  'headers without end': `HTTP/1.1 200 OK\r\nA: ${'x'.repeat(mostHeadBytes)}`,
  'trailers without end': `${chunked}0\r\n${`A: ${'x'.repeat(999)}\r\n`.repeat(20)}`,
}

for (const [name, text] of Object.entries(refused))
  test(`${name}: refused`, () => {
    assert.throws(() => read([text]), ResponseError)
    assert.throws(() => read([...text]), ResponseError)
  })

test('bytes that nobody asked for are refused', () => {
  const reader = new ResponseReader({ onHead: () => {}, onData: () => {} }, mostHeadBytes)
  assert.throws(() => reader.read(Buffer.from('HTTP/1.1 200 OK\r\n\r\n')), ResponseError)
})

test('how long a connection may rest is what the answer says', () => {
  const reader = new ResponseReader({ onHead: () => {}, onData: () => {} }, mostHeadBytes)
  reader.expect('GET')
  reader.read(Buffer.from('HTTP/1.1 204 OK\r\nKeep-Alive: max=9, timeout=7\r\n\r\n'))
  assert.deepEqual([reader.canGoOn, reader.keepAliveMs], [true, 7_000])
})
