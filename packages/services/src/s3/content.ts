/** Where are an object's bytes? Small ones beside the records, others in blobs, those of uploads in parts one after the other. */
import type { Blobs, Documents, Reader, Transaction } from '@sekisho/store'
import { s3Error } from './errors.ts'
import { type Content, type Joined, s3Collections } from './records.ts'

/** Up to here an object is one write to the disk. */
export const smallBytes = 64 * 1024

export interface Storage {
  readonly documents: Documents
  readonly blobs: Blobs
}

/** Bytes that are stored, and nobody's until they are claimed. */
export interface Kept {
  readonly content: Content
  readonly size: number
  /** They are somebody's, if the transaction succeeds. @throws AwsError OperationAborted  they were swept away */
  readonly claim: (transaction: Transaction) => Promise<void> | void
  readonly drop: () => Promise<void>
}

/** Of bytes that belong to no object. */
export interface LooseRecord {
  readonly content: Content
  readonly since: number
  /** They may still become somebody's, while this process lives. */
  readonly isArriving?: true
}

/** How long what was replaced can be read by those who read it already, part after part. */
const readersMs = 3_600_000

/**
 * Keeps what `source` gives. An error of the source's leaves nothing.
 *
 * @param id  unique
 */
export async function keep(
  source: AsyncIterable<Uint8Array>,
  id: string,
  nowMs: number,
  storage: Storage,
): Promise<Kept> {
  const pieces = source[Symbol.asyncIterator]()
  const first: Uint8Array[] = []
  let size = 0
  while (size <= smallBytes) {
    const { done, value } = await pieces.next()
    if (done) return small(Buffer.concat(first), id)
    first.push(value)
    size += value.length
  }
  const content: Content = { kind: 'blob', id }
  const loose: LooseRecord = { content, since: nowMs, isArriving: true }
  const { sizeBytes } = await storage.blobs.put(
    blobName(id),
    following(first, pieces),
    (transaction) => transaction.put(s3Collections.loose, id, loose),
  )
  return {
    content,
    size: sizeBytes,
    async claim(transaction) {
      // Another server may have begun on this folder while this process was ending.
      if ((await transaction.get(s3Collections.loose, id)) === undefined)
        throw s3Error('OperationAborted')
      transaction.delete(s3Collections.loose, id)
    },
    drop: () => discard(content, storage),
  }
}

function small(bytes: Buffer, id: string): Kept {
  return {
    content: { kind: 'bytes', id },
    size: bytes.length,
    claim: (transaction) =>
      transaction.put(s3Collections.bytes, id, { base64: bytes.toString('base64') }),
    drop: async () => {},
  }
}

async function* following(
  first: readonly Uint8Array[],
  rest: AsyncIterator<Uint8Array>,
): AsyncIterable<Uint8Array> {
  try {
    yield* first
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value
  } finally {
    // What holds a file open lets go of it, wherever the bytes could not go.
    await rest.return?.()
  }
}

function blobName(id: string): string {
  return `s3/${id}`
}

/** Few of them are whole. */
export type Bytes = Uint8Array | AsyncIterable<Uint8Array>

/**
 * @param end  exclusive
 * @returns undefined where they are gone: the object was replaced meanwhile
 */
export async function read(
  { kind, id }: Content,
  start: number,
  end: number,
  { documents, blobs }: Storage,
): Promise<Bytes | undefined> {
  switch (kind) {
    case 'bytes': {
      const found = await documents.get<{ base64: string }>(s3Collections.bytes, id)
      return found && Buffer.from(found.value.base64, 'base64').subarray(start, end)
    }
    case 'blob':
      return blobs.get(blobName(id), { start, end })
    case 'joined': {
      const joined = await documents.get<Joined>(s3Collections.joined, id)
      return joined && joinedBytes(joined.value, start, end, { documents, blobs })
    }
  }
}

async function* joinedBytes(
  { parts }: Joined,
  start: number,
  end: number,
  storage: Storage,
): AsyncIterable<Uint8Array> {
  let at = 0
  for (const { content, size } of parts) {
    const from = Math.max(0, start - at)
    const to = Math.min(size, end - at)
    at += size
    if (from >= to) continue
    const bytes = await read(content, from, to, storage)
    if (bytes === undefined) throw new Error(`a part is gone: ${content.id}`)
    if (bytes instanceof Uint8Array) yield bytes
    else yield* bytes
  }
}

/** Takes them from their owner: what is left to do afterwards is `discard`, and `sweepLoose` where that does not come. */
export function loosen(transaction: Transaction, content: Content, nowMs: number): void {
  if (content.kind === 'bytes') transaction.delete(s3Collections.bytes, content.id)
  else {
    const loose: LooseRecord = { content, since: nowMs }
    transaction.put(s3Collections.loose, content.id, loose)
  }
}

/** After the transaction in which they were loosened. */
export async function discardSoon(contents: readonly Content[], storage: Storage): Promise<void> {
  for (const content of contents) if (content.kind === 'blob') await discard(content, storage)
}

/** Bytes that are loose, and the note that says so. */
async function discard(content: Content, { documents, blobs }: Storage): Promise<void> {
  const { kind, id } = content
  if (kind === 'blob')
    return blobs.delete(blobName(id), (transaction) => transaction.delete(s3Collections.loose, id))
  const joined = await documents.get<Joined>(s3Collections.joined, id)
  for (const part of joined?.value.parts ?? [])
    if (part.content.kind === 'blob') await blobs.delete(blobName(part.content.id))
  await documents.transact((transaction) => {
    for (const part of joined?.value.parts ?? [])
      if (part.content.kind === 'bytes') transaction.delete(s3Collections.bytes, part.content.id)
    transaction.delete(s3Collections.joined, id)
    transaction.delete(s3Collections.loose, id)
  })
}

/**
 * Takes away what belongs to nobody.
 *
 * @param isStart  nothing arrives yet: what was arriving came from a process that is gone
 */
export async function sweepLoose(storage: Storage, nowMs: number, isStart: boolean): Promise<void> {
  const found = await storage.documents.list<LooseRecord>(s3Collections.loose)
  for (const { value } of found) {
    const isDue = value.isArriving ? isStart : value.since + readersMs <= nowMs
    if (isDue || (isStart && value.content.kind === 'blob')) await discard(value.content, storage)
  }
}

/** @returns undefined where the object was not uploaded in parts */
export async function partsOf(reader: Reader, content: Content): Promise<Joined | undefined> {
  if (content.kind !== 'joined') return undefined
  return (await reader.get<Joined>(s3Collections.joined, content.id))?.value
}
