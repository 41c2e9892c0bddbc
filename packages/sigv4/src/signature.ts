/** From canonical request to signature. */
import { hash, timingSafeEqual } from 'node:crypto'
import { algorithm } from './claim.ts'
import { type Scope, scopeText } from './signing-key.ts'

/** SHA-256 of no bytes at all. */
export const emptySha256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

/**
 * SHA-256 in hex.
 *
 * @param data  bytes, or text whose characters are one byte each.
 */
export function sha256(data: string | Uint8Array): string {
  return hash('sha256', typeof data === 'string' ? Buffer.from(data, 'latin1') : data, 'hex')
}

/** @see IAM User Guide, "Create a signed AWS API request", step "Create a string to sign" */
export function stringToSign(amzDate: string, scope: Scope, canonicalRequest: string): string {
  return `${algorithm}\n${amzDate}\n${scopeText(scope)}\n${sha256(canonicalRequest)}`
}

/** 64 lower-case hex digits: a SHA-256, or an HMAC made with it. */
export function isSha256(text: string): boolean {
  return text.length === 64 && /^[0-9a-f]+$/.test(text)
}

const ours = Buffer.alloc(64)
const theirs = Buffer.alloc(64)

/** Compares in constant time; `signature` is 64 characters of ours. */
export function isEqual(signature: string, provided: string): boolean {
  // The length is no secret. A character above U+007F must not be mistaken for its low byte.
  if (!isSha256(provided)) return false
  ours.write(signature, 'latin1')
  theirs.write(provided, 'latin1')
  return timingSafeEqual(ours, theirs)
}
