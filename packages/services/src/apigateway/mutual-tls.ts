/** Whom may a domain name's clients be vouched for by: certificates from S3, as they were when they were set. */
import type * as Sdk from '@aws-sdk/client-api-gateway'
import { readTruststore } from '@sekisho/gateway'
import { AwsError, type Values } from '@sekisho/protocols'
import type { Call, Need, RequestKeys } from '../service.ts'
import type { DomainRecord, MutualTlsRecord } from './domain-records.ts'
import { badRequest, conflict } from './errors.ts'
import type { PatchTable } from './patch.ts'

/** @see API Gateway Developer Guide, "How to turn on mutual TLS authentication for your REST APIs" (truststore) */
const limits = { bytes: 1024 * 1024, certificates: 1_000 } as const

type Named = Pick<MutualTlsRecord, 'truststoreUri' | 'truststoreVersion'>

/** @throws AwsError BadRequestException */
export async function newMutualTls(
  { truststoreUri, truststoreVersion }: Sdk.MutualTlsAuthenticationInput = {},
  call: Call,
): Promise<MutualTlsRecord | undefined> {
  if (truststoreUri === undefined) {
    if (truststoreVersion === undefined) return undefined
    throw badRequest('truststoreVersion requires a truststoreUri.')
  }
  return loadTruststore({ truststoreUri, ...(truststoreVersion && { truststoreVersion }) }, call)
}

/**
 * What S3 holds is read before anything is changed, and counts for what was asked for alone.
 *
 * @param asked  the domain as it would be
 * @throws AwsError BadRequestException
 */
export async function truststoreAfter(
  { mutualTls: asked }: DomainRecord,
  operations: readonly Sdk.PatchOperation[] | undefined,
  call: Call,
): Promise<(changed: DomainRecord) => DomainRecord> {
  if (asked === undefined || truststoreIn(operations) === undefined) return (changed) => changed
  const mutualTls = await loadTruststore(asked, call)
  return (changed) => {
    const { truststoreUri, truststoreVersion } = changed.mutualTls ?? {}
    if (truststoreUri !== asked.truststoreUri || truststoreVersion !== asked.truststoreVersion)
      throw conflict(
        'Unable to complete operation due to concurrent modification. Please try again later.',
      )
    return { ...changed, mutualTls }
  }
}

/** @throws AwsError BadRequestException  it cannot be read by the caller, or holds no certificate */
async function loadTruststore(
  { truststoreUri, truststoreVersion }: Named,
  call: Call,
): Promise<MutualTlsRecord> {
  const [, Bucket, Key] = /^s3:\/\/([a-z0-9.-]+)\/(.+)$/s.exec(truststoreUri) ?? []
  if (Bucket === undefined || Key === undefined)
    throw badRequest('Invalid truststoreUri. It must be an S3 URL like s3://bucket-name/key-name.')
  const version = truststoreVersion && { VersionId: truststoreVersion }
  const pem = await textOf({ Bucket, Key, ...version }, truststoreUri, call)
  const { certificates, warnings } = readTruststore(pem, call.now.getTime())
  if (certificates.length === 0)
    throw badRequest(`The truststore ${truststoreUri} holds no certificate.`)
  if (certificates.length > limits.certificates)
    throw badRequest(`The truststore ${truststoreUri} holds more than 1000 certificates.`)
  return {
    truststoreUri,
    ...(truststoreVersion && { truststoreVersion }),
    certificates: certificates.map(String).join(''),
    warnings,
  }
}

/** With the caller's own rights. */
async function textOf(input: Values, uri: string, call: Call): Promise<string> {
  try {
    const { Body } = await call.aws('s3', 'GetObject', input, 'caller')
    const pieces: Uint8Array[] = []
    let bytes = 0
    const body = Body instanceof Uint8Array ? [Body] : (Body as AsyncIterable<Uint8Array>)
    for await (const piece of body) {
      bytes += piece.length
      if (bytes > limits.bytes) throw badRequest(`The truststore ${uri} is larger than 1 MB.`)
      pieces.push(piece)
    }
    return Buffer.concat(pieces).toString('latin1')
  } catch (error) {
    if (!(error instanceof AwsError) || error.code === 'BadRequestException') throw error
    throw badRequest(
      `Unable to read the truststore ${uri}. S3 answered ${error.code}: ${error.message}`,
    )
  }
}

/** @throws AwsError BadRequestException */
export function checkMutualTls(record: DomainRecord): DomainRecord {
  if (record.mutualTls === undefined) return record
  if (record.endpointType !== 'REGIONAL')
    throw badRequest('Mutual TLS is only supported for regional domain names.')
  if (record.securityPolicy !== 'TLS_1_2')
    throw badRequest('Mutual TLS requires the security policy TLS_1_2.')
  return record
}

/** Whoever may change a domain may not yet say who is let in. @see Service Authorization Reference */
export function truststoreNeeds(
  { region }: Call,
  path: string,
  uri: string | undefined,
): readonly Need[] {
  if (uri === undefined) return []
  return [
    {
      action: `apigateway:${uri === '' ? 'RemoveCertificateFromDomain' : 'AddCertificateToDomain'}`,
      resource: `arn:aws:apigateway:${region}::${path}`,
    },
  ]
}

/** @see Service Authorization Reference, "Condition keys for Amazon API Gateway Management" */
export function truststoreKeys(uri: string | undefined, version: string | undefined): RequestKeys {
  return {
    ...(uri !== undefined && { 'apigateway:Request/MtlsTrustStoreUri': uri }),
    ...(version !== undefined && { 'apigateway:Request/MtlsTrustStoreVersion': version }),
  }
}

/** What a domain's changes say of its truststore: empty where it is removed; undefined: nothing. */
export function truststoreIn(operations: readonly Sdk.PatchOperation[] = []): string | undefined {
  const last = operations.findLast(({ path }) => path?.startsWith('/mutualTlsAuthentication/'))
  if (last === undefined) return undefined
  const isRemoved = last.path?.endsWith('/truststoreUri') && (last.op === 'remove' || !last.value)
  return isRemoved ? '' : (last.value ?? '-')
}

/** Only named; what it holds is read once all is said. */
export const mutualTlsPatches: PatchTable<DomainRecord> = {
  '/mutualTlsAuthentication/truststoreUri': {
    ops: ['add', 'replace', 'remove'],
    apply({ mutualTls, ...record }, { op, value }) {
      if (op === 'remove' || value === '') return record
      const kept = mutualTls?.truststoreUri === value ? mutualTls : undefined
      return { ...record, mutualTls: { ...unread, ...kept, truststoreUri: value } }
    },
  },
  '/mutualTlsAuthentication/truststoreVersion': {
    ops: ['add', 'replace', 'remove'],
    apply({ mutualTls, ...record }, { op, value }) {
      if (mutualTls === undefined) throw badRequest('truststoreVersion requires a truststoreUri.')
      const { truststoreVersion: _, ...unversioned } = mutualTls
      const isRemoved = op === 'remove' || value === ''
      return {
        ...record,
        mutualTls: { ...unversioned, ...(!isRemoved && { truststoreVersion: value }) },
      }
    },
  },
}

const unread = { certificates: '', warnings: [] } as const

export function shownMutualTls(
  record: MutualTlsRecord | undefined,
): Sdk.MutualTlsAuthentication | undefined {
  return (
    record && {
      truststoreUri: record.truststoreUri,
      truststoreVersion: record.truststoreVersion,
      ...(record.warnings.length > 0 && { truststoreWarnings: [...record.warnings] }),
    }
  )
}
