import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  defaultLogFields,
  isLogField,
  type LoggedCall,
  logHead,
  logLine,
  logRecord,
} from './access-log.ts'

const call: LoggedCall = {
  viewer: {
    requestId: 'id==',
    method: 'GET',
    rawPath: '/a b/ü',
    rawQuery: 'x=1&y="2"',
    headers: [
      ...['Host', 'd1.cloudfront.net', 'User-Agent', 'Mozilla/5.0 (X)\tY', 'Referer', 'http://r/'],
      ...['Cookie', 'secret=1', 'X-Forwarded-For', '203.0.113.9', 'Content-Length', '5'],
    ],
    host: 'cdn.example.com',
    sourceIp: '2001:db8::1',
    sourcePort: 4711,
    isSecure: true,
    hasBody: false,
    readBody: () => new Uint8Array(),
  },
  distributionDomain: 'd1.cloudfront.net',
  status: 206,
  headers: ['Content-Type', 'text/plain; charset=utf-8', 'Content-Range', 'bytes 10-19/100'],
  outcome: { result: 'Hit' },
  pop: 'NRT57-P2',
  endedAt: Date.UTC(2026, 10, 21, 14, 5, 6, 789),
  takenMs: 12,
  firstByteMs: 3.4,
  bodyBytes: 10,
  contentLength: 10,
  isCutShort: false,
  includesCookies: false,
  tls: { version: 'TLSv1.3', cipherSuite: 'TLS_AES_128_GCM_SHA256' },
}

const names = logHead.split('\n')[1]!.replace('#Fields: ', '').split(' ')

function fieldsOf(changed: Partial<LoggedCall> = {}): Readonly<Record<string, string>> {
  const values = logLine({ ...call, ...changed }).split('\t')
  assert.equal(values.length, names.length)
  return Object.fromEntries(names.map((name, at) => [name, values[at]!]))
}

test('a log has the 33 fields of CloudFront, in its order', () => {
  assert.equal(logHead.split('\n')[0], '#Version: 1.0')
  assert.equal(names.length, 33)
  assert.deepEqual(fieldsOf(), {
    date: '2026-11-21',
    time: '14:05:06',
    'x-edge-location': 'NRT57-P2',
    'sc-bytes': '102',
    'c-ip': '2001:db8::1',
    'cs-method': 'GET',
    'cs(Host)': 'd1.cloudfront.net',
    'cs-uri-stem': '/a%20b/%C3%BC',
    'sc-status': '206',
    'cs(Referer)': 'http://r/',
    'cs(User-Agent)': 'Mozilla/5.0%20(X)%09Y',
    'cs-uri-query': 'x=1&y=%222%22',
    'cs(Cookie)': '-',
    'x-edge-result-type': 'Hit',
    'x-edge-request-id': 'id==',
    'x-host-header': 'cdn.example.com',
    'cs-protocol': 'https',
    'cs-bytes': '181',
    'time-taken': '0.012',
    'x-forwarded-for': '203.0.113.9',
    'ssl-protocol': 'TLSv1.3',
    'ssl-cipher': 'TLS_AES_128_GCM_SHA256',
    'x-edge-response-result-type': 'Hit',
    'cs-protocol-version': 'HTTP/1.1',
    'fle-status': '-',
    'fle-encrypted-fields': '-',
    'c-port': '4711',
    'time-to-first-byte': '0.003',
    'x-edge-detailed-result-type': 'Hit',
    'sc-content-type': 'text/plain;%20charset=utf-8',
    'sc-content-len': '10',
    'sc-range-start': '10',
    'sc-range-end': '19',
  })
})

test('cookies are logged where they are asked for', () => {
  assert.equal(fieldsOf({ includesCookies: true })['cs(Cookie)'], 'secret=1')
})

const details: readonly (readonly [
  changed: Partial<LoggedCall>,
  result: string,
  detailed: string,
])[] = [
  [{ outcome: { result: 'Miss' } }, 'Miss', 'Miss'],
  [{ outcome: { result: 'Error' } }, 'Error', 'Error'],
  [{ outcome: { result: 'Error', refusal: 'GEO_RESTRICTED' } }, 'Error', 'ClientGeoBlocked'],
  [{ outcome: { result: 'Error', refusal: 'ORIGIN_UNREACHABLE' } }, 'Error', 'OriginConnectError'],
  [{ isCutShort: true }, 'Error', 'ClientCommError'],
]

for (const [changed, result, detailed] of details)
  test(`a result is told apart: ${detailed}`, () => {
    const fields = fieldsOf(changed)
    assert.equal(fields['x-edge-result-type'], result)
    assert.equal(fields['x-edge-detailed-result-type'], detailed)
    assert.equal(fields['sc-status'], changed.isCutShort ? '000' : '206')
  })

test('a record has the fields that are asked for, in their order', () => {
  assert.deepEqual(defaultLogFields, names)
  assert.deepEqual(logRecord(call, names), fieldsOf())
  const asked = ['timestamp(ms)', 'sc-status', 'cache-behavior-path-pattern']
  const record = logRecord({ ...call, outcome: { result: 'Hit', pathPattern: '/a/*' } }, asked)
  assert.deepEqual(Object.entries(record), [
    ['timestamp(ms)', '1795269906789'],
    ['sc-status', '206'],
    ['cache-behavior-path-pattern', '/a/*'],
  ])
  assert.deepEqual(['asn', 'toString', ...asked].filter(isLogField), asked)
})

test('whatever viewers send, a line stays one line of 33 fields', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const headers = ['User-Agent', text, 'Referer', text, 'Cookie', text, 'X-Forwarded-For', text]
      const viewer = { ...call.viewer, headers, rawPath: `/${text}`, rawQuery: text, host: text }
      const line = logLine({ ...call, viewer, includesCookies: true })
      assert.match(line, /^[\x21-\x7e]+(?:\t[\x21-\x7e]+){32}$/)
    }),
  )
})
