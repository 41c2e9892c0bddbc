/** Files in one stream, in the form that `tar` reads (POSIX ustar). */

const blockBytes = 512

export interface TarEntry {
  /** At most 100 characters of ASCII. */
  readonly name: string
  readonly sizeBytes: number
  readonly bytes: AsyncIterable<Uint8Array>
}

/** The stream is not one that `writeTar` made, or it was cut off. */
export class TarError extends Error {
  override readonly name = 'TarError'
  readonly code = 'TAR'
}

export async function* writeTar(entries: AsyncIterable<TarEntry>): AsyncIterable<Uint8Array> {
  for await (const { name, sizeBytes, bytes } of entries) {
    yield header(name, sizeBytes)
    let written = 0
    for await (const chunk of bytes) {
      written += chunk.length
      yield chunk
    }
    if (written !== sizeBytes) throw new TarError(`\`${name}\` changed while it was read`)
    yield new Uint8Array(padding(sizeBytes))
  }
  // The end is two empty blocks.
  yield new Uint8Array(blockBytes * 2)
}

/** Entries one after the other: each one's bytes have to be read before the next. */
export async function* readTar(stream: AsyncIterable<Uint8Array>): AsyncIterable<TarEntry> {
  const source = new Source(stream)
  for (;;) {
    const block = await source.exactly(blockBytes)
    if (block.every((byte) => byte === 0)) return
    const { name, sizeBytes } = readHeader(block)
    yield { name, sizeBytes, bytes: source.upTo(sizeBytes) }
    await source.exactly(padding(sizeBytes))
  }
}

function padding(sizeBytes: number): number {
  return (blockBytes - (sizeBytes % blockBytes)) % blockBytes
}

function header(name: string, sizeBytes: number): Uint8Array {
  const block = Buffer.alloc(blockBytes)
  if (!/^[\x20-\x7e]{1,100}$/.test(name)) throw new TarError(`\`${name}\` is no name for an entry`)
  block.write(name, 0, 'ascii')
  block.write('0000600\0', 100)
  block.write('0000000\0', 108)
  block.write('0000000\0', 116)
  writeSize(block, sizeBytes)
  block.write('00000000000\0', 136)
  block.write('        ', 148)
  block.write('0', 156)
  block.write('ustar\x0000', 257, 'latin1')
  block.write(`${checksum(block).toString(8).padStart(6, '0')}\0 `, 148)
  return block
}

/** Eleven octal digits, or, for what does not fit, the number itself (GNU's form). */
function writeSize(block: Buffer, sizeBytes: number): void {
  if (sizeBytes < 0o77777777777) block.write(`${sizeBytes.toString(8).padStart(11, '0')}\0`, 124)
  else {
    block[124] = 0x80
    block.writeBigUInt64BE(BigInt(sizeBytes), 128)
  }
}

function readHeader(block: Buffer): { name: string; sizeBytes: number } {
  const stated = Number.parseInt(block.toString('latin1', 148, 154), 8)
  const copy = Buffer.from(block)
  copy.write('        ', 148)
  if (stated !== checksum(copy)) throw new TarError('the file is no backup, or it is damaged')
  const end = block.indexOf(0)
  const name = block.toString('ascii', 0, end < 0 || end > 100 ? 100 : end)
  const sizeBytes =
    block[124] === 0x80
      ? Number(block.readBigUInt64BE(128))
      : Number.parseInt(block.toString('latin1', 124, 135), 8)
  return { name, sizeBytes }
}

function checksum(block: Buffer): number {
  return block.reduce((sum, byte) => sum + byte, 0)
}

class Source {
  readonly #chunks: AsyncIterator<Uint8Array>
  #rest: Buffer = Buffer.alloc(0)

  constructor(stream: AsyncIterable<Uint8Array>) {
    this.#chunks = stream[Symbol.asyncIterator]()
  }

  async exactly(length: number): Promise<Buffer> {
    while (this.#rest.length < length) this.#rest = Buffer.concat([this.#rest, await this.#next()])
    const bytes = this.#rest.subarray(0, length)
    this.#rest = this.#rest.subarray(length)
    return bytes
  }

  async *upTo(length: number): AsyncIterable<Uint8Array> {
    let left = length
    while (left > 0) {
      if (this.#rest.length === 0) this.#rest = await this.#next()
      const bytes = this.#rest.subarray(0, left)
      this.#rest = this.#rest.subarray(bytes.length)
      left -= bytes.length
      yield bytes
    }
  }

  async #next(): Promise<Buffer> {
    const { value, done } = await this.#chunks.next()
    if (done) throw new TarError('the backup ends too early')
    return Buffer.from(value)
  }
}
