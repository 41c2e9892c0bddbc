/** Usage plans: how often may the holders of keys call which stages? */
import type * as Sdk from '@aws-sdk/client-api-gateway'
import type { Reader, Transaction } from '@sekisho/store'
import { type Call, type GatedOperations, requestTags } from '../service.ts'
import { badRequest, limitExceeded, notFound } from './errors.ts'
import { partId } from './ids.ts'
import {
  type ApiKeyRecord,
  getKey,
  getPlan,
  keyCollections,
  keyIn,
  type Place,
  type PlanStage,
  plansOf,
  putPlan,
  type UsagePlanRecord,
} from './key-records.ts'
import { page } from './paging.ts'
import { applyPatches, patchConstraints } from './patch.ts'
import { collections, getApi } from './records.ts'
import { checkTags, tagNeeds } from './tags.ts'
import { checkApart, leavePlan } from './usage-plan-keys.ts'
import {
  checkSettings,
  quotaOf,
  throttleOf,
  usagePlanPatches,
  usagePlanWording,
  withEscapedPaths,
} from './usage-plan-patches.ts'

/** @see API Gateway Developer Guide, "Quotas for configuring and running a REST API" */
const maxPlans = 300

export const usagePlans = {
  CreateUsagePlan: {
    constraints: { 'quota.period': { enum: ['WEEK', 'DAY', 'MONTH'] } },
    keys: ({ tags }) => requestTags(tags),
    needs: ({ tags }, call) => tagNeeds(call, '/usageplans/*', tags),
    async handle(input, call) {
      if (input.name === undefined || input.name === '')
        throw badRequest('Usage Plan name cannot be empty')
      const record = await call.documents.transact(async (transaction) => {
        const present = await plansOf(transaction, call)
        if (present.length >= maxPlans)
          throw limitExceeded('Maximum number of usage plans has been reached.')
        const plan = newPlan(input, call, Object.fromEntries(present.map(({ id }) => [id, true])))
        checkSettings(plan)
        await checkStages(transaction, call, plan)
        putPlan(transaction, plan)
        return plan
      })
      return shownPlan(record)
    },
  },

  GetUsagePlan: {
    handle: async ({ usagePlanId }, call) =>
      shownPlan(await getPlan(call.documents, call, usagePlanId)),
  },

  GetUsagePlans: {
    async handle({ keyId, ...paging }, call) {
      const plans = await plansOf(call.documents, call)
      const ofKey =
        keyId === undefined ? undefined : (await getKey(call.documents, call, keyId)).planIds
      const listed = plans.filter(({ id }) => ofKey === undefined || ofKey.includes(id))
      const { items, position } = page(listed, paging, ({ id }) => id)
      return { items: items.map(shownPlan), ...(position && { position }) }
    },
  },

  UpdateUsagePlan: {
    constraints: patchConstraints,
    async handle({ usagePlanId, patchOperations }, call) {
      const record = await call.documents.transact(async (transaction) => {
        const before = await getPlan(transaction, call, usagePlanId)
        const changed = applyPatches(
          before,
          withEscapedPaths(patchOperations),
          usagePlanPatches,
          usagePlanWording,
        )
        checkSettings(changed)
        const isNew = ({ apiId, stage }: PlanStage) => !has(before, apiId, stage)
        if (changed.apiStages.some(isNew)) {
          await checkStages(transaction, call, changed)
          await checkOtherPlans(transaction, changed)
        }
        putPlan(transaction, changed)
        return changed
      })
      return shownPlan(record)
    },
  },

  DeleteUsagePlan: {
    async handle({ usagePlanId }, call) {
      await call.documents.transact(async (transaction) => {
        const plan = await getPlan(transaction, call, usagePlanId)
        if (plan.apiStages.length > 0)
          throw badRequest(
            `Cannot delete Usage Plan ${plan.id} because there are API Stages associated with it, including ${plan.apiStages.map(({ apiId, stage }) => `${apiId}:${stage}`).join(', ')}`,
          )
        for (const key of await keysOf(transaction, plan)) leavePlan(transaction, key, plan.id)
        transaction.delete(keyCollections.plans, keyIn(plan, plan.id))
      })
      return {}
    },
  },
} satisfies GatedOperations<typeof Sdk>

function has({ apiStages }: UsagePlanRecord, apiId: string, stage: string): boolean {
  return apiStages.some((each) => each.apiId === apiId && each.stage === stage)
}

function newPlan(
  input: Sdk.CreateUsagePlanRequest,
  { accountId, region, ids }: Call,
  taken: object,
): UsagePlanRecord {
  const { name = '', description, apiStages = [], throttle, quota, tags } = input
  return {
    id: partId(ids, taken),
    accountId,
    region,
    name,
    ...(description !== undefined && { description }),
    apiStages: apiStages.map(({ apiId = '', stage = '', throttle: methods }) => ({
      apiId,
      stage,
      ...(methods && {
        throttle: Object.fromEntries(
          Object.entries(methods).map(([path, each]) => [path, throttleOf(each)]),
        ),
      }),
    })),
    ...(throttle && { throttle: throttleOf(throttle) }),
    ...(quota && { quota: quotaOf(quota) }),
    tags: checkTags(tags),
  }
}

/** @throws AwsError NotFoundException  no such API of the caller's, or no such stage */
async function checkStages(
  reader: Reader,
  place: Place,
  { id, apiStages }: UsagePlanRecord,
): Promise<void> {
  for (const { apiId, stage } of apiStages) {
    const message = `Invalid API Stage {api: ${apiId}, stage: ${stage}} specified for usageplan ${id}`
    await getApi(reader, place, apiId, message)
    if (!(await reader.get(collections.stages, `${apiId}/${stage}`))) throw notFound(message)
  }
}

/** No key may come to be in two plans with the same stage. */
async function checkOtherPlans(reader: Reader, plan: UsagePlanRecord): Promise<void> {
  const others = (await plansOf(reader, plan)).filter(
    (other) =>
      other.id !== plan.id && other.apiStages.some(({ apiId, stage }) => has(plan, apiId, stage)),
  )
  for (const other of others) {
    const theirs = new Set(await keyIdsOf(reader, other))
    for (const id of await keyIdsOf(reader, plan)) if (theirs.has(id)) checkApart(other, plan, id)
  }
}

async function keyIdsOf(reader: Reader, plan: UsagePlanRecord): Promise<readonly string[]> {
  const prefix = `${keyIn(plan, plan.id)}/`
  const listed = await reader.list<object>(keyCollections.planKeys, { prefix })
  return listed.map(({ key }) => key.slice(prefix.length))
}

async function keysOf(reader: Reader, plan: UsagePlanRecord): Promise<readonly ApiKeyRecord[]> {
  const ids = await keyIdsOf(reader, plan)
  return Promise.all(ids.map((id) => getKey(reader, plan, id)))
}

/** A stage that is gone is in no plan: what takes its name later is another. */
export async function leavePlans(
  transaction: Transaction,
  place: Place,
  isGone: (stage: PlanStage) => boolean,
): Promise<void> {
  for (const plan of await plansOf(transaction, place))
    if (plan.apiStages.some(isGone))
      putPlan(transaction, {
        ...plan,
        apiStages: plan.apiStages.filter((stage) => !isGone(stage)),
      })
}

export function shownPlan(plan: UsagePlanRecord): Sdk.UsagePlan {
  return {
    id: plan.id,
    name: plan.name,
    description: plan.description,
    apiStages: plan.apiStages.map(({ apiId, stage, throttle }) => ({
      apiId,
      stage,
      throttle: throttle && { ...throttle },
    })),
    throttle: plan.throttle,
    quota: plan.quota,
    productCode: plan.productCode,
    tags: Object.keys(plan.tags).length > 0 ? { ...plan.tags } : undefined,
  }
}
