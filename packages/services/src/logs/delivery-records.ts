/** What is kept of the delivery of logs: where they come from, where they go, and what joins the two. */
import { defaultLogFields, type LogDelivery } from '@sekisho/edge'
import { AwsError } from '@sekisho/protocols'
import type { Reader } from '@sekisho/store'
import { notFound } from './errors.ts'
import { identifiedGroup, type Owner } from './records.ts'

export const deliveryCollections = {
  source: 'logs/delivery-sources',
  destination: 'logs/delivery-destinations',
  /** By id. */
  delivery: 'logs/deliveries',
} as const

export interface SourceRecord {
  readonly name: string
  /** Of a distribution. */
  readonly resourceArn: string
  readonly logType: string
}

export interface DestinationRecord {
  readonly name: string
  readonly outputFormat: 'json' | 'plain'
  /** ARN of a log group. */
  readonly resourceArn: string
}

export interface DeliveryRecord {
  readonly id: string
  readonly sourceName: string
  readonly destinationName: string
  /** Absent: the default ones. */
  readonly fields?: readonly string[]
  readonly delimiter?: string
}

/** Where CloudFront's logs are set up. @see CloudFront Developer Guide, "Configure standard logging (v2)" */
export const cloudfrontRegion = 'us-east-1'

/** Of each kind in one account and region. @see CloudWatch Logs User Guide, "CloudWatch Logs quotas" */
export const mostOfAKind = 1_000
export const largestPage = 50

const error = (code: string) => (message: string) => new AwsError(code, message, 400)
export const conflict = error('ConflictException')
export const invalid = error('ValidationException')
export const overQuota = error('ServiceQuotaExceededException')

/** The group that was opened is no longer the one that is written to. */
export const changedMeanwhile = () =>
  conflict('The deliveries of this destination were changed by another request. Try again.')

/** Said, never ignored. */
export const notBuilt = (what: string) => invalid(`${what} is not supported by Sekisho yet.`)

export interface DeliveryRecords {
  readonly source: SourceRecord
  readonly destination: DestinationRecord
  readonly delivery: DeliveryRecord
}

type Kind = keyof DeliveryRecords

/** In ARNs. */
const types = {
  source: 'delivery-source',
  destination: 'delivery-destination',
  delivery: 'delivery',
} as const satisfies Record<Kind, string>

/** By what one is found: sources and destinations have no other id than their name. */
export function idOf(record: DeliveryRecords[Kind]): string {
  return 'id' in record ? record.id : record.name
}

export function deliveryArn(kind: Kind, name: string, { accountId, region }: Owner): string {
  return `arn:aws:logs:${region}:${accountId}:${types[kind]}:${name}`
}

export function deliveryKey({ accountId, region }: Owner, name: string): string {
  return `${accountId}/${region}/${name}`
}

/** @throws AwsError ResourceNotFoundException */
export async function keptOf<K extends Kind>(
  reader: Reader,
  kind: K,
  name: string,
  owner: Owner,
): Promise<DeliveryRecords[K]> {
  const key = deliveryKey(owner, name)
  const found = await reader.get<DeliveryRecords[K]>(deliveryCollections[kind], key)
  if (found === undefined)
    throw notFound(`Requested ${types[kind].replace('-', ' ')} does not exist: ${name}`)
  return found.value
}

/** In the order of their ids. */
export async function allKept<K extends Kind>(
  reader: Reader,
  kind: K,
  owner: Owner,
): Promise<readonly DeliveryRecords[K][]> {
  const prefix = deliveryKey(owner, '')
  const found = await reader.list<DeliveryRecords[K]>(deliveryCollections[kind], { prefix })
  return found.map(({ value }) => value)
}

/** @throws AwsError ValidationException, ResourceNotFoundException */
export function destinationName(arn: string, owner: Owner): string {
  const [, region, accountId, name] =
    /^arn:aws:logs:([a-z0-9-]+):(\d{12}):delivery-destination:([\w-]{1,60})$/.exec(arn) ?? []
  if (name === undefined) throw invalid(`Invalid delivery destination ARN: ${arn}`)
  if (accountId !== owner.accountId) throw notBuilt('Delivery to another account')
  if (region !== owner.region)
    throw notFound(`Requested delivery destination does not exist: ${name}`)
  return name
}

/** Of a distribution's log, wherever it goes. */
export async function deliveriesOf(
  reader: Reader,
  accountId: string,
  resourceArn: string,
): Promise<readonly LogDelivery[]> {
  const owner = { accountId, region: cloudfrontRegion }
  const sources = await allKept(reader, 'source', owner)
  const source = sources.find((each) => each.resourceArn === resourceArn)
  if (source === undefined) return []
  const deliveries = await allKept(reader, 'delivery', owner)
  const destinations = await allKept(reader, 'destination', owner)
  return deliveries
    .filter(({ sourceName }) => sourceName === source.name)
    .flatMap(({ id, destinationName: name, fields, delimiter }) => {
      const destination = destinations.find((each) => each.name === name)
      // Gone since the deliveries were read.
      if (destination === undefined) return []
      return {
        id,
        sourceArn: deliveryArn('source', source.name, owner),
        region: owner.region,
        logGroup: identifiedGroup(destination.resourceArn, owner).name,
        fields: fields ?? defaultLogFields,
        includesCookies: fields?.includes('cs(Cookie)') ?? false,
        ...(destination.outputFormat === 'plain' && { delimiter: delimiter ?? '\t' }),
      }
    })
}
