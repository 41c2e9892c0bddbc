import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFindSource, ForwardedForError } from './source-address.ts'

interface Row {
  readonly name: string
  readonly trusted?: readonly string[]
  readonly peer?: string
  readonly headers: readonly string[]
  readonly expect: string | 'refused'
}

const proxies = ['10.0.0.0/8', 'fd00::/8']
const forwarded = (...values: readonly string[]) =>
  values.flatMap((value) => ['X-Forwarded-For', value])

const rows: readonly Row[] = [
  {
    name: 'no proxy is trusted: the header is not read',
    trusted: [],
    headers: forwarded('1.2.3.4'),
    expect: '10.0.0.1',
  },
  {
    name: 'a peer beyond the trusted: the header is not read',
    peer: '9.9.9.9',
    headers: forwarded('1.2.3.4'),
    expect: '9.9.9.9',
  },
  { name: 'a trusted peer without the header', headers: [], expect: '10.0.0.1' },
  { name: 'the last entry counts', headers: forwarded('1.1.1.1, 2.2.2.2'), expect: '2.2.2.2' },
  {
    name: 'trusted entries are passed over from the right',
    headers: forwarded('1.1.1.1, 2.2.2.2, 10.9.9.9'),
    expect: '2.2.2.2',
  },
  {
    name: 'several headers are one list',
    headers: forwarded('1.1.1.1', '2.2.2.2', '10.9.9.9'),
    expect: '2.2.2.2',
  },
  {
    name: 'only trusted entries: the leftmost',
    headers: forwarded('10.1.1.1, 10.2.2.2'),
    expect: '10.1.1.1',
  },
  {
    name: 'whatever stands left of the client is not looked at',
    headers: forwarded('nonsense, 2.2.2.2'),
    expect: '2.2.2.2',
  },
  {
    name: 'an entry that is no address',
    headers: forwarded('2.2.2.2, unknown'),
    expect: 'refused',
  },
  { name: 'an empty entry', headers: forwarded('2.2.2.2,'), expect: 'refused' },
  { name: 'an empty header', headers: forwarded(''), expect: 'refused' },
  { name: 'an address with a port', headers: forwarded('2.2.2.2:80'), expect: 'refused' },
  { name: 'an address with a zone', headers: forwarded('fe80::1%eth0'), expect: 'refused' },
  { name: 'an address in octal', headers: forwarded('0177.0.0.1'), expect: 'refused' },
  {
    name: 'IPv6, written at length',
    headers: forwarded('2001:DB8:0:0:0:0:0:1'),
    expect: '2001:db8::1',
  },
  { name: 'IPv4-mapped IPv6 is IPv4', headers: forwarded('::ffff:2.2.2.2'), expect: '2.2.2.2' },
  { name: '… in hexadecimal too', headers: forwarded('::ffff:0202:0202'), expect: '2.2.2.2' },
  {
    name: 'a mapped address of a trusted block is trusted',
    headers: forwarded('3.3.3.3, ::ffff:10.0.0.7'),
    expect: '3.3.3.3',
  },
  {
    name: 'a trusted IPv6 proxy',
    peer: 'fd00::5',
    headers: forwarded('3.3.3.3'),
    expect: '3.3.3.3',
  },
  {
    name: 'other headers with the same aim',
    headers: ['X-Real-IP', '1.1.1.1', 'Forwarded', 'for=1.1.1.1', 'True-Client-IP', '1.1.1.1'],
    expect: '10.0.0.1',
  },
]

for (const { name, trusted = proxies, peer = '10.0.0.1', headers, expect } of rows)
  test(`source address: ${name}`, () => {
    const find = () => createFindSource(trusted)(peer, headers, false).address
    if (expect === 'refused') assert.throws(find, ForwardedForError)
    else assert.equal(find(), expect)
  })

test('only a trusted proxy can say that the client came over TLS', () => {
  const secure = (peer: string, ...values: string[]) =>
    createFindSource(proxies)(
      peer,
      values.flatMap((value) => ['x-forwarded-proto', value]),
      false,
    ).isSecure
  assert.equal(secure('10.0.0.1', 'https'), true)
  assert.equal(secure('10.0.0.1', 'HTTPS'), true)
  assert.equal(secure('10.0.0.1', 'http'), false)
  assert.equal(secure('10.0.0.1', 'https', 'http'), false)
  assert.equal(secure('10.0.0.1', 'wss'), false)
  assert.equal(secure('10.0.0.1'), false)
  assert.equal(secure('9.9.9.9', 'https'), false)
})

test('a connection over TLS is secure, unless a trusted proxy says what was before it', () => {
  const secure = (peer: string, headers: readonly string[], trusted = proxies) =>
    createFindSource(trusted)(peer, headers, true).isSecure
  assert.equal(secure('9.9.9.9', []), true)
  assert.equal(secure('9.9.9.9', [], []), true)
  assert.equal(secure('9.9.9.9', ['x-forwarded-proto', 'http']), true)
  assert.equal(secure('10.0.0.1', ['x-forwarded-proto', 'http']), false)
  assert.equal(secure('10.0.0.1', []), false)
  assert.equal(secure('10.0.0.1', ['x-forwarded-proto', 'https']), true)
})
