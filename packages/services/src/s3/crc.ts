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
  crc32c: () => tabled('crc32c'),
  crc64nvme: () => tabled('crc64nvme'),
} satisfies Record<CrcName, () => Crc>

function tabled(name: 'crc32c' | 'crc64nvme'): Crc {
  const table = (tables[name] ??= tableOf(polynomials[name]))
  const start = widths[name] === 64 ? -1 : 0
  const value: Halves = { high: start, low: -1 }
  return {
    update: (bytes) => update(bytes, value, table),
    digest: () => {
      const whole = (BigInt((value.high ^ start) >>> 0) << 32n) | BigInt(~value.low >>> 0)
      return bytesOf(whole, widths[name])
    },
  }
}

/** Whole numbers of 64 bits are twenty times slower; the high half of 32 bits is 0. */
interface Halves {
  high: number
  low: number
}

/** Bytes that are taken at a step. */
const stepBytes = 8
/** Of the table: a low half and a high half for each value of a byte. */
const rowLength = 2 * 256

/** Of each width, when it is asked for first. */
const tables: { crc32c?: Int32Array; crc64nvme?: Int32Array } = {}

/** One row for each byte's distance to the end of its step, in one piece: every look-up is one load. */
function tableOf(polynomial: bigint): Int32Array {
  const table = new Int32Array(stepBytes * rowLength)
  for (let byte = 0; byte < 256; byte++) {
    let value = BigInt(byte)
    for (let bit = 0; bit < 8; bit++) value = value & 1n ? (value >> 1n) ^ polynomial : value >> 1n
    table[byte * 2] = Number(BigInt.asIntN(32, value))
    table[byte * 2 + 1] = Number(BigInt.asIntN(32, value >> 32n))
  }
  for (let at = rowLength; at < table.length; at += 2) {
    const low = table[at - rowLength]!
    const high = table[at + 1 - rowLength]!
    const byte = (low & 255) * 2
    table[at] = ((low >>> 8) | (high << 24)) ^ table[byte]!
    table[at + 1] = (high >>> 8) ^ table[byte + 1]!
  }
  return table
}

function update(bytes: Uint8Array, value: Halves, table: Int32Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let { high, low } = value
  let at = 0
  for (const last = bytes.length - stepBytes; at <= last; at += stepBytes) {
    const one = low ^ view.getInt32(at, true)
    const other = high ^ view.getInt32(at + 4, true)
    // Each in its row; rows come last byte first.
    const a = 7 * rowLength + ((one << 1) & 510)
    const b = 6 * rowLength + ((one >>> 7) & 510)
    const c = 5 * rowLength + ((one >>> 15) & 510)
    const d = 4 * rowLength + ((one >>> 23) & 510)
    const e = 3 * rowLength + ((other << 1) & 510)
    const f = 2 * rowLength + ((other >>> 7) & 510)
    const g = rowLength + ((other >>> 15) & 510)
    const h = (other >>> 23) & 510
    low =
      table[a]! ^ table[b]! ^ table[c]! ^ table[d]! ^ table[e]! ^ table[f]! ^ table[g]! ^ table[h]!
    high =
      table[a + 1]! ^
      table[b + 1]! ^
      table[c + 1]! ^
      table[d + 1]! ^
      table[e + 1]! ^
      table[f + 1]! ^
      table[g + 1]! ^
      table[h + 1]!
  }
  for (; at < bytes.length; at++) {
    const byte = ((low ^ bytes[at]!) & 255) * 2
    low = ((low >>> 8) | (high << 24)) ^ table[byte]!
    high = (high >>> 8) ^ table[byte + 1]!
  }
  value.high = high
  value.low = low
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
