/** A function's code: where it comes from, what is kept of it, and until when. */
import { createHash } from 'node:crypto'
import type { Reader } from '@sekisho/store'
import type { Call } from '../service.ts'
import { invalidParameter, notSupported, tooLarge } from './errors.ts'
import { type FunctionName, keyOf } from './names.ts'
import {
  type FunctionRecord,
  lambdaCollections,
  readFunction,
  type VersionRecord,
} from './records.ts'
import { RunnerError } from './runner.ts'

/** @see Lambda Developer Guide, "Lambda quotas" */
const zipBytes = 50 * 1024 * 1024

export interface GivenCode {
  readonly ZipFile?: Uint8Array | undefined
  readonly S3Bucket?: string | undefined
  readonly ImageUri?: string | undefined
}

/** @throws AwsError InvalidParameterValueException, RequestEntityTooLargeException */
export async function storeCode(given: GivenCode, call: Call): Promise<FunctionRecord['code']> {
  const bytes = await codeOf(given, call)
  const hash = createHash('sha256').update(bytes).digest()
  const blob = `lambda/${call.accountId}/${call.ids.uuid()}`
  await call.blobs.put(blob, bytes)
  return {
    blob,
    sha256: hash.toString('hex'),
    sha256Base64: hash.toString('base64'),
    sizeBytes: bytes.length,
  }
}

async function codeOf(given: GivenCode, call: Call): Promise<Uint8Array> {
  if (given.S3Bucket !== undefined) throw notSupported('Code from S3')
  if (given.ImageUri !== undefined) throw notSupported('A function from a container image')
  const bytes = given.ZipFile
  if (bytes === undefined) throw invalidParameter('Please provide a source for function code.')
  if (bytes.length > zipBytes)
    throw tooLarge(
      `Request must be smaller than ${zipBytes} bytes for the CreateFunction operation`,
    )
  try {
    await call.functions.inspect(bytes)
  } catch (error) {
    if (error instanceof RunnerError) throw invalidParameter(error.message)
    throw error
  }
  return bytes
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
