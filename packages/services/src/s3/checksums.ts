/** Checksums that clients send and ask for: told apart, computed as the bytes go by, compared. */
import { createHash } from 'node:crypto'
import { type CrcName, combineCrcs, createCrc } from './crc.ts'
import { notSupported, s3Error } from './errors.ts'
import type { Checksum, ChecksumAlgorithm } from './records.ts'

interface Row {
  /** Of inputs and outputs. */
  readonly member: `Checksum${ChecksumAlgorithm}`
  readonly header: string
  readonly digestBytes: number
  readonly crc?: CrcName
  readonly hash?: string
}

/** @see Amazon S3 User Guide, "Checking object integrity in Amazon S3" */
export const checksumRows = {
  CRC32: row('CRC32', 4, { crc: 'crc32' }),
  CRC32C: row('CRC32C', 4, { crc: 'crc32c' }),
  CRC64NVME: row('CRC64NVME', 8, { crc: 'crc64nvme' }),
  SHA1: row('SHA1', 20, { hash: 'sha1' }),
  SHA256: row('SHA256', 32, { hash: 'sha256' }),
  SHA512: row('SHA512', 64, { hash: 'sha512' }),
  MD5: row('MD5', 16, { hash: 'md5' }),
} as const satisfies Record<ChecksumAlgorithm, Row>

function row(
  algorithm: ChecksumAlgorithm,
  digestBytes: number,
  how: Pick<Row, 'crc' | 'hash'>,
): Row {
  const header = `x-amz-checksum-${algorithm.toLowerCase()}`
  return { member: `Checksum${algorithm}`, header, digestBytes, ...how }
}

export const checksumAlgorithms = Object.keys(checksumRows) as readonly ChecksumAlgorithm[]

/** Of whom nothing was asked. */
export const defaultAlgorithm = 'CRC64NVME'

/** Members of inputs with checksums that are not computed here. */
const unknownMembers = ['ChecksumXXHASH64', 'ChecksumXXHASH3', 'ChecksumXXHASH128'] as const

/** What a request says of its body's checksum. */
export interface ClaimedChecksum {
  readonly algorithm: ChecksumAlgorithm
  /** Base64; absent: it follows the body. */
  readonly value?: string
}

type Given = Readonly<Record<string, unknown>>

/**
 * @param trailerNames  announced to follow the body, in lower case
 * @throws AwsError InvalidRequest
 */
export function claimedChecksum(
  input: object,
  trailerNames: readonly string[],
): ClaimedChecksum | undefined {
  const given = input as Given
  const unknown = unknownMembers.find((member) => given[member] !== undefined)
  if (unknown !== undefined) throw notSupported(`The checksum algorithm of ${unknown}`)
  const claimed: ClaimedChecksum[] = []
  for (const algorithm of checksumAlgorithms) {
    const { member, header } = checksumRows[algorithm]
    const value = given[member]
    if (typeof value === 'string') claimed.push({ algorithm, value: checkForm(algorithm, value) })
    else if (trailerNames.includes(header)) claimed.push({ algorithm })
  }
  if (claimed.length > 1)
    throw s3Error(
      'InvalidRequest',
      'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.',
    )
  const named = given['ChecksumAlgorithm']
  if (typeof named === 'string') {
    const algorithm = algorithmNamed(named)
    if (claimed.length === 0)
      throw s3Error(
        'InvalidRequest',
        'x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.',
      )
    if (claimed[0]!.algorithm !== algorithm)
      throw s3Error('InvalidRequest', 'Value for x-amz-sdk-checksum-algorithm header is invalid.')
  }
  return claimed[0]
}

/** @throws AwsError InvalidRequest, NotImplemented */
export function algorithmNamed(name: string): ChecksumAlgorithm {
  const upper = name.toUpperCase()
  if (Object.hasOwn(checksumRows, upper)) return upper as ChecksumAlgorithm
  if (upper.startsWith('XXHASH')) throw notSupported(`The checksum algorithm ${upper}`)
  throw s3Error(
    'InvalidRequest',
    'Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]',
  )
}

/** @throws AwsError InvalidRequest  no digest of this algorithm */
export function checkForm(algorithm: ChecksumAlgorithm, value: string): string {
  const { header, digestBytes } = checksumRows[algorithm]
  const bytes = Buffer.from(value, 'base64')
  if (bytes.length !== digestBytes || bytes.toString('base64') !== value)
    throw s3Error('InvalidRequest', `Value for ${header} header is invalid.`)
  return value
}

export function badChecksum(algorithm: ChecksumAlgorithm) {
  return s3Error(
    'BadDigest',
    `The ${algorithm} you specified did not match the calculated checksum.`,
  )
}

/** Takes bytes as they come. */
export interface Digester {
  readonly update: (bytes: Uint8Array) => void
  /** Base64. */
  readonly digest: () => string
}

export function createDigester(algorithm: ChecksumAlgorithm): Digester {
  const { crc, hash }: Row = checksumRows[algorithm]
  if (crc !== undefined) {
    const made = createCrc(crc)
    return { update: made.update, digest: () => Buffer.from(made.digest()).toString('base64') }
  }
  const made = createHash(hash!)
  return { update: (bytes) => void made.update(bytes), digest: () => made.digest('base64') }
}

export function digestOf(algorithm: ChecksumAlgorithm, bytes: Uint8Array): string {
  const digester = createDigester(algorithm)
  digester.update(bytes)
  return digester.digest()
}

/** The checksum of an object that was uploaded in parts. */
export function joinedChecksum(
  { algorithm, type }: Pick<Checksum, 'algorithm' | 'type'>,
  parts: readonly { readonly value: string; readonly size: number }[],
): Checksum {
  const digests = parts.map(({ value, size }) => ({ digest: Buffer.from(value, 'base64'), size }))
  const { crc }: Row = checksumRows[algorithm]
  if (type === 'FULL_OBJECT' && crc !== undefined)
    return {
      algorithm,
      type,
      value: Buffer.from(combineCrcs(crc, digests)).toString('base64'),
    }
  const whole = digestOf(algorithm, Buffer.concat(digests.map(({ digest }) => digest)))
  return { algorithm, type, value: `${whole}-${parts.length}` }
}

/** Which type an algorithm has where nothing is said, and which it may have. */
export const checksumTypes = {
  CRC32: ['COMPOSITE', 'FULL_OBJECT'],
  CRC32C: ['COMPOSITE', 'FULL_OBJECT'],
  CRC64NVME: ['FULL_OBJECT'],
  SHA1: ['COMPOSITE'],
  SHA256: ['COMPOSITE'],
  SHA512: ['COMPOSITE'],
  MD5: ['COMPOSITE'],
} as const satisfies Record<ChecksumAlgorithm, readonly Checksum['type'][]>

/** The members of an output that say it. */
export function shownChecksum(
  checksum: Pick<Checksum, 'algorithm' | 'value'> & Partial<Checksum>,
): Record<string, string> {
  return {
    [checksumRows[checksum.algorithm].member]: checksum.value,
    ...(checksum.type && { ChecksumType: checksum.type }),
  }
}
