/** Which versions has a key, which of them is the current one, and what comes and goes in their list. */
import type { Reader, Transaction } from '@sekisho/store'
import { loosen } from './content.ts'
import { invalidArgument } from './errors.ts'
import {
  type BucketRecord,
  type Content,
  objectKey,
  s3Collections,
  type VersionRecord,
  versionKey,
  versionsOf,
} from './records.ts'

/** Of what was written while the bucket kept no versions. */
export const nullVersion = 'null'

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._'
const idLength = 32
const placeLength = 9
const randomLength = idLength - placeLength

/** A version that has no place yet. */
export type NewVersion = Omit<VersionRecord, 'versionId' | 'place'>

/** Made before the transaction, which may run more than once. */
export function randomVersion(ids: { text: (alphabet: string, length: number) => string }): string {
  return ids.text(alphabet, randomLength)
}

export interface Change<T> {
  readonly result: T
  /** For `discardSoon` once the transaction has succeeded. */
  readonly loose: readonly Content[]
}

/** The version becomes the key's current one. */
export async function addVersion(
  transaction: Transaction,
  bucket: BucketRecord,
  made: NewVersion,
  random: string,
): Promise<Change<VersionRecord>> {
  const loose: Content[] = []
  const newest = await newestOf(transaction, bucket, made.key)
  const place = placeFor(made.modifiedAt, newest)
  const isKept = bucket.versioning === 'Enabled'
  if (!isKept) {
    const replaced =
      newest?.versionId === nullVersion
        ? newest
        : bucket.versioning && (await nullOf(transaction, bucket, made.key))
    if (replaced) remove(transaction, bucket, replaced, made.modifiedAt, loose)
  }
  const version: VersionRecord = {
    ...made,
    // As HTTP's dates have it: lists and headers say the same.
    modifiedAt: Math.floor(made.modifiedAt / 1_000) * 1_000,
    versionId: isKept ? encodePlace(place) + random : nullVersion,
    place,
  }
  transaction.put(s3Collections.versions, versionKey(bucket, version), version)
  show(transaction, bucket, version)
  return { result: version, loose }
}

/**
 * A plain delete: nothing is left of an object without versions, others get a delete marker.
 *
 * @returns the marker, if there is one
 */
export async function hideKey(
  transaction: Transaction,
  bucket: BucketRecord,
  key: string,
  random: string,
  nowMs: number,
): Promise<Change<VersionRecord | undefined>> {
  if (bucket.versioning !== undefined) {
    const marker = { key, modifiedAt: nowMs, isMarker: true, size: 0, etag: '' } as const
    return addVersion(transaction, bucket, marker, random)
  }
  const loose: Content[] = []
  const current = await currentOf(transaction, bucket, key)
  if (current) remove(transaction, bucket, current, nowMs, loose)
  transaction.delete(s3Collections.objects, objectKey(bucket, key))
  return { result: undefined, loose }
}

/** One version for good; the one before it takes its place. */
export async function removeVersion(
  transaction: Transaction,
  bucket: BucketRecord,
  version: VersionRecord,
  nowMs: number,
): Promise<readonly Content[]> {
  const loose: Content[] = []
  remove(transaction, bucket, version, nowMs, loose)
  const newest = await newestOf(transaction, bucket, version.key)
  show(transaction, bucket, newest, version.key)
  return loose
}

/** The same version with something else said of it. */
export function replaceVersion(
  transaction: Transaction,
  bucket: BucketRecord,
  version: VersionRecord,
  isCurrent: boolean,
): void {
  transaction.put(s3Collections.versions, versionKey(bucket, version), version)
  if (isCurrent) show(transaction, bucket, version)
}

function remove(
  transaction: Transaction,
  bucket: BucketRecord,
  version: VersionRecord,
  nowMs: number,
  loose: Content[],
): void {
  transaction.delete(s3Collections.versions, versionKey(bucket, version))
  if (version.content === undefined) return
  loosen(transaction, version.content, nowMs)
  loose.push(version.content)
}

/** What the key holds from now on. */
function show(
  transaction: Transaction,
  bucket: BucketRecord,
  version: VersionRecord | undefined,
  key = version?.key ?? '',
): void {
  if (version === undefined || version.isMarker)
    transaction.delete(s3Collections.objects, objectKey(bucket, key))
  else transaction.put(s3Collections.objects, objectKey(bucket, key), version)
}

/** Neither missing nor a delete marker. */
export async function currentOf(
  reader: Reader,
  bucket: BucketRecord,
  key: string,
): Promise<VersionRecord | undefined> {
  return (await reader.get<VersionRecord>(s3Collections.objects, objectKey(bucket, key)))?.value
}

/** Current version or delete marker. */
export async function newestOf(
  reader: Reader,
  bucket: BucketRecord,
  key: string,
): Promise<VersionRecord | undefined> {
  if (bucket.versioning === undefined) return currentOf(reader, bucket, key)
  const prefix = versionsOf(bucket, key)
  const [newest] = await reader.list<VersionRecord>(s3Collections.versions, { prefix, limit: 1 })
  return newest?.value
}

async function nullOf(
  reader: Reader,
  bucket: BucketRecord,
  key: string,
): Promise<VersionRecord | undefined> {
  const prefix = versionsOf(bucket, key)
  const all = await reader.list<VersionRecord>(s3Collections.versions, { prefix })
  return all.find(({ value }) => value.versionId === nullVersion)?.value
}

/**
 * @returns undefined where there is none
 * @throws AwsError InvalidArgument  no id of a version
 */
export async function versionOf(
  reader: Reader,
  bucket: BucketRecord,
  key: string,
  versionId: string,
): Promise<VersionRecord | undefined> {
  if (versionId === nullVersion) {
    const current = await currentOf(reader, bucket, key)
    return current?.versionId === nullVersion ? current : nullOf(reader, bucket, key)
  }
  const stored = await reader.get<VersionRecord>(
    s3Collections.versions,
    versionsOf(bucket, key) + placeOf(versionId, 'versionId'),
  )
  return stored?.value.versionId === versionId ? stored.value : undefined
}

/**
 * The stored key behind which the versions after this one are, whether or not it is still there: lists go on while what they
 * named is deleted.
 *
 * @throws AwsError InvalidArgument
 */
export async function placeBehind(
  reader: Reader,
  bucket: BucketRecord,
  key: string,
  versionId: string,
): Promise<string> {
  if (versionId !== nullVersion)
    return versionsOf(bucket, key) + placeOf(versionId, 'version-id-marker')
  const found = await versionOf(reader, bucket, key, nullVersion)
  // Its place is gone with it: what was before it may come again, and nothing is left out.
  return found ? versionKey(bucket, found) : versionsOf(bucket, key)
}

/** @throws AwsError InvalidArgument  no id of a version */
function placeOf(versionId: string, argument: string): string {
  if (versionId.length !== idLength || !/^[\w.]+$/.test(versionId))
    throw invalidArgument('Invalid version id specified', argument, versionId)
  return decodePlace(versionId.slice(0, placeLength))
}

/** Greater than any time in microseconds that will come here. */
const endOfTime = 9_000_000_000_000_000

/** Before all that is there, even within one millisecond, or when the clock went back. */
function placeFor(nowMs: number, newest: VersionRecord | undefined): string {
  const byTime = endOfTime - nowMs * 1_000
  const place = newest ? Math.min(byTime, Number(newest.place) - 1) : byTime
  return String(place).padStart(16, '0')
}

function encodePlace(place: string): string {
  let rest = Number(place)
  let text = ''
  for (let at = 0; at < placeLength; at++) {
    text = alphabet[rest % alphabet.length]! + text
    rest = Math.floor(rest / alphabet.length)
  }
  return text
}

function decodePlace(text: string): string {
  let place = 0
  for (const character of text) place = place * alphabet.length + alphabet.indexOf(character)
  return String(place).padStart(16, '0')
}
