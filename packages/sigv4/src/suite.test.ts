/** AWS's public signing test suite: signed as AWS signs, verified, and refused when touched. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findSignature } from './claim.ts'
import type { HttpMessage } from './message.ts'
import { presign, signRequest } from './sign.ts'
import { SignatureError, type SignatureFault } from './signature-error.ts'
import { type Received, readSuite, type SuiteCase } from './suite.fixture.ts'
import { verifySignature } from './verify.ts'

const suite = readSuite()

test('all 76 cases of the suite are here', () => {
  assert.equal(suite.length, 76)
})

for (const given of suite) {
  test(`${given.id}: verifies`, () => {
    assert.equal(refusalOf(given, given.signedRequest), undefined)
  })

  test(`${given.id}: signs to the published signature`, () => {
    assert.equal(findSignature(signed(given))?.signature, given.signature)
  })

  test(`${given.id}: shows the published canonical string when a signature is wrong`, () => {
    const error = refusalOf(given, withSignature(given, flip(given.signature)))
    assert.equal(error?.fault, 'mismatch')
    const { details } = error as SignatureError<'mismatch'>
    assert.equal(details.canonicalRequest, given.canonicalRequest)
    assert.equal(details.stringToSign, given.stringToSign)
  })

  for (const [part, expected, touched] of touchedForms(given)) {
    test(`${given.id}: refused with another ${part}`, () => {
      assert.equal(refusalOf(given, touched)?.fault, expected)
    })
  }
}

function refusalOf(given: SuiteCase, message: Received): SignatureError | undefined {
  try {
    const claim = findSignature(message)
    assert.ok(claim)
    verifySignature(message, claim, {
      secretAccessKey: given.credentials.secretAccessKey,
      now: given.now,
      bodySha256: message.bodySha256,
      rules: given.rules,
    })
    return undefined
  } catch (error) {
    assert.ok(error instanceof SignatureError)
    return error
  }
}

function signed(given: SuiteCase): HttpMessage {
  const { request, credentials, region, service, now, rules, sendsPayloadHash, expires } = given
  const options = { region, service, now, rules, payloadHash: request.bodySha256 }
  if (given.form === 'query') {
    return { ...request, rawQuery: presign(request, credentials, { ...options, expires }) }
  }
  const added = signRequest(request, credentials, { ...options, sendsPayloadHash })
  return { ...request, headers: [...request.headers, ...added] }
}

/** One part of the signed request changed, and the fault that must come of it. */
function* touchedForms(given: SuiteCase): Generator<[string, SignatureFault, Received]> {
  const message = given.signedRequest
  const replaced = (from: string, to: string) => replaceEverywhere(message, from, to)
  yield ['method', 'mismatch', { ...message, method: 'DELETE' }]
  yield ['path', 'mismatch', { ...message, rawPath: `${message.rawPath}x` }]
  const query = message.rawQuery === '' ? 'x=1' : `${message.rawQuery}&x=1`
  yield ['query', 'mismatch', { ...message, rawQuery: query }]
  const headers = message.headers.map((text, i) => (i === 1 ? `${text}x` : text))
  yield ['header', 'mismatch', { ...message, headers }]
  yield ['body', 'mismatch', { ...message, bodySha256: flip(message.bodySha256) }]
  yield ['signature', 'mismatch', withSignature(given, flip(given.signature))]
  yield ['second of signing', 'mismatch', replaced('20150830T123600Z', '20150830T123601Z')]
  yield ['day', 'expired', replaced('20150830T123600Z', '20150829T123600Z')]
  yield ['form of date', 'malformedDate', replaced('20150830T123600Z', '2015-08-30T12:36:00Z')]
  const slash = given.form === 'header' ? '/' : '%2F'
  const scope = (elements: string) => elements.replaceAll('/', slash)
  yield ['scope day', 'wrongScope', replaced(scope('/20150830/'), scope('/20150829/'))]
  yield ['region', 'wrongScope', replaced('us-east-1', 'us-west-1')]
  yield ['service', 'wrongScope', replaced(scope('/service/'), scope('/iam/'))]
  yield ['terminator', 'wrongScope', replaced('aws4_request', 'aws5_request')]
  yield ['credential', 'malformedCredential', replaced(scope('/aws4_request'), '')]
  // In the header form the name of the access key is not signed: its secret tells it apart.
  if (given.form === 'query') {
    yield ['access key', 'mismatch', replaced('AKIDEXAMPLE', 'AKIDEXAMPLF')]
  }
}

function withSignature(given: SuiteCase, signature: string): Received {
  return replaceEverywhere(given.signedRequest, given.signature, signature)
}

function replaceEverywhere(message: Received, from: string, to: string): Received {
  return {
    ...message,
    rawQuery: message.rawQuery.replaceAll(from, to),
    headers: message.headers.map((text) => text.replaceAll(from, to)),
  }
}

function flip(hex: string): string {
  return `${hex.startsWith('0') ? '1' : '0'}${hex.slice(1)}`
}
