/** What our signer signs, our verifier accepts; what is not signed, it refuses. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { findSignature } from './claim.ts'
import type { HttpMessage } from './message.ts'
import { serviceRules } from './rules.ts'
import { presign, signRequest } from './sign.ts'
import { emptySha256, sha256 } from './signature.ts'
import { SignatureError } from './signature-error.ts'
import { createSigningKeys } from './signing-key.ts'
import { verifySignature } from './verify.ts'

const now = new Date('2026-11-20T12:00:00Z')
const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret', sessionToken: 'a+/=b' }
const region = 'eu-central-1'

const pathPieces = fc.constantFrom(
  ...[
    '/',
    '//',
    '/.',
    '/..',
    'a',
    '%20',
    '%2F',
    '%2e',
    '%c3%A9',
    '+',
    '~',
    '!',
    '(',
    "'",
    '*',
    ';',
    ':',
    '@',
    '$',
    ',',
    '\u00e9',
    '=',
    '&',
  ],
)
const rawPath = fc.array(pathPieces, { maxLength: 12 }).map((pieces) => `/${pieces.join('')}`)
const queryPieces = fc.constantFrom(
  ...[
    'a',
    'b',
    'A',
    '=',
    '&',
    '%20',
    '%3D',
    '%c3%A9',
    '+',
    '~',
    '!',
    '*',
    '/',
    ':',
    '%26',
    '==',
    '&&',
    '\u00e9',
  ],
)
const rawQuery = fc.array(queryPieces, { maxLength: 16 }).map((pieces) => pieces.join(''))
const headerValue = fc
  .array(fc.constantFrom('a', 'b', ' ', '  ', '\t', ',', '"', ';', '\u00e9'), { maxLength: 10 })
  .map((pieces) => pieces.join(''))
const headerName = fc.constantFrom(
  'X-One',
  'x-one',
  'x-two',
  'Content-Type',
  'User-Agent',
  'X-Amz-Meta-A',
)
const message = fc
  .record({
    method: fc.constantFrom('GET', 'PUT', 'POST', 'DELETE'),
    rawPath,
    rawQuery,
    more: fc.array(fc.tuple(headerName, headerValue), { maxLength: 6 }),
    host: fc.constantFrom('example.com', 'localhost:4566', 'a.example.com:8443'),
  })
  .map(({ more, host, ...rest }) => ({ ...rest, headers: ['Host', host, ...more.flat()] }))
const service = fc.constantFrom('execute-api', 'iam', 's3', 'sts')

test('a signed request verifies, whatever its path, query and headers', () => {
  fc.assert(
    fc.property(message, service, fc.string(), (given, name, body) => {
      const payloadHash = sha256(Buffer.from(body))
      const added = signRequest(given, credentials, { region, service: name, now, payloadHash })
      const signed = { ...given, headers: [...given.headers, ...added] }
      verify(signed, name, payloadHash)
    }),
    { numRuns: 500 },
  )
})

test('a presigned request verifies, whatever its path, query and headers', () => {
  fc.assert(
    fc.property(message, service, (given, name) => {
      const options = { region, service: name, now, expires: 60 }
      verify({ ...given, rawQuery: presign(given, credentials, options) }, name, emptySha256)
    }),
    { numRuns: 500 },
  )
})

test('another path is refused, unless it names the same S3 key', () => {
  fc.assert(
    fc.property(message, message, (given, other) => {
      const added = signRequest(given, credentials, { region, service: 's3', now })
      const changed = { ...given, rawPath: other.rawPath, headers: [...given.headers, ...added] }
      if (decodedPath(changed.rawPath) === decodedPath(given.rawPath)) return
      assert.throws(() => verify(changed, 's3', emptySha256), { fault: 'mismatch' })
    }),
    { numRuns: 300 },
  )
})

test('a derived key is remembered, and forgotten with its secret', () => {
  const keys = createSigningKeys(4)
  const scope = { date: '20261120', region, service: 'iam' }
  const first = keys.find('A', 'secret', scope)
  assert.equal(keys.find('A', 'secret', scope), first)
  assert.notEqual(keys.find('A', 'rotated', scope), first)
  const rotated = keys.find('A', 'rotated', scope)
  keys.find('B', 'secret', scope)
  keys.find('C', 'secret', scope)
  assert.equal(keys.find('A', 'rotated', scope), rotated)
  // Two more, and the key is of the older generation: not found for another secret either.
  keys.find('D', 'secret', scope)
  keys.find('E', 'secret', scope)
  assert.notEqual(keys.find('A', 'again', scope), rotated)
  for (const name of 'FGHIJK') keys.find(name, 'secret', scope)
  assert.notEqual(keys.find('A', 'rotated', scope), rotated)
})

test('whatever the message, nothing but SignatureError is thrown', () => {
  const noise = fc.constantFrom(
    ...[
      'AWS4-HMAC-SHA256',
      ' ',
      ',',
      '=',
      'Credential=',
      'a/20261120/eu-central-1/iam/aws4_request',
      'SignedHeaders=',
      'host',
      ';',
      'Signature=',
      'é',
      '0'.repeat(64),
      'Bearer',
      'AWS',
    ],
  )
  const authorization = fc.array(noise, { maxLength: 10 }).map((pieces) => pieces.join(''))
  const queryNoise = fc.constantFrom(
    ...[
      'X-Amz-Algorithm',
      'X%2DAmz-Signature',
      'X-Amz-Credential',
      'X-Amz-Date',
      'X-Amz-Expires',
      'X-Amz-SignedHeaders',
      '=',
      '&',
      '%',
      'host',
      '%zz',
      '20261120T120000Z',
      'AWS4-HMAC-SHA256',
      'a%2F20261120%2Fr%2Fiam%2Faws4_request',
    ],
  )
  const query = fc.array(queryNoise, { maxLength: 14 }).map((pieces) => pieces.join(''))
  const strange = fc.record({
    method: fc.string(),
    rawPath: fc.string({ unit: 'binary' }),
    rawQuery: fc.oneof(query, fc.string({ unit: 'binary' })),
    headers: fc
      .array(
        fc.tuple(
          fc.constantFrom('Authorization', 'X-Amz-Date', 'Date', 'Host', 'x-amz-content-sha256'),
          fc.oneof(authorization, fc.constant('20261120T120000Z'), fc.string({ unit: 'binary' })),
        ),
        { maxLength: 6 },
      )
      .map((pairs) => pairs.flat()),
  })
  fc.assert(
    fc.property(strange, service, (given, name) => {
      try {
        assert.equal(findSignature(given) === undefined || verify(given, name, emptySha256), true)
      } catch (error) {
        assert.ok(error instanceof SignatureError, String(error))
      }
    }),
    { numRuns: 5_000 },
  )
})

function verify(signed: HttpMessage, name: string, bodySha256: string): boolean {
  const claim = findSignature(signed)
  assert.ok(claim)
  const { secretAccessKey } = credentials
  verifySignature(signed, claim, {
    secretAccessKey,
    now,
    bodySha256,
    rules: serviceRules(name, region),
  })
  return true
}

/** One character a byte. */
function decodedPath(path: string): string {
  return path.replace(/%([0-9A-Fa-f]{2})/g, (_, hex) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
}
