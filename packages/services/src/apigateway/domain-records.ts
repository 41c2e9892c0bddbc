/** What is kept of a custom domain name, and how is it found? */
import type { Reader, Transaction } from '@sekisho/store'
import type { Call } from '../service.ts'
import { badRequest, notFound } from './errors.ts'
import type { SecurityPolicy } from './security-policies.ts'

export const domainCollections = {
  domains: 'apigateway/domain-names',
  /** Domain name to account and region: one host leads to one place. */
  owners: 'apigateway/domain-owners',
} as const

/** Where a base path leads. */
export interface BasePathRecord {
  readonly restApiId: string
  /** Absent: the first segment of the path names it. */
  readonly stage?: string
}

/** Who may call: whoever these certificates vouch for. */
export interface MutualTlsRecord {
  /** Where they came from. */
  readonly truststoreUri: string
  readonly truststoreVersion?: string
  /** PEM. */
  readonly certificates: string
  readonly warnings: readonly string[]
}

/** A domain name with its base paths: one record, so that changes to it never overtake each other. Times are epoch milliseconds. */
export interface DomainRecord {
  /** Lower case; `*.example.com` stands for every name one label longer. */
  readonly name: string
  readonly accountId: string
  readonly region: string
  readonly endpointType: 'REGIONAL' | 'EDGE'
  readonly ipAddressType: 'ipv4' | 'dualstack'
  readonly securityPolicy: SecurityPolicy
  readonly certificateArn?: string
  readonly certificateName?: string
  readonly certificateChangedAt?: number
  readonly regionalCertificateArn?: string
  readonly regionalCertificateName?: string
  /** First labels of the names that AWS would have DNS point to. */
  readonly regionalId: string
  readonly distributionId: string
  /** Absent: whoever connects may call. */
  readonly mutualTls?: MutualTlsRecord
  readonly ownershipVerificationCertificateArn?: string
  readonly tags: Readonly<Record<string, string>>
  readonly createdAt: number
  /** By base path; empty for the one that is called `(none)`. */
  readonly mappings: Readonly<Record<string, BasePathRecord>>
}

type Owner = Pick<DomainRecord, 'accountId' | 'region'>

export function domainKey({ accountId, region }: Owner, name: string): string {
  return `${accountId}/${region}/${name}`
}

/** Of the caller's account and region. */
export async function findDomain(
  reader: Reader,
  call: Owner,
  name: string,
): Promise<DomainRecord | undefined> {
  const key = domainKey(call, name.toLowerCase())
  return (await reader.get<DomainRecord>(domainCollections.domains, key))?.value
}

/** @throws AwsError NotFoundException */
export async function getDomain(reader: Reader, call: Owner, name: string): Promise<DomainRecord> {
  const found = await findDomain(reader, call, name)
  if (found === undefined) throw notFound('Invalid domain name identifier specified')
  return found
}

export function putDomain(transaction: Transaction, record: DomainRecord): void {
  transaction.put(domainCollections.domains, domainKey(record, record.name), record)
}

export async function domainsOf(reader: Reader, call: Owner): Promise<readonly DomainRecord[]> {
  const prefix = domainKey(call, '')
  const stored = await reader.list<DomainRecord>(domainCollections.domains, { prefix })
  return stored.map(({ value }) => value)
}

export function updateDomain(
  call: Call,
  name: string,
  change: (record: DomainRecord, transaction: Transaction) => DomainRecord | Promise<DomainRecord>,
): Promise<DomainRecord> {
  return call.documents.transact(async (transaction) => {
    const changed = await change(await getDomain(transaction, call, name), transaction)
    putDomain(transaction, changed)
    return changed
  })
}

/** An API, or a stage of it, that a domain name leads to is not deleted. @throws AwsError BadRequestException */
export async function refuseMapped(
  reader: Reader,
  call: Owner,
  restApiId: string,
  stageName?: string,
): Promise<void> {
  const leadsThere = ({ mappings }: DomainRecord) =>
    Object.values(mappings).some(
      (each) =>
        each.restApiId === restApiId && (stageName === undefined || each.stage === stageName),
    )
  const names = (await domainsOf(reader, call)).filter(leadsThere).map(({ name }) => name)
  if (names.length === 0) return
  const what = stageName === undefined ? 'RestApi' : 'stage'
  throw badRequest(
    `Deleting ${what} ${stageName ?? restApiId} failed. Please remove all base path mappings related to the ${what} in your domains: ${names.join(', ')}`,
  )
}

/** For the data plane: what a host leads to. The name itself goes before the wildcard above it. */
export async function loadDomain(reader: Reader, host: string): Promise<DomainRecord | undefined> {
  for (const name of [host, host.replace(/^[^.]+/, '*')]) {
    const owner = await reader.get<Owner>(domainCollections.owners, name)
    if (!owner) continue
    const stored = await reader.get<DomainRecord>(
      domainCollections.domains,
      domainKey(owner.value, name),
    )
    if (stored) return stored.value
  }
  return undefined
}
