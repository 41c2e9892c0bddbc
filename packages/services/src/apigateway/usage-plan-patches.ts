/** PATCH of a usage plan, and which throttles and quotas there may be. */

import type * as Sdk from '@aws-sdk/client-api-gateway'
import type { Quota, QuotaPeriod, Throttle } from '@sekisho/gateway'
import { parseJson } from '@sekisho/policy'
import { badRequest, limitExceeded, notFound } from './errors.ts'
import type { PlanStage, UsagePlanRecord } from './key-records.ts'
import {
  integerOf,
  listingWording,
  type Patch,
  type PatchRow,
  type PatchTable,
  type PatchWording,
  textRow,
} from './patch.ts'

/** @see API Gateway Developer Guide, "Quotas for configuring and running a REST API" (method throttles per plan stage) */
const maxMethodThrottles = 20

/** The last offset of each period. */
const lastOffset = { DAY: 0, WEEK: 6, MONTH: 27 } as const satisfies Record<QuotaPeriod, number>

export function throttleOf({ rateLimit, burstLimit }: Sdk.ThrottleSettings): Throttle {
  return {
    ...(burstLimit !== undefined && { burstLimit }),
    ...(rateLimit !== undefined && { rateLimit }),
  }
}

/** @throws AwsError BadRequestException */
export function quotaOf({ limit, offset = 0, period }: Sdk.QuotaSettings): Quota {
  if (limit === undefined || period === undefined)
    throw badRequest('Usage Plan quota must have a limit and a period')
  return { limit, offset, period }
}

/** @throws AwsError BadRequestException, LimitExceededException */
export function checkSettings({ apiStages, throttle, quota }: UsagePlanRecord): void {
  const methods = apiStages.flatMap((stage) => Object.entries(stage.throttle ?? {}))
  for (const each of [throttle, ...methods.map(([, limits]) => limits)]) checkThrottle(each)
  for (const [path] of methods)
    if (!/^\/.*\/(GET|PUT|POST|DELETE|PATCH|OPTIONS|HEAD|ANY)$/.test(path))
      throw badRequest(`Invalid method specified for throttle: ${path}`)
  if (apiStages.some((stage) => Object.keys(stage.throttle ?? {}).length > maxMethodThrottles))
    throw limitExceeded(
      `A usage plan can throttle at most ${maxMethodThrottles} methods of a stage`,
    )
  const names = apiStages.map(({ apiId, stage }) => `${apiId}:${stage}`)
  if (new Set(names).size < names.length) throw badRequest('Duplicate API Stage specified')
  if (quota) checkQuota(quota)
}

function checkThrottle({ rateLimit = 0, burstLimit = 0 }: Throttle = {}): void {
  if (!(rateLimit >= 0)) throw badRequest('Usage Plan throttle rate limit must not be negative')
  if (!(burstLimit >= 0)) throw badRequest('Usage Plan throttle burst limit must not be negative')
}

/** The words about offsets are AWS's. @see Terraform's AWS provider, which repeats them */
function checkQuota({ limit, offset, period }: Quota): void {
  if (limit < 0) throw badRequest('Usage Plan quota limit must not be negative')
  const last = lastOffset[period]
  if (last === undefined)
    throw badRequest('Usage Plan quota period must be one of: [DAY, WEEK, MONTH]')
  if (offset >= 0 && offset <= last) return
  throw badRequest(
    last === 0
      ? `Usage Plan quota offset must be zero in the ${period} period`
      : `Usage Plan quota offset must be between 0 and ${last} inclusive in the ${period} period`,
  )
}

function rateOf({ value }: Patch): number {
  if (!/^\d{1,12}(\.\d{1,12})?$/.test(value))
    throw badRequest(`Invalid value '${value}' for rateLimit, must be a number`)
  return Number(value)
}

const burstOf = (patch: Patch) => integerOf(patch, 'burstLimit')

const invalidStage = () => badRequest('Invalid API Stage specified')

function atStage(
  plan: UsagePlanRecord,
  name: string | undefined,
  change: (stage: PlanStage) => PlanStage,
): UsagePlanRecord {
  const isMeant = ({ apiId, stage }: PlanStage) => `${apiId}:${stage}` === name
  if (!plan.apiStages.some(isMeant)) throw invalidStage()
  return {
    ...plan,
    apiStages: plan.apiStages.map((stage) => (isMeant(stage) ? change(stage) : stage)),
  }
}

function withThrottle(
  { throttle: _, ...stage }: PlanStage,
  throttle: Readonly<Record<string, Throttle>>,
): PlanStage {
  return Object.keys(throttle).length > 0 ? { ...stage, throttle } : stage
}

/** `/apiStages/{stage}/throttle/{path}/{METHOD}/rateLimit` */
function methodRow(
  change: (throttle: Throttle, patch: Patch) => Throttle,
): PatchRow<UsagePlanRecord> {
  return {
    ops: ['add', 'replace'],
    apply: (plan, patch) =>
      atStage(plan, patch.parameters[0], (stage) => {
        const path = `${patch.parameters[1]}/${patch.parameters[2]}`
        const before = stage.throttle ?? {}
        return withThrottle(stage, { ...before, [path]: change(before[path] ?? {}, patch) })
      }),
  }
}

function apiStages(plan: UsagePlanRecord, { op, value }: Patch): UsagePlanRecord {
  const [, apiId, stage] = /^([^:]+):([^:]+)$/.exec(value) ?? []
  if (apiId === undefined || stage === undefined) throw invalidStage()
  const others = plan.apiStages.filter((each) => each.apiId !== apiId || each.stage !== stage)
  const wasThere = others.length < plan.apiStages.length
  if (op === 'add') return wasThere ? plan : { ...plan, apiStages: [...others, { apiId, stage }] }
  if (!wasThere) throw invalidStage()
  return { ...plan, apiStages: others }
}

/** A JSON object of limits by method. */
function stageThrottle(plan: UsagePlanRecord, { op, value, parameters }: Patch): UsagePlanRecord {
  return atStage(plan, parameters[0], (stage) =>
    withThrottle(stage, op === 'remove' ? {} : methodsOf(value)),
  )
}

function methodsOf(text: string): Readonly<Record<string, Throttle>> {
  const refuse = () => badRequest('Invalid throttle specified: it must be a map of method limits')
  let parsed: unknown
  try {
    parsed = parseJson(text)
  } catch {
    throw refuse()
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw refuse()
  return Object.fromEntries(
    Object.entries(parsed).map(([path, limits]) => {
      const { rateLimit, burstLimit } = (limits ?? {}) as Readonly<Record<string, unknown>>
      for (const each of [rateLimit, burstLimit])
        if (each !== undefined && !(typeof each === 'number' && Number.isFinite(each)))
          throw refuse()
      return [path, throttleOf({ rateLimit, burstLimit } as Sdk.ThrottleSettings)]
    }),
  )
}

function removeMethod(plan: UsagePlanRecord, { parameters }: Patch): UsagePlanRecord {
  return atStage(plan, parameters[0], (stage) => {
    const { [`${parameters[1]}/${parameters[2]}`]: gone, ...others } = stage.throttle ?? {}
    if (gone === undefined) throw notFound('Invalid method specified for throttle')
    return withThrottle(stage, others)
  })
}

/** A plan without a quota that is given one part of it has the others' defaults. */
const noQuota: Quota = { limit: 0, offset: 0, period: 'MONTH' }

function quotaRow(change: (quota: Quota, patch: Patch) => Quota): PatchRow<UsagePlanRecord> {
  return {
    ops: ['add', 'replace'],
    apply: (plan, patch) => ({ ...plan, quota: change(plan.quota ?? noQuota, patch) }),
  }
}

function throttleRow(
  change: (throttle: Throttle, patch: Patch) => Throttle,
): PatchRow<UsagePlanRecord> {
  return {
    ops: ['add', 'replace'],
    apply: (plan, patch) => ({ ...plan, throttle: change(plan.throttle ?? {}, patch) }),
  }
}

/** Clients send a method's path as it is, too: `/apiStages/…/throttle//pets/GET/rateLimit`. @see Terraform's AWS provider */
export function withEscapedPaths(
  operations: readonly Sdk.PatchOperation[] | undefined,
): readonly Sdk.PatchOperation[] {
  return (operations ?? []).map((operation) => {
    const [, stage, path = '', rest] = rawMethod.exec(operation.path ?? '') ?? []
    if (stage === undefined) return operation
    const whole = path.startsWith('/') || path.startsWith('~1') ? path : `/${path}`
    return { ...operation, path: `${stage}${whole.replaceAll('/', '~1')}${rest}` }
  })
}

const rawMethod = /^(\/apiStages\/[^/]+\/throttle\/)(.+)(\/[A-Z]+(?:\/rateLimit|\/burstLimit)?)$/

/** @see API Gateway API Reference, "Patch operations" (UpdateUsagePlan) */
export const usagePlanPatches: PatchTable<UsagePlanRecord> = {
  '/name': textRow((plan, name) => {
    if (name === undefined) throw badRequest('Usage Plan name cannot be empty')
    return { ...plan, name }
  }),
  '/description': textRow(({ description: _, ...plan }, description) => ({
    ...plan,
    ...(description !== undefined && { description }),
  })),
  '/apiStages': { ops: ['add', 'remove'], apply: apiStages },
  '/quota': { ops: ['remove'], apply: ({ quota: _, ...plan }) => plan },
  '/quota/limit': quotaRow((quota, patch) => ({
    ...quota,
    limit: integerOf(patch, 'limit'),
  })),
  '/quota/offset': quotaRow((quota, patch) => ({
    ...quota,
    offset: integerOf(patch, 'offset'),
  })),
  '/quota/period': quotaRow((quota, { value }) => ({ ...quota, period: value as QuotaPeriod })),
  '/throttle': { ops: ['remove'], apply: ({ throttle: _, ...plan }) => plan },
  '/throttle/rateLimit': throttleRow((throttle, patch) => ({
    ...throttle,
    rateLimit: rateOf(patch),
  })),
  '/throttle/burstLimit': throttleRow((throttle, patch) => ({
    ...throttle,
    burstLimit: burstOf(patch),
  })),
  '/productCode': textRow(
    ({ productCode: _, ...plan }, productCode) => ({
      ...plan,
      ...(productCode !== undefined && { productCode }),
    }),
    ['add', 'replace', 'remove'],
  ),
  '/apiStages/{apidId:stageName}/throttle/{resourcePath}/{httpMethod}/rateLimit': methodRow(
    (throttle, patch) => ({ ...throttle, rateLimit: rateOf(patch) }),
  ),
  '/apiStages/{apidId:stageName}/throttle/{resourcePath}/{httpMethod}/burstLimit': methodRow(
    (throttle, patch) => ({ ...throttle, burstLimit: burstOf(patch) }),
  ),
  '/apiStages/{apidId:stageName}/throttle/{resourcePath}/{httpMethod}': {
    ops: ['remove'],
    apply: removeMethod,
  },
  '/apiStages/{apidId:stageName}/throttle': {
    ops: ['add', 'replace', 'remove'],
    apply: stageThrottle,
  },
}

/** Every operation lists its own paths, with `<…>` for what varies. @see boto/boto3 issue 2629, which quotes the answer to `remove` */
export const usagePlanWording: PatchWording = {
  ...listingWording,
  unknownPath: refusal,
  unsupportedOp: (path, op) => refusal(path, op),
}

function refusal(path: string, op: Patch['op']) {
  const known = Object.entries(usagePlanPatches)
    .filter(([, { ops }]) => ops.includes(op))
    .map(([template]) => template.replaceAll('{', '<').replaceAll('}', '>'))
  return badRequest(
    `Invalid patch path  '${path}' specified for op '${op}'. Must be one of: [${known.join(', ')}]`,
  )
}
