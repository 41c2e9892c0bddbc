/** Percent-encoding as AWS signs it: what is kept, what is escaped, and how? */
import { SignatureError } from './signature-error.ts'

const unreserved = new Uint8Array(128)
for (const char of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~') {
  unreserved[char.charCodeAt(0)] = 1
}

const escapes = Array.from(
  { length: 256 },
  (_, byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
)

const slash = 0x2f
const percent = 0x25

/**
 * Escapes all but `A-Z a-z 0-9 - _ . ~` and `/`.
 *
 * @param text  one character per byte, as Node's `http` hands out; a character above U+00FF is
 *              written as its UTF-8 bytes.
 */
export function encodePath(text: string): string {
  return encode(text, 0)
}

/**
 * Decodes `text` once and encodes it once: `%7e` becomes `~`, `!` becomes `%21`, `%c3` becomes `%C3`.
 *
 * @param keepsSlash  a path keeps `/` (S3 sees no difference to `%2F`); a query value escapes it.
 * @throws SignatureError  `malformedEscape`: a `%` without two hex digits.
 */
export function recode(text: string, keepsSlash: boolean): string {
  for (let i = 0; i < text.length; i++) {
    if (!isKept(text.charCodeAt(i), keepsSlash)) return recodeFrom(text, i, keepsSlash)
  }
  return text
}

/**
 * Decodes percent escapes to bytes, one character each.
 *
 * @throws SignatureError  `malformedEscape`
 */
export function decode(text: string): string {
  let at = text.indexOf('%')
  if (at < 0) return text
  let out = ''
  let from = 0
  while (at >= 0) {
    out += text.slice(from, at) + String.fromCharCode(escapedByte(text, at))
    from = at + 3
    at = text.indexOf('%', from)
  }
  return out + text.slice(from)
}

/** Escapes one query key or value of plain text (UTF-8), `/` included. */
export function encodeComponent(text: string): string {
  return recode(encodeURIComponent(text.toWellFormed()), false)
}

/** Wire bytes, one character each: characters above U+00FF become their UTF-8 bytes. */
export function toWire(text: string): string {
  return wide.test(text) ? Buffer.from(text, 'utf8').toString('latin1') : text
}

const wide = /[^\x00-\xff]/

function encode(text: string, from: number): string {
  for (let i = from; i < text.length; i++) {
    if (!isKept(text.charCodeAt(i), true)) return encodeFrom(toWire(text))
  }
  return text
}

function encodeFrom(text: string): string {
  let out = ''
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    out += isKept(code, true) ? text[i] : escapes[code]
  }
  return out
}

function recodeFrom(text: string, start: number, keepsSlash: boolean): string {
  const wire = toWire(text)
  let out = wire === text ? text.slice(0, start) : ''
  for (let i = out.length; i < wire.length; i++) {
    let code = wire.charCodeAt(i)
    if (code === percent) {
      code = escapedByte(wire, i)
      i += 2
    }
    out += isKept(code, keepsSlash) ? String.fromCharCode(code) : escapes[code]
  }
  return out
}

function isKept(code: number, keepsSlash: boolean): boolean {
  return unreserved[code] === 1 || (keepsSlash && code === slash)
}

function escapedByte(text: string, at: number): number {
  const high = hexDigit(text.charCodeAt(at + 1))
  const low = hexDigit(text.charCodeAt(at + 2))
  if (high < 0 || low < 0) {
    throw new SignatureError('malformedEscape', { text: text.slice(at, at + 3) })
  }
  return high * 16 + low
}

/** NaN (past the end) and everything that is no hex digit give -1. */
function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  const letter = code | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1
}
