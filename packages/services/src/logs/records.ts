/** What is kept of log groups, their streams and the events in them, and how it is found. */
import type { Reader } from '@sekisho/store'
import { invalidParameter, noGroup, noStream } from './errors.ts'

export const logsCollections = {
  groups: 'logs/groups',
  /** Keyed by the group's id and the stream's name. */
  streams: 'logs/streams',
  /** Keyed by the stream's id, the span of time, and the number of the first event. */
  segments: 'logs/segments',
  /** Bytes that a group has taken in, by its id. */
  sizes: 'logs/sizes',
  /** Ids of streams that are gone and whose segments still have to go. */
  gone: 'logs/gone',
} as const

/** Times are epoch milliseconds. */
export interface GroupRecord {
  readonly id: string
  readonly accountId: string
  readonly region: string
  readonly name: string
  readonly createdAt: number
  readonly retentionInDays?: number
  readonly tags: Readonly<Record<string, string>>
}

export interface StreamRecord {
  readonly id: string
  readonly name: string
  readonly createdAt: number
  readonly firstEventAt?: number
  readonly lastEventAt?: number
  readonly lastIngestedAt?: number
  /** Number of the next event: what tells events of one millisecond apart. */
  readonly nextNumber: number
  /** The segment that was written last, and the characters in it. */
  readonly open?: { readonly key: string; readonly size: number }
}

/** Number, time, time of ingestion, message. */
export type KeptEvent = readonly [number: number, at: number, ingestedAt: number, message: string]

export interface Owner {
  readonly accountId: string
  readonly region: string
}

export interface GroupName extends Owner {
  readonly name: string
}

/** Events of one segment lie in one span of this length, so that what is out of order is sorted span by span. */
export const spanMs = 10_000

export function spanOf(at: number): number {
  return Math.floor(at / spanMs)
}

const padded = (value: number, digits: number) => String(value).padStart(digits, '0')

/** The beginning of the keys of all segments of a span. */
export function spanKey(streamId: string, span: number): string {
  return `${streamId}/${padded(span, 12)}`
}

export function segmentKey(streamId: string, span: number, firstNumber: number): string {
  return `${spanKey(streamId, span)}/${padded(firstNumber, 15)}`
}

export function spanOfKey(key: string): number {
  return Number(key.slice(key.indexOf('/') + 1, key.lastIndexOf('/')))
}

export function groupKey({ accountId, region, name }: GroupName): string {
  return `${accountId}/${region}/${name}`
}

/** Without the `:*` that policies end in. */
export function groupArn({ accountId, region, name }: GroupName): string {
  return `arn:aws:logs:${region}:${accountId}:log-group:${name}`
}

export function streamArn(group: GroupName, streamName: string): string {
  return `${groupArn(group)}:log-stream:${streamName}`
}

const arnForm = /^arn:aws[a-z-]*:logs:([a-z0-9-]+):(\d{12}):log-group:([.\-_/#A-Za-z0-9]+)(?::\*)?$/

/**
 * A group by its name, or by its name or ARN.
 *
 * @throws AwsError InvalidParameterException  neither, both, or an ARN of somebody else's
 */
export function namedGroup(
  given: {
    readonly logGroupName?: string | undefined
    readonly logGroupIdentifier?: string | undefined
  },
  owner: Owner,
): GroupName {
  const { logGroupName: name, logGroupIdentifier: identifier } = given
  if ((name === undefined) === (identifier === undefined))
    throw invalidParameter('Exactly one of logGroupName and logGroupIdentifier must be specified.')
  return name === undefined ? identifiedGroup(identifier!, owner) : { ...ownerOf(owner), name }
}

/** @throws AwsError InvalidParameterException  an ARN that is none, or of another account or region */
export function identifiedGroup(identifier: string, owner: Owner): GroupName {
  if (!identifier.startsWith('arn:')) return { ...ownerOf(owner), name: identifier }
  const [, region, accountId, name = ''] = arnForm.exec(identifier) ?? []
  if (region !== owner.region || accountId !== owner.accountId)
    throw invalidParameter(`The specified log group identifier is invalid: ${identifier}`)
  return { region, accountId, name }
}

function ownerOf({ accountId, region }: Owner): Owner {
  return { accountId, region }
}

/** @throws AwsError ResourceNotFoundException */
export async function groupOf(reader: Reader, name: GroupName): Promise<GroupRecord> {
  const found = await reader.get<GroupRecord>(logsCollections.groups, groupKey(name))
  if (found === undefined) throw noGroup()
  return found.value
}

/** @throws AwsError ResourceNotFoundException */
export async function streamOf(
  reader: Reader,
  group: GroupRecord,
  streamName: string,
): Promise<StreamRecord> {
  const key = `${group.id}/${streamName}`
  const found = await reader.get<StreamRecord>(logsCollections.streams, key)
  if (found === undefined) throw noStream()
  return found.value
}

const dayMs = 86_400_000

/** Events before it are no longer there; epoch milliseconds. */
export function keptSince({ retentionInDays }: GroupRecord, nowMs: number): number {
  return retentionInDays === undefined ? 0 : Math.max(0, nowMs - retentionInDays * dayMs)
}
