/** An answer as bytes: packed closely in memory, and in files. */
import type { Stored } from './stored.ts'

/** Four bytes of length, what is known of it as JSON, the body. */
export function bytesOf(key: string, { body, ...rest }: Stored): Uint8Array {
  const head = Buffer.from(JSON.stringify({ key, ...rest }))
  const bytes = new Uint8Array(lengthBytes + head.length + body.length)
  new DataView(bytes.buffer).setUint32(0, head.length)
  bytes.set(head, lengthBytes)
  bytes.set(body, lengthBytes + head.length)
  return bytes
}

const lengthBytes = 4

/** @returns undefined for what is another's, or broken */
export function storedOf(bytes: Uint8Array, key: string): Stored | undefined {
  try {
    const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    const end = lengthBytes + view.readUInt32BE(0)
    const { key: kept, ...head } = JSON.parse(view.toString('utf8', lengthBytes, end)) as Stored & {
      readonly key: string
    }
    if (kept !== key || end > bytes.length) return undefined
    return { ...head, body: new Uint8Array(view.subarray(end)) }
  } catch {
    return undefined
  }
}
