/** Cyclic redundancy checks that Node has not got (CRC-32C, CRC-64/NVME), and what two make of one after the other. */
import { crc32 as zlibCrc32 } from 'node:zlib'
import { type CrcMachine, createCrcMachine } from './crc-machine.ts'

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
  crc32c: () => long('crc32c'),
  crc64nvme: () => long('crc64nvme'),
} satisfies Record<CrcName, () => Crc>

/** Of each, when it is asked for first. */
const machines: { crc32c?: CrcMachine; crc64nvme?: CrcMachine } = {}

function long(name: 'crc32c' | 'crc64nvme'): Crc {
  const machine = (machines[name] ??= createCrcMachine(polynomials[name]))
  const ones = (1n << BigInt(widths[name])) - 1n
  let value = ones
  return {
    update: (bytes) => {
      value = machine(value, bytes)
    },
    digest: () => bytesOf(value ^ ones, widths[name]),
  }
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
