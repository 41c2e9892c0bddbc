/** What is kept of API keys and usage plans, and how is it found? */
import type { Quota, Throttle } from '@sekisho/gateway'
import { sha256 } from '@sekisho/sigv4'
import type { Reader, Transaction } from '@sekisho/store'
import type { Call } from '../service.ts'
import { limitExceeded, notFound } from './errors.ts'
import { newestFirst } from './paging.ts'

export const keyCollections = {
  keys: 'apigateway/api-keys',
  /** The hash of a key's value to its id. */
  values: 'apigateway/api-key-values',
  /** The newest first, with what lists are filtered by. */
  order: 'apigateway/api-key-order',
  counts: 'apigateway/api-key-counts',
  plans: 'apigateway/usage-plans',
  /** Plan and key: which keys has a plan? */
  planKeys: 'apigateway/usage-plan-keys',
} as const

/** Times are epoch milliseconds. */
export interface ApiKeyRecord {
  readonly id: string
  readonly accountId: string
  readonly region: string
  readonly value: string
  readonly name?: string
  readonly description?: string
  readonly customerId?: string
  readonly enabled: boolean
  readonly createdAt: number
  readonly updatedAt: number
  readonly tags: Readonly<Record<string, string>>
  readonly planIds: readonly string[]
}

export interface PlanStage {
  readonly apiId: string
  readonly stage: string
  /** By `/pets/{id}/GET`. */
  readonly throttle?: Readonly<Record<string, Throttle>>
}

export interface UsagePlanRecord {
  readonly id: string
  readonly accountId: string
  readonly region: string
  readonly name: string
  readonly description?: string
  readonly apiStages: readonly PlanStage[]
  readonly throttle?: Throttle
  readonly quota?: Quota
  readonly productCode?: string
  readonly tags: Readonly<Record<string, string>>
}

export type Place = Pick<Call, 'accountId' | 'region'>

/** @see API Gateway Developer Guide, "Quotas for configuring and running a REST API" */
const maxKeys = 10_000

export function keyIn({ accountId, region }: Place, ...parts: readonly string[]): string {
  return [accountId, region, ...parts].join('/')
}

export function hashOf(value: string): string {
  return sha256(Buffer.from(value))
}

/** Of those that are listed, some may be gone when they are read. */
export async function findKey(
  reader: Reader,
  place: Place,
  id: string,
): Promise<ApiKeyRecord | undefined> {
  return (await reader.get<ApiKeyRecord>(keyCollections.keys, keyIn(place, id)))?.value
}

/** @throws AwsError NotFoundException */
export async function getKey(reader: Reader, place: Place, id: string): Promise<ApiKeyRecord> {
  const found = await findKey(reader, place, id)
  if (found === undefined) throw notFound('Invalid API Key identifier specified')
  return found
}

/** @throws AwsError NotFoundException */
export async function getPlan(reader: Reader, place: Place, id: string): Promise<UsagePlanRecord> {
  const stored = await reader.get<UsagePlanRecord>(keyCollections.plans, keyIn(place, id))
  if (!stored) throw notFound('Invalid Usage Plan ID specified')
  return stored.value
}

/** All of the caller's account and region: there are at most three hundred. */
export async function plansOf(reader: Reader, place: Place): Promise<readonly UsagePlanRecord[]> {
  const prefix = `${keyIn(place)}/`
  const stored = await reader.list<UsagePlanRecord>(keyCollections.plans, { prefix })
  return stored.map(({ value }) => value)
}

export function putPlan(transaction: Transaction, plan: UsagePlanRecord): void {
  transaction.put(keyCollections.plans, keyIn(plan, plan.id), plan)
}

/** For the data plane. @returns undefined when there is no such plan */
export async function loadUsagePlan(
  reader: Reader,
  place: Place,
  id: string,
): Promise<UsagePlanRecord | undefined> {
  return (await reader.get<UsagePlanRecord>(keyCollections.plans, keyIn(place, id)))?.value
}

export async function keyOfValue(
  reader: Reader,
  place: Place,
  value: string,
): Promise<ApiKeyRecord | undefined> {
  const found = await reader.get<string>(keyCollections.values, keyIn(place, hashOf(value)))
  if (!found) return undefined
  return findKey(reader, place, found.value)
}

export interface OrderRow {
  readonly id: string
  readonly name?: string
  readonly customerId?: string
}

function putOrder(transaction: Transaction, key: ApiKeyRecord): void {
  const { id, name, customerId } = key
  const row: OrderRow = {
    id,
    ...(name !== undefined && { name }),
    ...(customerId !== undefined && { customerId }),
  }
  transaction.put(keyCollections.order, keyIn(key, newestFirst(key)), row)
}

/** A key whose value is what it was. */
export function putKey(transaction: Transaction, key: ApiKeyRecord): void {
  transaction.put(keyCollections.keys, keyIn(key, key.id), key)
  putOrder(transaction, key)
}

/** @throws AwsError LimitExceededException */
export async function fileKey(transaction: Transaction, key: ApiKeyRecord): Promise<void> {
  await count(transaction, key, 1)
  putKey(transaction, key)
  transaction.put(keyCollections.values, keyIn(key, hashOf(key.value)), key.id)
}

export async function dropKey(transaction: Transaction, key: ApiKeyRecord): Promise<void> {
  await count(transaction, key, -1)
  transaction.delete(keyCollections.keys, keyIn(key, key.id))
  transaction.delete(keyCollections.order, keyIn(key, newestFirst(key)))
  transaction.delete(keyCollections.values, keyIn(key, hashOf(key.value)))
  for (const planId of key.planIds)
    transaction.delete(keyCollections.planKeys, keyIn(key, planId, key.id))
}

async function count(transaction: Transaction, place: Place, by: number): Promise<void> {
  const stored = await transaction.get<number>(keyCollections.counts, keyIn(place))
  const next = (stored?.value ?? 0) + by
  if (next > maxKeys) throw limitExceeded('Maximum number of API Keys has been reached.')
  transaction.put(keyCollections.counts, keyIn(place), next)
}
