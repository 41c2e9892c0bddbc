/** Which keys belong to which usage plan? */
import type * as Sdk from '@aws-sdk/client-api-gateway'
import type { Reader, Transaction } from '@sekisho/store'
import type { GatedOperations } from '../service.ts'
import { badRequest, conflict, limitExceeded, notFound } from './errors.ts'
import {
  type ApiKeyRecord,
  findKey,
  getKey,
  getPlan,
  keyCollections,
  keyIn,
  type Place,
  putKey,
  type UsagePlanRecord,
} from './key-records.ts'
import { pageSize, positionOf, startAfter } from './paging.ts'

/** @see API Gateway Developer Guide, "Quotas for configuring and running a REST API" */
const maxPlansOfKey = 10

export const usagePlanKeys = {
  CreateUsagePlanKey: {
    async handle({ usagePlanId, keyId, keyType }, call) {
      if (keyType !== 'API_KEY') throw badRequest('Invalid key type. Must be one of: [API_KEY]')
      const key = await call.documents.transact((transaction) =>
        addToPlan(transaction, call, usagePlanId, keyId),
      )
      return { ...shownPlanKey(key), value: key.value }
    },
  },

  GetUsagePlanKey: {
    async handle({ usagePlanId, keyId }, call) {
      return shownPlanKey(await planKeyOf(call.documents, call, usagePlanId, keyId))
    },
  },

  GetUsagePlanKeys: {
    async handle({ usagePlanId, position, limit, nameQuery = '' }, call) {
      await getPlan(call.documents, call, usagePlanId)
      const prefix = `${keyIn(call, usagePlanId)}/`
      const size = pageSize(limit)
      const found: { readonly key: ApiKeyRecord; readonly at: string }[] = []
      let after = startAfter(prefix, position)
      for (;;) {
        const piece = await call.documents.list<object>(keyCollections.planKeys, {
          prefix,
          ...(after !== undefined && { after }),
          limit: size + 1,
        })
        for (const { key: at } of piece) {
          const key = await findKey(call.documents, call, at.slice(prefix.length))
          if (key && (key.name ?? '').startsWith(nameQuery)) found.push({ key, at })
        }
        after = piece.at(-1)?.key
        if (piece.length <= size || found.length > size) break
      }
      const items = found.slice(0, size)
      return {
        items: items.map(({ key }) => shownPlanKey(key)),
        ...(found.length > size && { position: positionOf(prefix, items.at(-1)!.at) }),
      }
    },
  },

  DeleteUsagePlanKey: {
    async handle({ usagePlanId, keyId }, call) {
      await call.documents.transact(async (transaction) => {
        const key = await planKeyOf(transaction, call, usagePlanId, keyId)
        leavePlan(transaction, key, usagePlanId)
      })
      return {}
    },
  },
} satisfies GatedOperations<typeof Sdk>

/**
 * @throws AwsError NotFoundException, LimitExceededException; ConflictException: it is there, or in another plan that has
 * one of the stages
 */
export async function addToPlan(
  transaction: Transaction,
  place: Place,
  planId: string,
  keyId: string,
): Promise<ApiKeyRecord> {
  const plan = await getPlan(transaction, place, planId)
  const key = await getKey(transaction, place, keyId)
  if (key.planIds.includes(planId)) throw conflict('Usage Plan Key already exists')
  if (key.planIds.length >= maxPlansOfKey)
    throw limitExceeded('Maximum number of usage plans for this API Key has been reached.')
  for (const otherId of key.planIds)
    checkApart(await getPlan(transaction, place, otherId), plan, keyId)
  const added = { ...key, planIds: [...key.planIds, planId] }
  putKey(transaction, added)
  transaction.put(keyCollections.planKeys, keyIn(place, planId, keyId), {})
  return added
}

export function leavePlan(transaction: Transaction, key: ApiKeyRecord, planId: string): void {
  putKey(transaction, { ...key, planIds: key.planIds.filter((id) => id !== planId) })
  transaction.delete(keyCollections.planKeys, keyIn(key, planId, key.id))
}

/** Which plan counts for a key and a stage must be plain. @see API Gateway Developer Guide, "Usage plans and API keys" */
export function checkApart(plan: UsagePlanRecord, other: UsagePlanRecord, keyId: string): void {
  const both = plan.apiStages.find(({ apiId, stage }) =>
    other.apiStages.some((each) => each.apiId === apiId && each.stage === stage),
  )
  if (both)
    throw conflict(
      `API Key ${keyId} cannot be in the Usage Plans ${plan.id} and ${other.id}: both have API Stage ${both.apiId}:${both.stage}`,
    )
}

/** @throws AwsError NotFoundException */
export async function planKeyOf(
  reader: Reader,
  place: Place,
  planId: string,
  keyId: string,
): Promise<ApiKeyRecord> {
  await getPlan(reader, place, planId)
  const key = await getKey(reader, place, keyId)
  if (!key.planIds.includes(planId)) throw notFound('Invalid API Key identifier specified')
  return key
}

function shownPlanKey({ id, name }: ApiKeyRecord): Sdk.UsagePlanKey {
  return { id, type: 'API_KEY', name }
}
