/** Cyclic redundancy checks that Node has not got (CRC-32C, CRC-64/NVME), and what two make of one after the other. */
import { crc32 as zlibCrc32 } from 'node:zlib'

/** Takes bytes as they come. */
export interface Crc {
  readonly update: (bytes: Uint8Array) => void
  /** Big-endian. */
  readonly digest: () => Uint8Array
}

/** Reflected, without the leading term. */
const polynomials = { crc32: 0xedb88320n, crc32c: 0x82f63b78n, crc64nvme: 0x9a6c9329ac4bc9b5n }
export type CrcName = keyof typeof polynomials

const widths = { crc32: 32, crc32c: 32, crc64nvme: 64 } as const satisfies Record<CrcName, number>

export function createCrc(name: CrcName): Crc {
  return crcs[name]()
}

const crcs = {
  crc32() {
    let value = 0
    return {
      update: (bytes) => {
        value = zlibCrc32(bytes, value)
      },
      digest: () => bytesOf(BigInt(value), 32),
    }
  },
  crc32c() {
    const tables = tables32()
    let value = 0
    return {
      update: (bytes) => {
        value = update32(bytes, value, tables)
      },
      digest: () => bytesOf(BigInt(value >>> 0), 32),
    }
  },
  crc64nvme() {
    const tables = tables64()
    const value: Value64 = { high: 0, low: 0 }
    return {
      update: (bytes) => update64(bytes, value, tables),
      digest: () => bytesOf((BigInt(value.high >>> 0) << 32n) | BigInt(value.low >>> 0), 64),
    }
  },
} satisfies Record<CrcName, () => Crc>

/** Eight bytes at a step: one table for each byte's distance to the end of the step. */
type Tables32 = readonly Int32Array[]
let made32: Tables32 | undefined

function tables32(): Tables32 {
  if (made32) return made32
  const tables = Array.from({ length: 8 }, () => new Int32Array(256))
  for (let byte = 0; byte < 256; byte++) {
    let value = byte
    for (let bit = 0; bit < 8; bit++)
      value = value & 1 ? (value >>> 1) ^ Number(polynomials.crc32c) : value >>> 1
    tables[0]![byte] = value
  }
  for (let step = 1; step < 8; step++)
    for (let byte = 0; byte < 256; byte++) {
      const before = tables[step - 1]![byte]!
      tables[step]![byte] = (before >>> 8) ^ tables[0]![before & 255]!
    }
  made32 = tables
  return tables
}

function update32(bytes: Uint8Array, before: number, tables: Tables32): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = tables as [
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
  ]
  let value = ~before
  let at = 0
  for (const last = bytes.length - 7; at < last; at += 8) {
    const word = value ^ word32(bytes, at)
    value =
      t7[word & 255]! ^
      t6[(word >>> 8) & 255]! ^
      t5[(word >>> 16) & 255]! ^
      t4[word >>> 24]! ^
      t3[bytes[at + 4]!]! ^
      t2[bytes[at + 5]!]! ^
      t1[bytes[at + 6]!]! ^
      t0[bytes[at + 7]!]!
  }
  for (; at < bytes.length; at++) value = (value >>> 8) ^ t0[(value ^ bytes[at]!) & 255]!
  return ~value
}

function word32(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
}

interface Value64 {
  high: number
  low: number
}

interface Tables64 {
  readonly high: readonly Int32Array[]
  readonly low: readonly Int32Array[]
}
let made64: Tables64 | undefined

/** In halves: whole numbers of 64 bits are twenty times slower. */
function tables64(): Tables64 {
  if (made64) return made64
  const high = Array.from({ length: 8 }, () => new Int32Array(256))
  const low = Array.from({ length: 8 }, () => new Int32Array(256))
  const polynomialHigh = Number(polynomials.crc64nvme >> 32n)
  const polynomialLow = Number(polynomials.crc64nvme & 0xffffffffn)
  for (let byte = 0; byte < 256; byte++) {
    let [h, l] = [0, byte]
    for (let bit = 0; bit < 8; bit++) {
      const isOdd = l & 1
      l = (l >>> 1) | (h << 31)
      h >>>= 1
      if (isOdd) {
        h ^= polynomialHigh
        l ^= polynomialLow
      }
    }
    high[0]![byte] = h
    low[0]![byte] = l
  }
  for (let step = 1; step < 8; step++)
    for (let byte = 0; byte < 256; byte++) {
      const h = high[step - 1]![byte]!
      const l = low[step - 1]![byte]!
      low[step]![byte] = ((l >>> 8) | (h << 24)) ^ low[0]![l & 255]!
      high[step]![byte] = (h >>> 8) ^ high[0]![l & 255]!
    }
  made64 = { high, low }
  return made64
}

type Eight = [
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
]

function update64(bytes: Uint8Array, value: Value64, tables: Tables64): void {
  const [h0, h1, h2, h3, h4, h5, h6, h7] = tables.high as unknown as Eight
  const [l0, l1, l2, l3, l4, l5, l6, l7] = tables.low as unknown as Eight
  let high = ~value.high
  let low = ~value.low
  let at = 0
  for (const last = bytes.length - 7; at < last; at += 8) {
    const a = low ^ word32(bytes, at)
    const b = high ^ word32(bytes, at + 4)
    const [a0, a1, a2, a3] = [a & 255, (a >>> 8) & 255, (a >>> 16) & 255, a >>> 24]
    const [b0, b1, b2, b3] = [b & 255, (b >>> 8) & 255, (b >>> 16) & 255, b >>> 24]
    high = h7[a0]! ^ h6[a1]! ^ h5[a2]! ^ h4[a3]! ^ h3[b0]! ^ h2[b1]! ^ h1[b2]! ^ h0[b3]!
    low = l7[a0]! ^ l6[a1]! ^ l5[a2]! ^ l4[a3]! ^ l3[b0]! ^ l2[b1]! ^ l1[b2]! ^ l0[b3]!
  }
  for (; at < bytes.length; at++) {
    const byte = (low ^ bytes[at]!) & 255
    low = ((low >>> 8) | (high << 24)) ^ l0[byte]!
    high = (high >>> 8) ^ h0[byte]!
  }
  value.high = ~high
  value.low = ~low
}

function bytesOf(value: bigint, width: 32 | 64): Uint8Array {
  return Buffer.from(value.toString(16).padStart(width / 4, '0'), 'hex')
}

/**
 * The check of all parts in a row, from each part's own.
 *
 * @see Mark Adler, crc32_combine(): a check is moved by n bytes when it is multiplied by x^(8n)
 */
export function combineCrcs(
  name: CrcName,
  parts: readonly { readonly digest: Uint8Array; readonly size: number }[],
): Uint8Array {
  const width = widths[name]
  const shifts = new Map<number, bigint>()
  let whole = 0n
  for (const { digest, size } of parts) {
    let shift = shifts.get(size)
    if (shift === undefined) {
      shift = power(name, BigInt(size) * 8n)
      // Parts are of one size, or of a few.
      if (shifts.size < 64) shifts.set(size, shift)
    }
    whole = multiply(name, whole, shift) ^ BigInt(`0x${Buffer.from(digest).toString('hex')}`)
  }
  return bytesOf(whole, width)
}

/** Reflected: the highest bit is x⁰. */
function multiply(name: CrcName, one: bigint, other: bigint): bigint {
  const top = 1n << BigInt(widths[name] - 1)
  let product = 0n
  let factor = other
  for (let bit = top; bit > 0n; bit >>= 1n) {
    if (one & bit) product ^= factor
    factor = factor & 1n ? (factor >> 1n) ^ polynomials[name] : factor >> 1n
  }
  return product
}

/** x to that power. */
function power(name: CrcName, exponent: bigint): bigint {
  const top = 1n << BigInt(widths[name] - 1)
  let result = top
  let square = top >> 1n
  for (let left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) result = multiply(name, result, square)
    square = multiply(name, square, square)
  }
  return result
}
