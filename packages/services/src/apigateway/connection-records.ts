/** What is kept of VPC links and client certificates, and how is it found? */
import type { Reader, Transaction } from '@sekisho/store'
import type { Call } from '../service.ts'
import { notFound } from './errors.ts'

export const connectionCollections = {
  vpcLinks: 'apigateway/vpc-links',
  clientCertificates: 'apigateway/client-certificates',
} as const

type Kind = keyof typeof connectionCollections
type Place = Pick<Call, 'accountId' | 'region'>

/** Times are epoch milliseconds. */
interface Common extends Place {
  readonly id: string
  readonly description?: string
  readonly createdAt: number
  readonly tags: Readonly<Record<string, string>>
}

export interface VpcLinkRecord extends Common {
  readonly name: string
  /** Of network load balancers. */
  readonly targetArns: readonly string[]
}

export interface ClientCertificateRecord extends Common {
  readonly expiresAt: number
  /** Both as PEM; the key leaves this server never. */
  readonly certificate: string
  readonly privateKey: string
}

interface Records {
  readonly vpcLinks: VpcLinkRecord
  readonly clientCertificates: ClientCertificateRecord
}

const unknown: Readonly<Record<Kind, string>> = {
  vpcLinks: 'Invalid Vpc Link identifier specified',
  clientCertificates: 'Invalid Client Certificate identifier specified',
}

export function connectionKey({ accountId, region }: Place, id: string): string {
  return `${accountId}/${region}/${id}`
}

/** For the data plane. @returns undefined when there is none */
export async function loadConnection<K extends Kind>(
  reader: Reader,
  kind: K,
  place: Place,
  id: string,
): Promise<Records[K] | undefined> {
  return (await reader.get<Records[K]>(connectionCollections[kind], connectionKey(place, id)))
    ?.value
}

/** @throws AwsError NotFoundException */
export async function getConnection<K extends Kind>(
  reader: Reader,
  kind: K,
  place: Place,
  id: string,
): Promise<Records[K]> {
  const found = await loadConnection(reader, kind, place, id)
  if (found === undefined) throw notFound(unknown[kind])
  return found
}

export function putConnection<K extends Kind>(
  transaction: Transaction,
  kind: K,
  record: Records[K],
): void {
  transaction.put(connectionCollections[kind], connectionKey(record, record.id), record)
}

export function dropConnection(transaction: Transaction, kind: Kind, record: Common): void {
  transaction.delete(connectionCollections[kind], connectionKey(record, record.id))
}

export async function connectionsOf<K extends Kind>(
  reader: Reader,
  kind: K,
  place: Place,
): Promise<readonly Records[K][]> {
  const prefix = connectionKey(place, '')
  const stored = await reader.list<Records[K]>(connectionCollections[kind], { prefix })
  return stored.map(({ value }) => value)
}
