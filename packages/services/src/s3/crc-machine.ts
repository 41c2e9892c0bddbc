/**
 * How does a long check take bytes fast? As a WebAssembly function, which has whole numbers of 64 bits: with JavaScript's
 * halves of 32 the same work takes three times as long.
 */

/** Neither the language's types nor Node's have it. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: unknown }
}

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer }
  readonly update: (value: bigint, start: number, end: number) => bigint
}

/** Takes bytes into a check, which is 32 or 64 bits of a number of 64. */
export type CrcMachine = (value: bigint, bytes: Uint8Array) => bigint

/** Bytes that are taken at a step, each by a row of the table that knows its distance to the step's end. */
const stepBytes = 8
const rowBytes = 256 * 8
const tableBytes = stepBytes * rowBytes
const memoryPages = 2

/** @param polynomial  reflected, without the leading term */
export function createCrcMachine(polynomial: bigint): CrcMachine {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(moduleBytes()))
  const { memory, update } = instance.exports as Exports
  fillTable(new BigUint64Array(memory.buffer, 0, tableBytes / 8), polynomial)
  const room = new Uint8Array(memory.buffer, tableBytes)
  return (value, bytes) => {
    let taken = value
    for (let at = 0; at < bytes.length; at += room.length) {
      const piece = bytes.subarray(at, at + room.length)
      room.set(piece)
      taken = update(taken, tableBytes, tableBytes + piece.length)
    }
    return BigInt.asUintN(64, taken)
  }
}

function fillTable(table: BigUint64Array, polynomial: bigint): void {
  for (let byte = 0; byte < 256; byte++) {
    let value = BigInt(byte)
    for (let bit = 0; bit < 8; bit++) value = value & 1n ? (value >> 1n) ^ polynomial : value >> 1n
    table[byte] = value
  }
  for (let at = 256; at < table.length; at++) {
    const before = table[at - 256]!
    table[at] = (before >> 8n) ^ table[Number(before & 255n)]!
  }
}

/** @see WebAssembly Core Specification, "Binary Format" */
const type = { i32: 0x7f, i64: 0x7e, function: 0x60, nothing: 0x40 } as const
const section = { types: 1, functions: 3, memories: 5, exports: 7, code: 10 } as const
const exported = { function: 0, memory: 2 } as const
const op = {
  block: 0x02,
  loop: 0x03,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  localGet: 0x20,
  localSet: 0x21,
  i64Load: 0x29,
  i32Load8U: 0x2d,
  i32Const: 0x41,
  i64Const: 0x42,
  i32GtU: 0x4b,
  i32GeU: 0x4f,
  i32Add: 0x6a,
  i32And: 0x71,
  i32Xor: 0x73,
  i32Shl: 0x74,
  i64Xor: 0x85,
  i64ShrU: 0x88,
  i32WrapI64: 0xa7,
} as const

/** Locals of `update`: its parameters, and what is looked up. */
const [value, at, end, step] = [0, 1, 2, 3]

/** Of one function, `update(value, start, end)`, and a memory with the table and then the bytes. */
function moduleBytes(): Uint8Array {
  const signature = [type.function, ...list([[type.i64], [type.i32], [type.i32]]), 1, type.i64]
  const locals = list([[1, type.i64]])
  const body = [...locals, ...wholeSteps(), ...lastBytes(), op.localGet, value, op.end]
  return Uint8Array.from([
    ...[...Buffer.from('\0asm'), 1, 0, 0, 0],
    ...part(section.types, [signature]),
    ...part(section.functions, [[0]]),
    ...part(section.memories, [[0, memoryPages]]),
    ...part(section.exports, [
      [...named('memory'), exported.memory, 0],
      [...named('update'), exported.function, 0],
    ]),
    ...part(section.code, [[...unsigned(body.length), ...body]]),
  ])
}

/** The low byte of a step comes first, and is furthest from its end. */
function wholeSteps(): readonly number[] {
  const looked = Array.from({ length: stepBytes }, (_, index) => [
    ...lookUp(stepBytes - 1 - index, [...get(step), ...long(8 * index), op.i64ShrU]),
    ...(index > 0 ? [op.i64Xor] : []),
  ])
  return repeatUntil(
    [...get(at), ...short(stepBytes), op.i32Add, ...get(end), op.i32GtU],
    [
      ...[...get(value), ...get(at), op.i64Load, 0, 0, op.i64Xor, op.localSet, step],
      ...looked.flat(),
      ...[op.localSet, value],
      ...advance(stepBytes),
    ],
  )
}

function lastBytes(): readonly number[] {
  const byte = [...get(at), op.i32Load8U, 0, 0]
  return repeatUntil(
    [...get(at), ...get(end), op.i32GeU],
    [
      ...row(0, [...get(value), op.i32WrapI64, ...byte, op.i32Xor]),
      ...[...get(value), ...long(8), op.i64ShrU, op.i64Xor, op.localSet, value],
      ...advance(1),
    ],
  )
}

/** @param number  of 64 bits, whose low byte is meant */
function lookUp(rowNumber: number, number: readonly number[]): readonly number[] {
  return row(rowNumber, [...number, op.i32WrapI64])
}

function row(rowNumber: number, number: readonly number[]): readonly number[] {
  const place = [...number, ...short(255), op.i32And, ...short(3), op.i32Shl]
  return [...place, op.i64Load, 3, ...unsigned(rowNumber * rowBytes)]
}

function repeatUntil(isDone: readonly number[], work: readonly number[]): readonly number[] {
  const opened = [op.block, type.nothing, op.loop, type.nothing]
  return [...opened, ...isDone, op.brIf, 1, ...work, op.br, 0, op.end, op.end]
}

function advance(bytes: number): readonly number[] {
  return [...get(at), ...short(bytes), op.i32Add, op.localSet, at]
}

function get(local: number): readonly number[] {
  return [op.localGet, local]
}

function short(number: number): readonly number[] {
  return [op.i32Const, ...signed(number)]
}

function long(number: number): readonly number[] {
  return [op.i64Const, ...signed(number)]
}

function part(id: number, items: readonly (readonly number[])[]): readonly number[] {
  const content = list(items)
  return [id, ...unsigned(content.length), ...content]
}

function list(items: readonly (readonly number[])[]): readonly number[] {
  return [...unsigned(items.length), ...items.flat()]
}

function named(name: string): readonly number[] {
  return list([...Buffer.from(name)].map((byte) => [byte]))
}

/** LEB128: seven bits a byte, the low ones first. */
function unsigned(number: number): readonly number[] {
  return number < 128 ? [number] : [(number & 127) | 128, ...unsigned(number >>> 7)]
}

/** As above, of what is not negative: the last byte's highest bit would be a sign. */
function signed(number: number): readonly number[] {
  return number < 64 ? [number] : [(number & 127) | 128, ...signed(number >>> 7)]
}
