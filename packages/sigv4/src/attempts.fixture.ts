/** Requests signed, then changed: what does the verifier say? */
import assert from 'node:assert/strict'
import { answerTo, type ErrorAnswer, type ErrorFamily } from './answers.ts'
import { findSignature } from './claim.ts'
import type { HttpMessage } from './message.ts'
import { serviceRules } from './rules.ts'
import { type Credentials, presign, signRequest } from './sign.ts'
import { emptySha256 } from './signature.ts'
import { SignatureError } from './signature-error.ts'
import { type VerifyOptions, verifySignature } from './verify.ts'

export const now = new Date('2026-11-20T12:00:00Z')
export const region = 'us-east-1'
export const credentials: Credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' }

export interface Attempt {
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

export const base: HttpMessage = {
  method: 'GET',
  rawPath: '/prod/pets',
  rawQuery: '',
  headers: ['Host', 'example.com'],
}

export function refusal(attempt: Attempt): SignatureError | undefined {
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

export function refusalOf(
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

export function withHeader(name: string, value: string): (signed: HttpMessage) => HttpMessage {
  return (signed) => ({ ...signed, headers: [...signed.headers, name, value] })
}

export function withText(from: string | RegExp, to: string): (signed: HttpMessage) => HttpMessage {
  return (signed) => ({
    ...signed,
    rawQuery: signed.rawQuery.replace(from, to),
    headers: signed.headers.map((text) => text.replace(from, to)),
  })
}

export function unsignedWith(authorization: string): HttpMessage {
  return { ...base, headers: [...base.headers, 'Authorization', authorization] }
}

export function expect(
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
