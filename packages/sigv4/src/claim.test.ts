/** Signatures that cannot be read, in the words of the service at hand. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { answerTo } from './answers.ts'
import {
  base,
  credentials,
  expect,
  refusal,
  refusalOf,
  unsignedWith,
  withHeader,
  withText,
} from './attempts.fixture.ts'
import { findSignature } from './claim.ts'
import { limits } from './limits.ts'
import type { HttpMessage } from './message.ts'
import { SignatureError } from './signature-error.ts'

test('an unsigned request has no claim', () => {
  assert.equal(findSignature(base), undefined)
  assert.equal(findSignature({ ...base, rawQuery: 'a=%zz&X-Amz-Date=1' }), undefined)
  const error = new SignatureError('missingAuthentication', {})
  expect(
    error,
    'query',
    'MissingAuthenticationToken',
    403,
    'Request is missing Authentication Token',
  )
  expect(
    error,
    'executeApi',
    'MissingAuthenticationTokenException',
    403,
    'Missing Authentication Token',
  )
  expect(
    error,
    'json',
    'MissingAuthenticationTokenException',
    400,
    'Request is missing Authentication Token',
  )
  expect(error, 's3', 'AccessDenied', 403, 'Access Denied')
})

test('header and query signature together are refused', () => {
  const error = refusal({ form: 'presigned', change: withHeader('Authorization', 'Bearer x') })
  assert.equal(error?.fault, 'bothForms')
  expect(
    error,
    'json',
    'InvalidSignatureException',
    400,
    "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.",
  )
})

test('a signature parameter hidden by escapes is found', () => {
  const hidden = refusal({
    form: 'presigned',
    change: withText('X-Amz-Algorithm', 'X%2DAmz-Algorithm'),
  })
  assert.equal(hidden, undefined)
})

for (const name of ['Authorization', 'X-Amz-Date', 'Host', 'X-Amz-Security-Token']) {
  test(`a repeated ${name} header is refused`, () => {
    const error = refusal({
      credentials: { ...credentials, sessionToken: 'token' },
      change: withHeader(name.toLowerCase(), 'x'),
    })
    assert.equal(error?.fault, 'repeatedHeader')
  })
}

test('a repeated part of the header: the last one wins', () => {
  assert.equal(refusal({ change: withText('Signature=', 'Signature=0, Signature=') }), undefined)
  assert.equal(
    refusal({ change: withText(/(Signature=.*)/, '$1, Signature=0') })?.fault,
    'mismatch',
  )
})

test('a repeated query parameter: the first one wins, the others are signed', () => {
  const change = (signed: HttpMessage) => ({
    ...signed,
    rawQuery: `${signed.rawQuery}&X-Amz-Signature=0`,
  })
  assert.equal(refusal({ form: 'presigned', change })?.fault, 'mismatch')
})

const bearer = unsignedWith('Bearer abc')

const bearerHash = createHash('sha256').update('Bearer abc').digest('base64')

test('an Authorization header without key=value pairs is told so by its hash', () => {
  const error = refusalOf(bearer, 'execute-api')
  const message = `Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): '${bearerHash}'.`
  expect(error, 'executeApi', 'IncompleteSignatureException', 403, message)
  expect(error, 'query', 'IncompleteSignature', 400, message)
  expect(error, 's3', 'InvalidArgument', 400, 'Unsupported Authorization Type')
  assert.equal(refusalOf(unsignedWith('eyJhbGciOi.J9.x'), 'iam')?.fault, 'malformedPart')
  assert.equal(refusalOf(unsignedWith('AWS AKID:c2ln'), 'iam')?.fault, 'signatureV2')
})

test('missing parts are all listed', () => {
  const error = refusalOf(unsignedWith('AWS4-HMAC-SHA256'), 'execute-api')
  const digest = createHash('sha256').update('AWS4-HMAC-SHA256').digest('base64')
  expect(
    error,
    'executeApi',
    'IncompleteSignatureException',
    403,
    `Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. (Hashed with SHA-256 and encoded with Base64) Authorization=${digest}`,
  )
  expect(
    error,
    's3',
    'AuthorizationHeaderMalformed',
    400,
    'The authorization header is malformed; the authorization header requires three components: Credential, SignedHeaders, and Signature.',
  )
  const query = refusalOf(
    { ...base, rawQuery: 'X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=1' },
    'iam',
  )
  expect(
    query,
    'query',
    'IncompleteSignature',
    400,
    "AWS query-string parameters must include 'X-Amz-Credential'. AWS query-string parameters must include 'X-Amz-Signature'. AWS query-string parameters must include 'X-Amz-SignedHeaders'. Re-examine the query-string parameters.",
  )
})

test('other algorithms are refused by name', () => {
  const other = refusal({ change: withText('AWS4-HMAC-SHA256', 'AWS4-HMAC-SHA512') })
  expect(
    other,
    'query',
    'IncompleteSignature',
    400,
    "Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA512'.",
  )
  for (const form of ['header', 'presigned'] as const) {
    const v4a = refusal({ form, change: withText('AWS4-HMAC-SHA256', 'AWS4-ECDSA-P256-SHA256') })
    assert.equal(v4a?.fault, 'signatureV4a')
    assert.match(answerTo(v4a, 'query').message, /SigV4a\) are not supported here/)
  }
  const v2 = refusalOf({ ...base, rawQuery: 'AWSAccessKeyId=A&Signature=b&Expires=1' }, 's3')
  expect(
    v2,
    's3',
    'InvalidRequest',
    400,
    'The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.',
  )
})

test('the host must be signed', () => {
  const message = "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."
  const error = refusal({ change: withText('SignedHeaders=host;', 'SignedHeaders=') })
  expect(error, 'query', 'SignatureDoesNotMatch', 403, message)
  expect(error, 'json', 'InvalidSignatureException', 400, message)
})

test('dates and credentials of another form are refused', () => {
  const date = refusal({ change: withText('20261120T120000Z', '20261320T120000Z') })
  expect(
    date,
    'query',
    'IncompleteSignature',
    400,
    "Date must be in ISO-8601 'basic format'. Got '20261320T120000Z'. See http://en.wikipedia.org/wiki/ISO_8601",
  )
  const credential = refusal({ change: withText('/aws4_request', '') })
  expect(
    credential,
    'query',
    'IncompleteSignature',
    400,
    "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'AKIDEXAMPLE/20261120/us-east-1/iam'",
  )
})

test('the Date header stands in for X-Amz-Date', () => {
  for (const date of [
    'Fri, 20 Nov 2026 12:00:00 GMT',
    'Friday, 20-Nov-26 12:00:00 GMT',
    'Fri Nov 20 12:00:00 2026',
    '2026-11-20T12:00:00Z',
    '20261120T120000Z',
  ]) {
    const message = { headers: [...base.headers, 'Date', date] }
    const error = refusal({ message, change: withText(/^X-Amz-Date$/, 'X-Other') })
    // The signer signed x-amz-date too, so the signature cannot hold; the date was understood.
    assert.equal(error?.fault, 'mismatch', date)
  }
  const message = { headers: [...base.headers, 'Date', 'yesterday'] }
  const error = refusal({ message, change: withText(/^X-Amz-Date$/, 'X-Other') })
  assert.equal(error?.fault, 'malformedDate')
})

test('X-Amz-Expires is a number of seconds up to a week', () => {
  for (const [given, text] of [
    ['abc', 'X-Amz-Expires should be a number'],
    ['-1', 'X-Amz-Expires must be non-negative'],
    [
      '604801',
      'X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds',
    ],
  ] as const) {
    const change = withText('X-Amz-Expires=300', `X-Amz-Expires=${given}`)
    const error = refusal({ form: 'presigned', service: 's3', change })
    expect(error, 's3', 'AuthorizationQueryParametersError', 400, text)
  }
  const change = withText('&X-Amz-Expires=300', '')
  assert.equal(refusal({ form: 'presigned', service: 's3', change })?.fault, 'incompleteQuery')
})

test('what is too large or cannot be decoded is refused unread', () => {
  const long = unsignedWith(`AWS4-HMAC-SHA256 ${'a'.repeat(limits.authorization)}`)
  assert.equal(refusalOf(long, 'iam')?.fault, 'tooLarge')
  const many = withText('SignedHeaders=', `SignedHeaders=${'a;'.repeat(limits.signedHeaders)}`)
  assert.equal(refusal({ change: many })?.fault, 'tooLarge')
  const query = (signed: HttpMessage) => ({ ...signed, rawQuery: 'a=1&'.repeat(5_000) })
  assert.equal(refusal({ change: query })?.fault, 'tooLarge')
  const path = (signed: HttpMessage) => ({ ...signed, rawPath: '/a'.repeat(limits.path) })
  assert.equal(refusal({ change: path })?.fault, 'tooLarge')
  const broken = (signed: HttpMessage) => ({ ...signed, rawQuery: 'a=%zz' })
  assert.equal(refusal({ change: broken })?.fault, 'malformedEscape')
})
