/** How often is a managed policy used? Counted where it is attached, so that showing it needs no search. */
import type { Reader, Transaction } from '@sekisho/store'
import type { Call } from '../service.ts'
import { awsManagedPolicy } from './aws-managed-policies.ts'
import { missing, validationError } from './errors.ts'
import { arnOf, iamCollections, keyOf, type PolicyRecord, type PolicyUses } from './records.ts'

const none: PolicyUses = { attachments: 0, boundaries: 0 }

/** @throws AwsError ValidationError, NoSuchEntity  there is no such policy for this account */
export async function useCountChanged(
  transaction: Transaction,
  { accountId }: Call,
  arn: string,
  kind: keyof PolicyUses,
  by: 1 | -1,
): Promise<void> {
  checkPolicyArn(arn)
  const counted = (uses: PolicyUses): PolicyUses => ({ ...uses, [kind]: uses[kind] + by })
  if (awsManagedPolicy(arn)) {
    const key = `${accountId}/${arn}`
    const uses = (await transaction.get<PolicyUses>(iamCollections.awsPolicyUses, key))?.value
    transaction.put(iamCollections.awsPolicyUses, key, counted(uses ?? none))
    return
  }
  const policy = await findPolicy(transaction, accountId, arn)
  if (policy === undefined) throw missing.attachable(arn)
  transaction.put(iamCollections.policies, keyOf(accountId, policy.name), {
    ...policy,
    uses: counted(policy.uses),
  } satisfies PolicyRecord)
}

interface Bounded {
  readonly boundary?: string
}

export async function bounded<Entity extends Bounded>(
  before: Entity,
  boundary: string,
  call: Call,
  transaction: Transaction,
): Promise<Entity> {
  const free = await unbounded(before, call, transaction)
  await useCountChanged(transaction, call, boundary, 'boundaries', 1)
  return { ...free, boundary }
}

/** Also what has to be done before an entity is deleted. */
export async function unbounded<Entity extends Bounded>(
  entity: Entity,
  call: Call,
  transaction: Transaction,
): Promise<Entity> {
  if (entity.boundary === undefined) return entity
  await useCountChanged(transaction, call, entity.boundary, 'boundaries', -1)
  const { boundary: _, ...free } = entity
  return free as Entity
}

export async function awsPolicyUses(
  reader: Reader,
  accountId: string,
  arn: string,
): Promise<PolicyUses> {
  const key = `${accountId}/${arn}`
  return (await reader.get<PolicyUses>(iamCollections.awsPolicyUses, key))?.value ?? none
}

export async function findPolicy(
  reader: Reader,
  accountId: string,
  arn: string,
): Promise<PolicyRecord | undefined> {
  const key = keyOf(accountId, arn.slice(arn.lastIndexOf('/') + 1))
  const policy = (await reader.get<PolicyRecord>(iamCollections.policies, key))?.value
  return policy !== undefined && arnOf('policy', policy) === arn ? policy : undefined
}

export function checkPolicyArn(arn: string): void {
  if (arn.split(':').length < 6) throw validationError('Invalid ARN:  Could not be parsed!')
  if (!/^arn:aws[a-z-]*:iam::(?:\d{12}|aws):policy\/.+$/.test(arn))
    throw validationError(`ARN ${arn} is not valid.`)
}
