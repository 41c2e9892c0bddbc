/** Signatures that are read and found false, in the words of the service at hand. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  base,
  credentials,
  expect,
  now,
  refusal,
  region,
  withHeader,
  withText,
} from './attempts.fixture.ts'
import { findSignature } from './claim.ts'
import type { HttpMessage } from './message.ts'
import { serviceRules } from './rules.ts'
import { signRequest } from './sign.ts'
import { emptySha256, sha256 } from './signature.ts'
import { SignatureError } from './signature-error.ts'
import { checkClaim } from './verify.ts'

test('a request signed with the right key is accepted', () => {
  assert.equal(refusal({}), undefined)
  assert.equal(refusal({ form: 'presigned' }), undefined)
  assert.equal(refusal({ service: 's3' }), undefined)
})

test('a wrong secret is refused, and shows the canonical string where AWS does', () => {
  const error = refusal({ options: { secretAccessKey: 'other' }, service: 'execute-api' })
  const first =
    'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.'
  const request = `GET\n/prod/pets\n\nhost:example.com\nx-amz-date:20261120T120000Z\n\nhost;x-amz-date\n${emptySha256}`
  const text = `AWS4-HMAC-SHA256\n20261120T120000Z\n20261120/us-east-1/execute-api/aws4_request\n${sha256(request)}`
  expect(error, 'query', 'SignatureDoesNotMatch', 403, first)
  for (const [family, status] of [
    ['json', 400],
    ['restJson', 403],
    ['executeApi', 403],
  ] as const) {
    const message = `${first}\n\nThe Canonical String for this request should have been\n'${request}'\n\nThe String-to-Sign should have been\n'${text}'\n`
    expect(error, family, 'InvalidSignatureException', status, message)
  }
  const answer = expect(
    error,
    's3',
    'SignatureDoesNotMatch',
    403,
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
  )
  assert.equal(answer.fields?.['CanonicalRequest'], request)
  assert.equal(answer.fields?.['StringToSign'], text)
  assert.match(answer.fields?.['StringToSignBytes'] ?? '', /^41 57 53 34 /)
})

test('an empty secret verifies nothing', () => {
  const error = refusal({
    credentials: { ...credentials, secretAccessKey: '' },
    options: { secretAccessKey: '' },
  })
  assert.equal(error?.fault, 'unknownAccessKey')
})

test('S3 wants every x-amz-* header signed', () => {
  const error = refusal({ service: 's3', change: withHeader('X-Amz-Acl', 'public-read') })
  const answer = expect(
    error,
    's3',
    'AccessDenied',
    403,
    'There were headers present in the request which were not signed',
  )
  assert.deepEqual(answer.fields, { HeadersNotSigned: 'x-amz-acl' })
  assert.equal(
    refusal({ service: 'execute-api', change: withHeader('X-Amz-Cf-Id', 'x') }),
    undefined,
  )
})

test('the method of a call to a deployed API may not be exchanged unsigned', () => {
  const change = withHeader('X-HTTP-Method-Override', 'DELETE')
  assert.equal(refusal({ service: 'execute-api', change })?.fault, 'headersNotSigned')
})

test('nowhere may the operation or the session token be exchanged unsigned', () => {
  for (const name of ['X-Amz-Target', 'X-Amz-Security-Token']) {
    assert.equal(refusal({ change: withHeader(name, 'x') })?.fault, 'headersNotSigned')
  }
})

test('15 minutes either way, then the signature has expired or is not yet current', () => {
  assert.equal(refusal({ signedAt: '2026-11-20T11:45:00Z' }), undefined)
  assert.equal(refusal({ signedAt: '2026-11-20T12:15:00Z' }), undefined)
  const old = refusal({ signedAt: '2026-11-20T11:44:59Z' })
  const oldText =
    'Signature expired: 20261120T114459Z is now earlier than 20261120T114500Z (20261120T120000Z - 15 min.)'
  expect(old, 'query', 'SignatureDoesNotMatch', 403, oldText)
  expect(old, 'json', 'InvalidSignatureException', 400, oldText)
  const early = refusal({ signedAt: '2026-11-20T12:15:01Z' })
  expect(
    early,
    'query',
    'SignatureDoesNotMatch',
    403,
    'Signature not yet current: 20261120T121501Z is still later than 20261120T121500Z (20261120T120000Z + 15 min.)',
  )
  const s3 = refusal({ service: 's3', signedAt: '2026-11-20T11:44:59Z' })
  const answer = expect(
    s3,
    's3',
    'RequestTimeTooSkewed',
    403,
    'The difference between the request time and the current time is too large.',
  )
  assert.deepEqual(answer.fields, {
    RequestTime: '20261120T114459Z',
    ServerTime: '2026-11-20T12:00:00Z',
    MaxAllowedSkewMilliseconds: '900000',
  })
})

test('deployed APIs allow 5 minutes', () => {
  const service = 'execute-api'
  assert.equal(refusal({ service, signedAt: '2026-11-20T11:55:00Z' }), undefined)
  expect(
    refusal({ service, signedAt: '2026-11-20T11:54:59Z' }),
    'executeApi',
    'InvalidSignatureException',
    403,
    'Signature expired: 20261120T115459Z is now earlier than 20261120T115500Z (20261120T120000Z - 5 min.)',
  )
})

test('a presigned request lives as long as X-Amz-Expires says', () => {
  const form = 'presigned'
  const attempt = { form, expires: 60, service: 's3' } as const
  assert.equal(refusal({ ...attempt, signedAt: '2026-11-20T11:59:00Z' }), undefined)
  const late = refusal({ ...attempt, signedAt: '2026-11-20T11:58:59Z' })
  const answer = expect(late, 's3', 'AccessDenied', 403, 'Request has expired')
  assert.deepEqual(answer.fields, {
    'X-Amz-Expires': '60',
    Expires: '2026-11-20T11:59:59Z',
    ServerTime: '2026-11-20T12:00:00Z',
  })
  const early = refusal({ ...attempt, signedAt: '2026-11-20T12:15:01Z' })
  expect(early, 's3', 'AccessDenied', 403, 'Request is not valid yet')
  // Security Token Service: 15 minutes, whatever the URL says.
  const sts = { form, expires: 60, service: 'sts' } as const
  assert.equal(refusal({ ...sts, signedAt: '2026-11-20T11:45:00Z' }), undefined)
  assert.equal(refusal({ ...sts, signedAt: '2026-11-20T11:44:59Z' })?.fault, 'expired')
})

test('the scope must name this region, service, day and the terminator', () => {
  const error = refusal({
    change: withText('20261120/us-east-1/iam/aws4_request', '20261119/eu-west-1/sts/aws5'),
  })
  expect(
    error,
    'query',
    'SignatureDoesNotMatch',
    403,
    "Credential should be scoped to a valid region, not 'eu-west-1'. Credential should be scoped to correct service: 'iam'. Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5'. Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20261119' != '20261120', from '20261120T120000Z'.",
  )
  const wrongRegion = { change: withText('us-east-1', 'ap-northeast-1') }
  expect(
    refusal({ ...wrongRegion, service: 'execute-api' }),
    'executeApi',
    'InvalidSignatureException',
    403,
    "Credential should be scoped to a valid region, not 'ap-northeast-1'. ",
  )
  const answer = expect(
    refusal({ ...wrongRegion, service: 's3' }),
    's3',
    'AuthorizationHeaderMalformed',
    400,
    "The authorization header is malformed; the region 'ap-northeast-1' is wrong; expecting 'us-east-1'",
  )
  assert.deepEqual(answer.fields, { Region: 'us-east-1' })
})

test('half a day in the scope is no day', () => {
  assert.equal(refusal({ change: withText('/20261120/', '/202611/') })?.fault, 'wrongScope')
})

test('time and scope can be checked before the key is looked up', () => {
  const signed = {
    ...base,
    headers: [...base.headers, ...signRequest(base, credentials, { region, service: 'iam', now })],
  }
  const claim = findSignature(signed)
  assert.ok(claim)
  checkClaim(claim, { now, rules: serviceRules('iam', region) })
  const later = new Date(now.getTime() + 3_600_000)
  assert.throws(() => checkClaim(claim, { now: later, rules: serviceRules('iam') }), {
    fault: 'expired',
  })
  const never = new Date(Number.NaN)
  assert.throws(() => checkClaim(claim, { now: never, rules: serviceRules('iam') }))
})

test('but for S3, the body is what is verified: UNSIGNED-PAYLOAD is refused', () => {
  for (const payloadHash of [
    'UNSIGNED-PAYLOAD',
    'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
    sha256('x'),
  ]) {
    for (const form of ['header', 'presigned'] as const) {
      assert.equal(refusal({ form, payloadHash })?.fault, 'mismatch')
    }
  }
  assert.throws(() => refusal({ options: { bodySha256: 'streamed' } }))
})

test('S3 checks the body against x-amz-content-sha256', () => {
  const service = 's3'
  assert.equal(refusal({ service, payloadHash: 'UNSIGNED-PAYLOAD' }), undefined)
  const streamed = { options: { bodySha256: 'streamed' } } as const
  assert.equal(refusal({ service, payloadHash: sha256('x'), ...streamed }), undefined)
  expect(
    refusal({ service, payloadHash: sha256('x') }),
    's3',
    'XAmzContentSHA256Mismatch',
    400,
    "The provided 'x-amz-content-sha256' header does not match what was computed.",
  )
  expect(
    refusal({ service, change: withText(/^X-Amz-Content-Sha256$/, 'X-Other') }),
    's3',
    'InvalidRequest',
    400,
    'Missing required header for this request: x-amz-content-sha256',
  )
  assert.equal(refusal({ service, payloadHash: 'hello' })?.fault, 'invalidContentSha256')
  const v4a = 'STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER'
  assert.equal(refusal({ service, payloadHash: v4a })?.fault, 'signatureV4a')
  const chunked = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD'
  assert.equal(refusal({ service, payloadHash: chunked })?.fault, 'missingDecodedLength')
})

test('the default port of a Host header is no difference', () => {
  const message = { headers: ['Host', 'example.com'] }
  const change = withText('example.com', 'example.com:443')
  assert.equal(refusal({ message, change }), undefined)
  const other = withText('example.com', 'example.com:8443')
  assert.equal(refusal({ message, change: other })?.fault, 'mismatch')
  assert.equal(refusal({ message, change: other, options: { host: 'example.com' } }), undefined)
})

test('S3 leaves the path alone, others normalise it', () => {
  const message = { rawPath: '/a//b/../c' }
  const change = (signed: HttpMessage) => ({ ...signed, rawPath: '/a/c' })
  assert.equal(refusal({ message, change }), undefined)
  assert.equal(refusal({ service: 's3', message, change })?.fault, 'mismatch')
  const dots = (signed: HttpMessage) => ({ ...signed, rawPath: '/a//b/%2e%2e/c' })
  assert.equal(refusal({ message, change: dots })?.fault, 'mismatch')
})

test('a plus sign in a query is a plus sign', () => {
  const message = { rawQuery: 'q=a+b' }
  const plus = (signed: HttpMessage) => ({ ...signed, rawQuery: 'q=a%2Bb' })
  const blank = (signed: HttpMessage) => ({ ...signed, rawQuery: 'q=a%20b' })
  assert.equal(refusal({ message, change: plus }), undefined)
  assert.equal(refusal({ message, change: blank })?.fault, 'mismatch')
})

test('keys and tokens that are not known have their answers', () => {
  const key = new SignatureError('unknownAccessKey', { accessKeyId: 'AKID' })
  expect(
    key,
    'query',
    'InvalidClientTokenId',
    403,
    'The security token included in the request is invalid.',
  )
  expect(
    key,
    'executeApi',
    'UnrecognizedClientException',
    403,
    'The security token included in the request is invalid.',
  )
  expect(
    key,
    's3',
    'InvalidAccessKeyId',
    403,
    'The AWS Access Key Id you provided does not exist in our records.',
  )
  const token = new SignatureError('invalidToken', { token: 'x' })
  expect(
    token,
    'query',
    'InvalidClientTokenId',
    403,
    'The security token included in the request is invalid',
  )
  expect(token, 's3', 'InvalidToken', 400, 'The provided token is malformed or otherwise invalid.')
  const expired = new SignatureError('expiredToken', { token: 'x' })
  expect(
    expired,
    'query',
    'ExpiredToken',
    403,
    'The security token included in the request is expired',
  )
  expect(
    expired,
    'json',
    'ExpiredTokenException',
    400,
    'The security token included in the request is expired',
  )
  expect(expired, 's3', 'ExpiredToken', 400, 'The provided token has expired.')
})
