/** What AWS's own signer signs with SigV4a, our verifier accepts; nothing else. */
import assert from 'node:assert/strict'
import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto'
import { test } from 'node:test'
import { SignatureV4a } from '@smithy/signature-v4a'
import { derivePublicKey } from './asymmetric.ts'
import { findSignature } from './claim.ts'
import type { HttpMessage } from './message.ts'
import { serviceRules } from './rules.ts'
import { sha256 } from './signature.ts'
import { SignatureError } from './signature-error.ts'
import { verifySignature } from './verify.ts'

const now = new Date('2026-11-20T12:00:00Z')
const secretAccessKey = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'
const accessKeyId = 'ASIAEXAMPLE'
const service = 'cloudfront-keyvaluestore'
const path = '/key-value-stores/arn%3Aaws%3Acloudfront%3A%3A1%3Akey-value-store%2Fa/keys/k%20%2F'

class Sha256 {
  readonly #hash: Hash | Hmac
  constructor(secret?: string | Uint8Array) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret)
  }
  update(data: string | Uint8Array) {
    this.#hash.update(data)
  }
  async digest() {
    return new Uint8Array(this.#hash.digest())
  }
  reset() {}
}

interface Signing {
  readonly service?: string
  readonly body?: string
  readonly sessionToken?: string
  readonly secretAccessKey?: string
}

async function signed(signing: Signing = {}): Promise<HttpMessage> {
  const signer = new SignatureV4a({
    credentials: {
      accessKeyId,
      secretAccessKey: signing.secretAccessKey ?? secretAccessKey,
      ...(signing.sessionToken && { sessionToken: signing.sessionToken }),
    },
    region: '*',
    service: signing.service ?? service,
    sha256: Sha256 as never,
  })
  const { headers } = await signer.sign(
    {
      method: 'PUT',
      protocol: 'http:',
      hostname: '111111111111.localhost',
      path,
      query: { a: '1' },
      headers: { host: '111111111111.localhost', 'content-type': 'application/json' },
      body: signing.body ?? '{}',
    },
    { signingDate: now },
  )
  return {
    method: 'PUT',
    rawPath: path,
    rawQuery: 'a=1',
    headers: Object.entries<string>(headers).flat(),
  }
}

function faultOf(message: HttpMessage, body = '{}', secret = secretAccessKey): string | undefined {
  try {
    const claim = findSignature(message)
    assert.ok(claim)
    const rules = serviceRules(service)
    verifySignature(message, claim, {
      secretAccessKey: secret,
      now,
      bodySha256: sha256(body),
      rules,
    })
    return undefined
  } catch (error) {
    if (error instanceof SignatureError) return error.fault
    throw error
  }
}

const replaced = (message: HttpMessage, from: string | RegExp, to: string): HttpMessage => ({
  ...message,
  headers: message.headers.map((text) => text.replace(from, to)),
})

test('an asymmetric signature is good where the service takes one', async () => {
  assert.equal(faultOf(await signed()), undefined)
  assert.equal(faultOf(await signed({ sessionToken: 'IQoJb3JpZ2luX2Vj//+=' })), undefined)
})

test('nothing of the request may be changed', async () => {
  const message = await signed()
  assert.equal(faultOf(message, '{"other":1}'), 'mismatch')
  assert.equal(faultOf({ ...message, method: 'DELETE' }), 'mismatch')
  assert.equal(faultOf({ ...message, rawPath: `${path}x` }), 'mismatch')
  assert.equal(faultOf({ ...message, rawQuery: 'a=2' }), 'mismatch')
  assert.equal(faultOf(replaced(message, 'application/json', 'text/plain')), 'mismatch')
  assert.equal(faultOf(message, '{}', 'anotherSecret'), 'mismatch')
  assert.equal(faultOf(await signed({ secretAccessKey: 'anotherSecret' })), 'mismatch')
  for (const signature of ['', '00', '3006020101020101', 'zz', '30'.repeat(71)])
    assert.equal(faultOf(replaced(message, /Signature=\w+/, `Signature=${signature}`)), 'mismatch')
  const late = replaced(message, '20261120T120000Z', '20261120T120001Z')
  assert.equal(faultOf(late), 'mismatch')
})

test('it holds in the regions that it names, which have to be signed', async () => {
  const message = await signed()
  const star = message.headers.indexOf('*')
  const inRegions = (set: string) => ({
    ...message,
    headers: message.headers.map((text, at) => (at === star ? set : text)),
  })
  assert.equal(faultOf(inRegions('eu-*,ap-northeast-1')), 'wrongScope')
  assert.equal(faultOf(inRegions('')), 'wrongScope')
  assert.equal(faultOf(inRegions('us-*')), 'mismatch')
  assert.equal(faultOf(replaced(message, 'x-amz-region-set', 'x-other')), 'headersNotSigned')
})

test('services that are signed for otherwise take none, and the service is the one that was signed for', async () => {
  assert.equal(faultOf(await signed({ service: 'iam' })), 'signatureV4a')
  const message = await signed()
  const claim = findSignature(message)
  assert.ok(claim)
  const options = { secretAccessKey, now, bodySha256: sha256('{}') }
  assert.throws(() =>
    verifySignature(message, claim, { ...options, rules: serviceRules('execute-api') }),
  )
  // The name of the algorithm alone makes no other signature of it.
  const renamed = replaced(message, 'AWS4-ECDSA-P256-SHA256', 'AWS4-HMAC-SHA256')
  assert.equal(faultOf(renamed), 'malformedCredential')
})

/** @see aws-c-auth's derivation of keys, whose published case this is */
test('the key pair follows from access key id and secret', () => {
  const key = derivePublicKey('AKISORANDOMAASORANDOM', 'q+jcrXGc+0zWN6uzclKVhvMmUsIfRPa4rlRandom')
  const { x = '', y = '' } = key.export({ format: 'jwk' })
  assert.equal(
    Buffer.from(x, 'base64url').toString('hex'),
    '15d242ceebf8d8169fd6a8b5a746c41140414c3b07579038da06af89190fffcb',
  )
  assert.equal(
    Buffer.from(y, 'base64url').toString('hex'),
    '0515242cedd82e94799482e4c0514b505afccf2c0c98d6a553bf539f424c5ec0',
  )
})
