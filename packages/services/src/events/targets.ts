/** Targets of a rule: what gets its events, and what of them. */
import type * as Sdk from '@aws-sdk/client-eventbridge'
import type { Operations } from '../service.ts'
import { type Place, whyNoTarget } from '../timetable/targets.ts'
import { limitExceeded, notSupported, validation } from './errors.ts'
import { ownRule, rolePassed, ruleNeed } from './gate.ts'
import { whyNoInput } from './input.ts'
import { page } from './paging.ts'
import { type RuleName, ruleOf, type TargetRecord } from './records.ts'
import { changeRule } from './rules.ts'
import { busNameOrArn, page as pageRules, roleArn, ruleName } from './rules-of-input.ts'

/** @see EventBridge User Guide, "Amazon EventBridge quotas" */
const mostTargets = 5

const targetId = [{ minLength: 1, maxLength: 64 }, { pattern: /[.\-_A-Za-z0-9]+/ }] as const
const rule = { Rule: ruleName, EventBusName: busNameOrArn } as const

export const targets = {
  PutTargets: {
    constraints: {
      ...rule,
      Targets: { minLength: 1, maxLength: 100 },
      'Targets.*.Id': targetId,
      'Targets.*.Arn': { minLength: 1, maxLength: 1_600 },
      'Targets.*.RoleArn': roleArn,
      'Targets.*.Input': { maxLength: 8_192 },
      'Targets.*.InputPath': { maxLength: 256 },
      'Targets.*.InputTransformer.InputTemplate': { minLength: 1, maxLength: 8_192 },
      'Targets.*.DeadLetterConfig.Arn': { minLength: 1, maxLength: 1_600 },
      'Targets.*.RetryPolicy.MaximumRetryAttempts': { min: 0, max: 185 },
      'Targets.*.RetryPolicy.MaximumEventAgeInSeconds': { min: 60, max: 86_400 },
    },
    needs: async ({ Targets, ...input }, call) => [
      await ruleNeed('PutTargets', nameOf(input, call), call, {
        'events:TargetArn': Targets.map(({ Arn }) => Arn),
      }),
      ...Targets.flatMap(({ RoleArn }) => rolePassed(RoleArn)),
    ],
    async handle({ Targets, ...input }, call) {
      const given = Targets.map((target) => targetOf(target, call))
      if (new Set(given.map(({ id }) => id)).size < given.length)
        throw validation('Targets with the same id are not allowed in one request.')
      await changeRule(call, nameOf(input, call), (record) => {
        const ids = new Set(given.map(({ id }) => id))
        const all = [...record.targets.filter(({ id }) => !ids.has(id)), ...given]
        if (all.length > mostTargets)
          throw limitExceeded('The requested resource exceeds the maximum number allowed.')
        return { ...record, targets: all }
      })
      return { FailedEntryCount: 0, FailedEntries: [] }
    },
  },

  RemoveTargets: {
    constraints: { ...rule, Ids: { minLength: 1, maxLength: 100 }, 'Ids.*': targetId },
    needs: async (input, call) => [await ruleNeed('RemoveTargets', nameOf(input, call), call)],
    async handle({ Ids, ...input }, call) {
      let missing: readonly string[] = []
      await changeRule(call, nameOf(input, call), (record) => {
        missing = Ids.filter((id) => !record.targets.some((target) => target.id === id))
        return { ...record, targets: record.targets.filter(({ id }) => !Ids.includes(id)) }
      })
      return {
        FailedEntryCount: missing.length,
        FailedEntries: missing.map((id) => ({
          TargetId: id,
          ErrorCode: 'ResourceNotFoundException',
          ErrorMessage: `Rule '${input.Rule}' does not have a target with the Id '${id}'.`,
        })),
      }
    },
  },

  ListTargetsByRule: {
    constraints: { ...rule, ...pageRules },
    needs: async (input, call) => [await ruleNeed('ListTargetsByRule', nameOf(input, call), call)],
    async handle(input, call) {
      const record = await ruleOf(call.documents, nameOf(input, call))
      const sorted = [...record.targets].sort((one, other) => (one.id < other.id ? -1 : 1))
      const { items, ...rest } = page(sorted, input, ({ id }) => id)
      return { Targets: items.map(shownTarget), ...rest }
    },
  },
} satisfies Operations<typeof Sdk>

function nameOf(
  { Rule, EventBusName }: { readonly Rule: string; readonly EventBusName?: string | undefined },
  call: Parameters<typeof ownRule>[1],
): RuleName {
  return ownRule({ Name: Rule, EventBusName }, call)
}

/** What AWS has for kinds of targets that are not here. */
const unsupported = [
  'AppSyncParameters',
  'BatchParameters',
  'EcsParameters',
  'HttpParameters',
  'KinesisParameters',
  'RedshiftDataParameters',
  'RunCommandParameters',
  'SageMakerPipelineParameters',
  'SqsParameters',
] as const satisfies readonly (keyof Sdk.Target)[]

/** @throws AwsError ValidationException */
function targetOf(given: Sdk.Target, place: Place): TargetRecord {
  for (const name of unsupported)
    if (given[name] !== undefined) throw notSupported(`${name} of a target`)
  const { Id = '', Arn = '', RoleArn, DeadLetterConfig, RetryPolicy, InputTransformer } = given
  const target: TargetRecord = {
    id: Id,
    arn: Arn,
    roleArn: RoleArn,
    input: given.Input || undefined,
    inputPath: given.InputPath || undefined,
    transformer: InputTransformer && {
      paths: InputTransformer.InputPathsMap ?? {},
      template: InputTransformer.InputTemplate ?? '',
    },
    deadLetterArn: DeadLetterConfig?.Arn,
    retries: RetryPolicy?.MaximumRetryAttempts,
    maxAgeSeconds: RetryPolicy?.MaximumEventAgeInSeconds,
  }
  const why =
    whyNoTarget(Arn, place) ??
    whyNoInput(target, Id) ??
    whyNoLogInput(target) ??
    (target.deadLetterArn && whyNoTarget(target.deadLetterArn, place))
  if (why) throw validation(why)
  return target
}

/** @see EventBridge API Reference, "PutTargets" (log groups take what a template makes, or the event) */
function whyNoLogInput({ arn, input, inputPath, id }: TargetRecord): string | undefined {
  const isLog = arn.split(':')[2] === 'logs'
  return isLog && (input !== undefined || inputPath !== undefined)
    ? `Invalid input for target ${id}. The only valid form of input is InputTransformer.`
    : undefined
}

function shownTarget(target: TargetRecord): Sdk.Target {
  const { transformer, retries, maxAgeSeconds } = target
  return {
    Id: target.id,
    Arn: target.arn,
    RoleArn: target.roleArn,
    Input: target.input,
    InputPath: target.inputPath,
    ...(transformer && {
      InputTransformer: { InputPathsMap: transformer.paths, InputTemplate: transformer.template },
    }),
    ...(target.deadLetterArn !== undefined && { DeadLetterConfig: { Arn: target.deadLetterArn } }),
    ...((retries !== undefined || maxAgeSeconds !== undefined) && {
      RetryPolicy: { MaximumRetryAttempts: retries, MaximumEventAgeInSeconds: maxAgeSeconds },
    }),
  }
}
