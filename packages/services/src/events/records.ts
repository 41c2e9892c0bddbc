/** What is kept of event buses and rules. */
import type { Reader } from '@sekisho/store'
import { noBus, noRule } from './errors.ts'
import type { InputRules } from './input.ts'

export const eventsCollections = { buses: 'events-buses', rules: 'events-rules' } as const

export interface Owner {
  readonly accountId: string
  readonly region: string
}

export interface BusName extends Owner {
  readonly name: string
}

/** Times are epoch milliseconds. */
export interface BusRecord extends BusName {
  readonly createdAt: number
  readonly modifiedAt: number
  readonly description?: string | undefined
  readonly deadLetterArn?: string | undefined
  /** A resource policy's JSON text. */
  readonly policy?: string | undefined
  readonly tags: Tags
}

export type Tags = Readonly<Record<string, string>>

export interface RuleName extends Owner {
  readonly bus: string
  readonly name: string
}

export interface RuleRecord extends RuleName {
  readonly createdAt: number
  readonly isEnabled: boolean
  readonly description?: string | undefined
  readonly pattern?: string | undefined
  /** `cron(…)` or `rate(…)`. */
  readonly schedule?: string | undefined
  /** Where a rate counts from; epoch milliseconds. */
  readonly anchorMs: number
  /** Its next run; epoch milliseconds. */
  readonly nextAt?: number | undefined
  readonly roleArn?: string | undefined
  readonly targets: readonly TargetRecord[]
  readonly tags: Tags
}

export interface TargetRecord extends InputRules {
  readonly id: string
  readonly arn: string
  readonly roleArn?: string | undefined
  readonly deadLetterArn?: string | undefined
  readonly retries?: number | undefined
  readonly maxAgeSeconds?: number | undefined
}

/** An event as patterns and targets see it. */
export interface EventObject {
  readonly version: '0'
  readonly id: string
  readonly 'detail-type': string
  readonly source: string
  readonly account: string
  /** ISO 8601, to the second. */
  readonly time: string
  readonly region: string
  readonly resources: readonly string[]
  readonly detail: unknown
}

export function busKey({ accountId, region, name }: BusName): string {
  return `${accountId}/${region}/${name}`
}

export function busArn({ accountId, region, name }: BusName): string {
  return `arn:aws:events:${region}:${accountId}:event-bus/${name}`
}

export function ruleKey({ accountId, region, bus, name }: RuleName): string {
  return `${accountId}/${region}/${bus}/${name}`
}

/** Rules of the default bus do not name it. */
export function ruleArn({ accountId, region, bus, name }: RuleName): string {
  const path = bus === defaultBus ? name : `${bus}/${name}`
  return `arn:aws:events:${region}:${accountId}:rule/${path}`
}

export const defaultBus = 'default'

const busForm = /^arn:aws[a-z-]*:events:([a-z0-9-]+):(\d{12}):event-bus\/([.\-_A-Za-z0-9/]+)$/

/** A bus by its name or its ARN; the default one where none is named. */
export function namedBus(text: string | undefined, { accountId, region }: Owner): BusName {
  const match = busForm.exec(text ?? '')
  return match === null
    ? { accountId, region, name: text ?? defaultBus }
    : { accountId: match[2]!, region: match[1]!, name: match[3]! }
}

/** Every account has a default bus in every region, whether or not anything is kept of it. */
export async function readBus(reader: Reader, name: BusName): Promise<BusRecord | undefined> {
  const found = await reader.get<BusRecord>(eventsCollections.buses, busKey(name))
  if (found) return found.value
  const { accountId, region } = name
  return name.name === defaultBus
    ? { accountId, region, name: defaultBus, createdAt: 0, modifiedAt: 0, tags: {} }
    : undefined
}

/** @throws AwsError ResourceNotFoundException */
export async function busOf(reader: Reader, name: BusName): Promise<BusRecord> {
  const found = await readBus(reader, name)
  if (found === undefined) throw noBus(name.name)
  return found
}

/** @throws AwsError ResourceNotFoundException */
export async function ruleOf(reader: Reader, name: RuleName): Promise<RuleRecord> {
  const found = await reader.get<RuleRecord>(eventsCollections.rules, ruleKey(name))
  if (found === undefined) throw noRule(name)
  return found.value
}

/** Every rule of a bus. */
export async function rulesOf(
  reader: Reader,
  { accountId, region, name: bus }: BusName,
  namePrefix = '',
): Promise<readonly RuleRecord[]> {
  const prefix = ruleKey({ accountId, region, bus, name: namePrefix })
  const found = await reader.list<RuleRecord>(eventsCollections.rules, { prefix })
  return found.map(({ value }) => value)
}
