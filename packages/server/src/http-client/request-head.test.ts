import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { addressOf, RequestError, requestHead } from './request-head.ts'

const to = { host: 'backend.test:8080', target: '/path?a=b' }

test('a request is its line, its host, its headers and its framing', () => {
  assert.equal(
    requestHead('GET', to, ['X-A', 'one', 'x-a', 'two'], 0),
    'GET /path?a=b HTTP/1.1\r\nHost: backend.test:8080\r\nConnection: keep-alive\r\nX-A: one\r\nx-a: two\r\n\r\n',
  )
  assert.match(requestHead('POST', to, [], 0), /\r\nContent-Length: 0\r\n\r\n$/)
  assert.match(requestHead('DELETE', to, [], 3), /\r\nContent-Length: 3\r\n\r\n$/)
})

test('whoever names another host is heard once; what frames the message is said here alone', () => {
  const framing = ['connection', 'Content-Length', 'Expect', 'Keep-Alive', 'Proxy-Connection']
  const given = [...framing, 'TRANSFER-ENCODING', 'Upgrade'].flatMap((name) => [name, 'x'])
  assert.equal(
    requestHead('GET', to, [...given, 'host', 'one.test', 'Host', 'two.test'], 0),
    'GET /path?a=b HTTP/1.1\r\nHost: two.test\r\nConnection: keep-alive\r\n\r\n',
  )
})

test('what would become another request is not written', () => {
  for (const [name, value] of [
    ['X-A', 'b\r\nX-C: d'],
    ['X-A', 'b\nc'],
    ['X-A', 'b\0'],
    ['X-A', '\u010d\u010a'],
    ['X A', 'b'],
    ['X-A:', 'b'],
    ['', 'b'],
    ['Host', 'a\r\nb'],
  ] as const)
    assert.throws(() => requestHead('GET', to, [name, value], 0), RequestError)
  assert.throws(() => requestHead('GET /', to, [], 0), RequestError)
})

test('an address is what a URL says, whether it was seen before or not', () => {
  const part = fc.string({
    unit: fc.constantFrom(...'aZ0-._~%2f/?#@:\\ \t\n"<>`{}|^é\u0000[]&=;+'),
  })
  fc.assert(
    fc.property(fc.constantFrom('http', 'https', 'HTTP'), part, (scheme, rest) => {
      const url = `${scheme}://backend.test:8080/${rest}`
      const { origin, host, pathname, search } = new URL(url)
      for (let time = 0; time < 2; time++) {
        const read = addressOf(url)
        assert.deepEqual([read?.origin, read?.host], [origin, host])
        assert.equal(read!.target, pathname + search)
        assert.match(read!.target, /^\/[\x21-\x7e]*$/)
      }
    }),
  )
})

test('an address without a path asks for the root; user names and fragments are not sent', () => {
  for (const [url, origin, target] of [
    ['http://backend.test', 'http://backend.test', '/'],
    ['http://backend.test?a=b', 'http://backend.test', '/?a=b'],
    ['http://user:word@backend.test/a', 'http://backend.test', '/a'],
    ['https://backend.test:443/a#b', 'https://backend.test', '/a'],
    ['http://[::1]:80/a/../b', 'http://[::1]', '/b'],
  ])
    for (let time = 0; time < 2; time++) {
      const read = addressOf(url!)
      assert.deepEqual([read?.origin, read?.target], [origin, target])
    }
})

test('what is no address of a web server is none', () => {
  for (const url of [
    'http://',
    'http://a b/',
    'ftp://a.test/',
    'backend.test/',
    'http://a.test:99999/',
  ])
    assert.equal(addressOf(url), undefined)
})
