/** Answers that are streams of events: each a message of AWS's own framing, sent as it comes. */
import { crc32 } from 'node:zlib'
import { membersOf, type Schema } from './model.ts'

export const eventStreamType = 'application/vnd.amazon.eventstream'

export function isEventStream(schema: Schema, value: unknown): value is AsyncIterable<object> {
  return (
    schema.isStructSchema() &&
    typeof value === 'object' &&
    value !== null &&
    Symbol.asyncIterator in value
  )
}

/**
 * @param schema  of the union of all events
 * @param writeText  an event's members as the protocol writes them
 * @see Smithy 2.0 specification, "Amazon Event Stream"
 */
export async function* writeEventStream(
  schema: Schema,
  events: AsyncIterable<object>,
  writeText: (schema: Schema, event: unknown) => string,
): AsyncGenerator<Uint8Array> {
  const kinds = new Map(membersOf(schema))
  for await (const event of events)
    for (const [name, value] of Object.entries(event)) {
      const kind = kinds.get(name)
      if (kind === undefined || value === undefined) continue
      const [blob] = membersOf(kind).flatMap(([member, each]) =>
        each.isBlobSchema() ? [(value as Record<string, Uint8Array>)[member]] : [],
      )
      yield blob === undefined
        ? message(name, 'application/json', Buffer.from(writeText(kind, value)))
        : message(name, 'application/octet-stream', blob)
    }
}

const preludeBytes = 12
const checksumBytes = 4
/** Of a header's value. */
const text = 7

/** Lengths, a checksum of them, headers, payload, a checksum of all. */
function message(eventType: string, contentType: string, payload: Uint8Array): Uint8Array {
  const headers = Buffer.concat([
    header(':event-type', eventType),
    header(':content-type', contentType),
    header(':message-type', 'event'),
  ])
  const length = preludeBytes + headers.length + payload.length + checksumBytes
  const bytes = Buffer.alloc(length)
  bytes.writeUInt32BE(length, 0)
  bytes.writeUInt32BE(headers.length, 4)
  bytes.writeUInt32BE(crc32(bytes.subarray(0, 8)), 8)
  headers.copy(bytes, preludeBytes)
  bytes.set(payload, preludeBytes + headers.length)
  bytes.writeUInt32BE(crc32(bytes.subarray(0, length - checksumBytes)), length - checksumBytes)
  return bytes
}

function header(name: string, value: string): Buffer {
  const head = Buffer.alloc(1 + name.length + 3)
  head[0] = name.length
  head.write(name, 1, 'latin1')
  head[1 + name.length] = text
  const bytes = Buffer.from(value)
  head.writeUInt16BE(bytes.length, 2 + name.length)
  return Buffer.concat([head, bytes])
}
