/** CBOR in and out: of what anybody may have sent, lengths are checked against what is there and nesting is bounded. */
import { commonError } from './aws-error.ts'

/** A value under a tag; timestamps stand under tag 1. */
export class Tagged {
  readonly tag: number
  readonly value: unknown

  constructor(tag: number, value: unknown) {
    this.tag = tag
    this.value = value
  }
}

const maxDepth = 64

/** Major types of RFC 8949. */
const major = { unsigned: 0, negative: 1, bytes: 2, text: 3, list: 4, map: 5, tag: 6 } as const
const indefinite = 31
const stop = 0xff

/**
 * One value and nothing behind it. Maps come as Map, integers beyond 2^53 are refused.
 *
 * @throws AwsError SerializationException
 * @see RFC 8949, "Concise Binary Object Representation (CBOR)"
 */
export function parseCbor(bytes: Uint8Array): unknown {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0
  const value = read(0)
  if (at !== bytes.length) throw malformed()
  return value

  function read(depth: number): unknown {
    if (depth > maxDepth) throw malformed('The request is nested too deeply')
    const head = byte()
    const kind = head >> 5
    const info = head & 0x1f
    switch (kind) {
      case major.unsigned:
        return count(info)
      case major.negative:
        return -1 - count(info)
      case major.bytes:
        return Buffer.concat(chunks(kind, info))
      case major.text:
        return decodeText(Buffer.concat(chunks(kind, info)))
      case major.list:
        return [...items(info, () => read(depth + 1))]
      case major.map:
        return new Map(items(info, () => [keyOf(read(depth + 1)), read(depth + 1)] as const))
      case major.tag:
        return new Tagged(count(info), read(depth + 1))
      default:
        return simple(info)
    }
  }

  function byte(): number {
    if (at >= bytes.length) throw malformed()
    return bytes[at++]!
  }

  function take(length: number): Uint8Array {
    if (length > bytes.length - at) throw malformed()
    at += length
    return bytes.subarray(at - length, at)
  }

  function count(info: number): number {
    if (info < 24) return info
    const start = at
    if (info === 24) return byte()
    take(info === 25 ? 2 : info === 26 ? 4 : info === 27 ? 8 : Number.POSITIVE_INFINITY)
    if (info === 25) return view.getUint16(start)
    if (info === 26) return view.getUint32(start)
    const long = Number(view.getBigUint64(start))
    if (!Number.isSafeInteger(long)) throw malformed('An integer is too large')
    return long
  }

  function chunks(kind: number, info: number): readonly Uint8Array[] {
    if (info !== indefinite) return [take(count(info))]
    const parts: Uint8Array[] = []
    for (let head = byte(); head !== stop; head = byte()) {
      if (head >> 5 !== kind || (head & 0x1f) === indefinite) throw malformed()
      parts.push(take(count(head & 0x1f)))
    }
    return parts
  }

  function* items<T>(info: number, next: () => T): Generator<T> {
    if (info !== indefinite) {
      const length = count(info)
      for (let index = 0; index < length; index += 1) yield next()
      return
    }
    while (bytes[at] !== stop) yield next()
    at += 1
  }

  function simple(info: number): unknown {
    if (info === 20) return false
    if (info === 21) return true
    if (info === 22 || info === 23) return null
    const start = at
    take(info === 25 ? 2 : info === 26 ? 4 : info === 27 ? 8 : Number.POSITIVE_INFINITY)
    if (info === 25) return view.getFloat16(start)
    return info === 26 ? view.getFloat32(start) : view.getFloat64(start)
  }
}

/** @param value  of null, booleans, numbers, text, bytes, lists, plain objects and Tagged; what is undefined is left out */
export function writeCbor(value: unknown): Uint8Array {
  const parts: Uint8Array[] = []
  write(value)
  return Buffer.concat(parts)

  function write(item: unknown): void {
    if (item === null || item === undefined) parts.push(Uint8Array.of(0xf6))
    else if (typeof item === 'boolean') parts.push(Uint8Array.of(item ? 0xf5 : 0xf4))
    else if (typeof item === 'number') writeNumber(item)
    else if (typeof item === 'string') writeBytes(major.text, Buffer.from(item))
    else if (item instanceof Uint8Array) writeBytes(major.bytes, item)
    else if (item instanceof Tagged) {
      parts.push(head(major.tag, item.tag))
      write(item.value)
    } else if (Array.isArray(item)) {
      parts.push(head(major.list, item.length))
      for (const inner of item) write(inner)
    } else {
      const entries = Object.entries(item).filter(([, inner]) => inner !== undefined)
      parts.push(head(major.map, entries.length))
      for (const [key, inner] of entries) {
        write(key)
        write(inner)
      }
    }
  }

  function writeNumber(number: number): void {
    if (Number.isSafeInteger(number))
      parts.push(number < 0 ? head(major.negative, -1 - number) : head(major.unsigned, number))
    else {
      const bytes = new Uint8Array(9)
      bytes[0] = 0xfb
      new DataView(bytes.buffer).setFloat64(1, number)
      parts.push(bytes)
    }
  }

  function writeBytes(kind: number, bytes: Uint8Array): void {
    parts.push(head(kind, bytes.length), bytes)
  }
}

/** The major type and its count, as short as it goes. */
function head(kind: number, count: number): Uint8Array {
  const type = kind << 5
  if (count < 24) return Uint8Array.of(type | count)
  if (count < 0x100) return Uint8Array.of(type | 24, count)
  const size = count < 0x10000 ? 2 : count < 0x100000000 ? 4 : 8
  const bytes = new Uint8Array(1 + size)
  const view = new DataView(bytes.buffer)
  bytes[0] = type | (size === 2 ? 25 : size === 4 ? 26 : 27)
  if (size === 2) view.setUint16(1, count)
  else if (size === 4) view.setUint32(1, count)
  else view.setBigUint64(1, BigInt(count))
  return bytes
}

function keyOf(key: unknown): string {
  if (typeof key !== 'string') throw malformed()
  return key
}

function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw malformed()
  }
}

function malformed(message = 'The request body is not valid CBOR') {
  return commonError('SerializationException', message)
}
