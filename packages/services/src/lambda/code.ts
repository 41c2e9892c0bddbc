/** The code of functions and layers: where it comes from, what is kept of it, and until when. */
import { createHash } from 'node:crypto'
import { AwsError } from '@sekisho/protocols'
import type { Reader } from '@sekisho/store'
import type { Call } from '../service.ts'
import { invalidParameter, notSupported, tooLarge } from './errors.ts'
import { type FunctionName, keyOf } from './names.ts'
import {
  type CodeRecord,
  type FunctionRecord,
  type LayerUse,
  lambdaCollections,
  readFunction,
  type VersionRecord,
} from './records.ts'
import { RunnerError } from './runner.ts'

/** @see Lambda Developer Guide, "Lambda quotas" */
const limits = { zipBytes: 50 * 1024 * 1024, unpackedBytes: 250 * 1024 * 1024 } as const

const blobPrefix = 'lambda/'

export interface GivenCode {
  readonly ZipFile?: Uint8Array | undefined
  readonly S3Bucket?: string | undefined
  readonly S3Key?: string | undefined
  readonly S3ObjectVersion?: string | undefined
  readonly SourceKMSKeyArn?: string | undefined
  readonly ImageUri?: string | undefined
}

/**
 * @param beside  what is unpacked together with it
 * @throws AwsError InvalidParameterValueException, RequestEntityTooLargeException, AccessDeniedException
 */
export async function readCode(
  given: GivenCode,
  call: Call,
  beside: readonly LayerUse[],
): Promise<{ readonly bytes: Uint8Array; readonly code: CodeRecord }> {
  const bytes = await codeOf(given, call)
  let unpackedBytes: number
  try {
    unpackedBytes = (await call.functions.inspect(bytes)).unpackedBytes
  } catch (error) {
    if (error instanceof RunnerError) throw invalidParameter(error.message)
    throw error
  }
  checkUnpacked([{ unpackedBytes }, ...beside.map(({ code }) => code)])
  const hash = createHash('sha256').update(bytes).digest()
  const code: CodeRecord = {
    blob: `${blobPrefix}${call.accountId}/${call.ids.uuid()}`,
    sha256: hash.toString('hex'),
    sha256Base64: hash.toString('base64'),
    sizeBytes: bytes.length,
    unpackedBytes,
  }
  return { bytes, code }
}

/** Stores code for what `work` writes; where that fails, nothing is left of it. @throws as `readCode` and `work` do */
export async function withCode<T>(
  given: GivenCode,
  call: Call,
  beside: readonly LayerUse[],
  work: (code: CodeRecord) => Promise<T>,
): Promise<T> {
  const { bytes, code } = await readCode(given, call, beside)
  await call.blobs.put(code.blob, bytes)
  return work(code).catch(async (error) => {
    await call.blobs.delete(code.blob)
    throw error
  })
}

async function codeOf(given: GivenCode, call: Call): Promise<Uint8Array> {
  if (given.ImageUri) throw notSupported('A function from a container image')
  if (given.SourceKMSKeyArn) throw notSupported('Code that is encrypted with a key of KMS')
  const { ZipFile: bytes, S3Bucket: bucket, S3Key: key } = given
  if (bytes === undefined) {
    if (!bucket || !key) throw invalidParameter('Please provide a source for function code.')
    return fromBucket(bucket, key, given.S3ObjectVersion, call)
  }
  if (bucket || key)
    throw invalidParameter(
      'Please do not provide other FunctionCode parameters when providing a ZipFile.',
    )
  if (bytes.length > limits.zipBytes)
    throw tooLarge(
      `Request must be smaller than ${limits.zipBytes} bytes for the CreateFunction operation`,
    )
  return bytes
}

/** With the caller's own rights. */
async function fromBucket(
  Bucket: string,
  Key: string,
  VersionId: string | undefined,
  call: Call,
): Promise<Uint8Array> {
  try {
    const input = { Bucket, Key, ...(VersionId && { VersionId }) }
    const { Body } = await call.aws('s3', 'GetObject', input, 'caller')
    return await bytesOf(Body)
  } catch (error) {
    if (!(error instanceof AwsError)) throw error
    const said = `S3 Error Code: ${error.code}. S3 Error Message: ${error.message}`
    if (error.status === 403)
      throw new AwsError(
        'AccessDeniedException',
        `Your access has been denied by S3, please make sure your request credentials have permission to GetObject for ${Bucket}/${Key}. ${said}`,
        403,
      )
    throw error.status === 413 ? error : invalidParameter(`Error occurred while GetObject. ${said}`)
  }
}

async function bytesOf(body: unknown): Promise<Uint8Array> {
  if (body instanceof Uint8Array) return body
  const pieces: Uint8Array[] = []
  let bytes = 0
  for await (const piece of body as AsyncIterable<Uint8Array>) {
    bytes += piece.length
    if (bytes > limits.unpackedBytes)
      throw tooLarge(`Unzipped size must be smaller than ${limits.unpackedBytes} bytes`)
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

/** What a function and its layers unpack to. @throws AwsError InvalidParameterValueException */
export function checkUnpacked(all: readonly Pick<CodeRecord, 'unpackedBytes'>[]): void {
  const bytes = all.reduce((sum, { unpackedBytes = 0 }) => sum + unpackedBytes, 0)
  if (bytes > limits.unpackedBytes)
    throw invalidParameter(
      `Function code combined with layers exceeds the maximum allowed size of ${limits.unpackedBytes} bytes. The actual size is ${bytes} bytes.`,
    )
}

/** Takes code away that neither the function nor a version of it has any more. */
export async function dropCode(
  { documents, blobs }: Pick<Call, 'documents' | 'blobs'>,
  named: FunctionName,
  blob: string,
): Promise<void> {
  if (!(await isUsed(documents, named, blob))) await blobs.delete(blob)
}

async function isUsed(reader: Reader, named: FunctionName, blob: string): Promise<boolean> {
  if ((await readFunction(reader, named))?.code.blob === blob) return true
  const prefix = `${keyOf(named)}/`
  const versions = await reader.list<VersionRecord>(lambdaCollections.versions, { prefix })
  return versions.some(({ value }) => value.code.blob === blob)
}

/**
 * Takes away what no function and no layer has: what was stored for them, or was theirs, when a process was killed. Nobody
 * may be storing code meanwhile.
 */
export async function sweepCode({
  documents,
  blobs,
}: Pick<Call, 'documents' | 'blobs'>): Promise<void> {
  const { functions, versions, layerVersions } = lambdaCollections
  const used = new Set<string>()
  for (const collection of [functions, versions, layerVersions])
    for (const { value } of await documents.list<HasCode>(collection))
      for (const { code } of [value, ...(value.layers ?? [])]) used.add(code.blob)
  for await (const blob of blobs.list(blobPrefix)) if (!used.has(blob)) await blobs.delete(blob)
}

type HasCode = Pick<FunctionRecord, 'code' | 'layers'>

/** How long a link to code may be followed. @see Lambda API Reference, "FunctionCodeLocation" */
const linkMs = 10 * 60_000

/** Where a function's or layer's archive can be fetched. */
export function codeLink(code: CodeRecord, name: string, call: Call): Promise<string> {
  return call.functions.linkTo({ blob: code.blob, name: `${name}.zip`, forMs: linkMs })
}
