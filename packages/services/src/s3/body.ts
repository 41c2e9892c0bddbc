/** What a client uploads: measured, summed up and compared with what it claims while it arrives. */
import { createHash } from 'node:crypto'
import type { BodyStream } from '@sekisho/protocols'
import type { Call } from '../service.ts'
import {
  badChecksum,
  type ClaimedChecksum,
  checkForm,
  checksumRows,
  claimedChecksum,
  createDigester,
  type Digester,
  defaultAlgorithm,
} from './checksums.ts'
import { type Bytes, type Kept, keep } from './content.ts'
import { s3Error } from './errors.ts'
import type { ChecksumAlgorithm, PartRecord } from './records.ts'

/** Of one upload or part. @see Amazon S3 User Guide, "Uploading objects" */
export const mostBytes = 5 * 1024 ** 3

export interface Taken {
  readonly kept: Kept
  readonly size: number
  /** MD5 in hex. */
  readonly etag: string
  readonly checksum: PartRecord['checksum']
}

/** Of PutObject and UploadPart. */
interface Upload {
  readonly Body?: unknown
  readonly ContentMD5?: string | undefined
}

/**
 * Keeps the body. Whatever is wrong with it leaves nothing.
 *
 * @param algorithm  of the checksum that is kept where the client claims none
 * @throws AwsError EntityTooLarge, MissingContentLength, IncompleteBody, InvalidDigest, BadDigest, InvalidRequest
 */
export async function takeBody(
  input: Upload,
  call: Call,
  algorithm: ChecksumAlgorithm = defaultAlgorithm,
): Promise<Taken> {
  const body = streamOf(input.Body)
  const claimed = claimedChecksum(input, body.trailerNames)
  const claimedMd5 = md5Of(input.ContentMD5)
  if (body.lengthBytes === undefined) throw s3Error('MissingContentLength')
  if (body.lengthBytes > mostBytes) throw tooLarge(body.lengthBytes)
  const sums: Sums = {
    md5: createHash('md5'),
    algorithm: claimed?.algorithm ?? algorithm,
    digester: createDigester(claimed?.algorithm ?? algorithm),
  }
  const kept = await keep(
    measured(body, sums, claimed, claimedMd5),
    call.ids.uuid(),
    call.now.getTime(),
    call,
  )
  const { etag = '', value = '' } = sums
  return { kept, size: kept.size, etag, checksum: { algorithm: sums.algorithm, value } }
}

interface Sums {
  readonly md5: ReturnType<typeof createHash>
  readonly algorithm: ChecksumAlgorithm
  readonly digester: Digester
  /** When all is read. */
  etag?: string
  value?: string
}

/** The bytes as they come; their end comes only when they are what was claimed. */
async function* measured(
  body: BodyStream,
  sums: Sums,
  claimed: ClaimedChecksum | undefined,
  claimedMd5: string | undefined,
): AsyncIterable<Uint8Array> {
  let size = 0
  for await (const bytes of body) {
    size += bytes.length
    if (size > body.lengthBytes!) throw s3Error('IncompleteBody')
    sums.md5.update(bytes)
    sums.digester.update(bytes)
    yield bytes
  }
  if (size !== body.lengthBytes) throw s3Error('IncompleteBody')
  const etag = (sums.etag = sums.md5.digest('hex'))
  const value = (sums.value = sums.digester.digest())
  if (claimedMd5 !== undefined && claimedMd5 !== etag)
    throw s3Error('BadDigest', undefined, {
      ExpectedDigest: Buffer.from(claimedMd5, 'hex').toString('base64'),
      CalculatedDigest: Buffer.from(etag, 'hex').toString('base64'),
    })
  if (claimed === undefined) return
  const { algorithm } = claimed
  const expected =
    claimed.value ?? checkForm(algorithm, body.trailers.get(checksumRows[algorithm].header) ?? '')
  if (expected !== value) throw badChecksum(algorithm)
}

function tooLarge(size: number) {
  return s3Error('EntityTooLarge', undefined, { ProposedSize: size, MaxSizeAllowed: mostBytes })
}

/** @returns in hex */
function md5Of(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const bytes = Buffer.from(text, 'base64')
  if (bytes.length !== 16) throw s3Error('InvalidDigest', undefined, { 'Content-MD5': text })
  return bytes.toString('hex')
}

const noTrailers: ReadonlyMap<string, string> = new Map()

/** What another object holds, as a body of the same length. */
export function copiedBody(bytes: Bytes, lengthBytes: number): unknown {
  return bytes instanceof Uint8Array
    ? bytes
    : {
        lengthBytes,
        trailerNames: [],
        trailers: noTrailers,
        [Symbol.asyncIterator]: () => bytes[Symbol.asyncIterator](),
      }
}

/** Of the wire; of other services whatever stands for bytes. */
function streamOf(body: unknown): BodyStream {
  if (typeof body === 'object' && body !== null && 'trailerNames' in body) return body as BodyStream
  const bytes =
    body instanceof Uint8Array ? body : Buffer.from(typeof body === 'string' ? body : '')
  return {
    lengthBytes: bytes.length,
    trailerNames: [],
    trailers: noTrailers,
    async *[Symbol.asyncIterator]() {
      if (bytes.length > 0) yield bytes
    },
  }
}
