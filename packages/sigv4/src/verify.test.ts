/** What is refused, in AWS's order and in the words of the service at hand. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { answerTo, type ErrorAnswer, type ErrorFamily } from './answers.ts'
import { findSignature } from './claim.ts'
import { limits } from './limits.ts'
import type { HttpMessage } from './message.ts'
import { serviceRules } from './rules.ts'
import { type Credentials, presign, signRequest } from './sign.ts'
import { emptySha256, sha256 } from './signature.ts'
import { SignatureError } from './signature-error.ts'
import { checkClaim, type VerifyOptions, verifySignature } from './verify.ts'

const now = new Date('2026-11-20T12:00:00Z')
const region = 'us-east-1'
const credentials: Credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' }

interface Attempt {
  readonly service?: string
  readonly form?: 'header' | 'presigned'
  readonly message?: Partial<HttpMessage>
  readonly credentials?: Credentials
  readonly signedAt?: string
  readonly payloadHash?: string
  readonly expires?: number
  /** Changes the signed request, as an attacker or a broken client would. */
  readonly change?: (signed: HttpMessage) => HttpMessage
  readonly options?: Partial<VerifyOptions>
}

const base: HttpMessage = {
  method: 'GET',
  rawPath: '/prod/pets',
  rawQuery: '',
  headers: ['Host', 'example.com'],
}

function refusal(attempt: Attempt): SignatureError | undefined {
  const { service = 'iam', form = 'header', change = (signed) => signed, payloadHash } = attempt
  const message = { ...base, ...attempt.message }
  const options = {
    region,
    service,
    now: new Date(attempt.signedAt ?? now),
    ...(payloadHash !== undefined && { payloadHash }),
  }
  const signer = attempt.credentials ?? credentials
  const expires = attempt.expires ?? 300
  const signed =
    form === 'header'
      ? { ...message, headers: [...message.headers, ...signRequest(message, signer, options)] }
      : { ...message, rawQuery: presign(message, signer, { ...options, expires }) }
  return refusalOf(change(signed), service, attempt.options)
}

function refusalOf(
  message: HttpMessage,
  service: string,
  options: Partial<VerifyOptions> = {},
): SignatureError | undefined {
  try {
    const claim = findSignature(message)
    if (claim === undefined) return new SignatureError('missingAuthentication', {})
    verifySignature(message, claim, {
      secretAccessKey: credentials.secretAccessKey,
      now,
      bodySha256: emptySha256,
      rules: serviceRules(service, region),
      ...options,
    })
    return undefined
  } catch (error) {
    assert.ok(error instanceof SignatureError)
    return error
  }
}

function withHeader(name: string, value: string): (signed: HttpMessage) => HttpMessage {
  return (signed) => ({ ...signed, headers: [...signed.headers, name, value] })
}

function withText(from: string | RegExp, to: string): (signed: HttpMessage) => HttpMessage {
  return (signed) => ({
    ...signed,
    rawQuery: signed.rawQuery.replace(from, to),
    headers: signed.headers.map((text) => text.replace(from, to)),
  })
}

function unsignedWith(authorization: string): HttpMessage {
  return { ...base, headers: [...base.headers, 'Authorization', authorization] }
}

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
  const error = refusal({ form: 'presigned', change: withText(/(.*)/, '$1&X-Amz-Signature=0') })
  assert.equal(error?.fault, 'mismatch')
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

test('nowhere may the operation or the session token be exchanged unsigned', () => {
  for (const name of ['X-Amz-Target', 'X-Amz-Security-Token']) {
    assert.equal(refusal({ change: withHeader(name, 'x') })?.fault, 'headersNotSigned')
  }
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

function expect(
  error: SignatureError | undefined,
  family: ErrorFamily,
  code: string,
  status: number,
  message: string,
): ErrorAnswer {
  assert.ok(error)
  const answer = answerTo(error, family)
  assert.deepEqual(
    { code: answer.code, status: answer.status, message: answer.message },
    { code, status, message },
  )
  return answer
}
