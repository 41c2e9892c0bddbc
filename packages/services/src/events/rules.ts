/** Rules: which events of a bus, or which moments, go to targets. */
import type * as Sdk from '@aws-sdk/client-eventbridge'
import type { Transaction } from '@sekisho/store'
import { type Call, type Operations, requestTags } from '../service.ts'
import { planRun } from '../timetable/runs.ts'
import { nextRun, parseTiming, type Timing } from '../timetable/timing.ts'
import { invalidPattern, limitExceeded, notSupported, validation } from './errors.ts'
import { listNeed, ownBus, ownRule, rolePassed, ruleNeed } from './gate.ts'
import { page } from './paging.ts'
import { parsePattern } from './pattern/pattern.ts'
import { PatternError } from './pattern/pattern-error.ts'
import { patternKeys } from './pattern-keys.ts'
import {
  busOf,
  defaultBus,
  eventsCollections,
  type RuleName,
  type RuleRecord,
  ruleArn,
  ruleKey,
  ruleOf,
  rulesOf,
} from './records.ts'
import {
  busNameOrArn,
  description,
  page as pageRules,
  roleArn,
  ruleName,
} from './rules-of-input.ts'
import { checkTags, tagsOf } from './tag-rules.ts'

/** @see EventBridge User Guide, "Amazon EventBridge quotas" */
const mostRules = 300

const named = { Name: ruleName, EventBusName: busNameOrArn } as const

export const rules = {
  PutRule: {
    constraints: {
      ...named,
      Description: description,
      EventPattern: { maxLength: 4_096 },
      ScheduleExpression: { maxLength: 256 },
      RoleArn: roleArn,
      State: { enum: ['ENABLED', 'DISABLED', 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS'] },
    },
    needs: async (input, call) => {
      const name = ownRule(input, call)
      const tags = requestTags(tagsOf(input.Tags))
      const keys = { ...patternKeys(input.EventPattern), ...tags }
      return [
        await ruleNeed('PutRule', name, call, keys),
        ...(Object.keys(tags).length > 0 ? [await ruleNeed('TagResource', name, call, tags)] : []),
        ...rolePassed(input.RoleArn),
      ]
    },
    async handle(input, call) {
      const name = ownRule(input, call)
      if (input.State === 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS')
        throw notSupported('A rule for management events of CloudTrail')
      // An empty text stands for none, as deploy tools send it.
      const pattern = input.EventPattern || undefined
      const schedule = input.ScheduleExpression || undefined
      if (pattern === undefined && schedule === undefined)
        throw validation('Parameter(s) EventPattern or ScheduleExpression must be specified.')
      if (schedule !== undefined) checkSchedule(schedule, name)
      if (pattern !== undefined) checkPattern(pattern)
      const tags = checkTags(tagsOf(input.Tags))
      const nowMs = call.now.getTime()
      await call.documents.transact(async (transaction) => {
        await busOf(transaction, { ...name, name: name.bus })
        const found = await transaction.get<RuleRecord>(eventsCollections.rules, ruleKey(name))
        const before = found?.value
        if (before === undefined) await checkCount(transaction, name)
        const isEnabled = input.State !== 'DISABLED'
        const goesOn = before?.isEnabled && isEnabled && before.schedule === schedule
        keepRule(transaction, before, nowMs, {
          ...name,
          createdAt: before?.createdAt ?? nowMs,
          isEnabled,
          description: input.Description,
          pattern,
          schedule,
          anchorMs: goesOn ? before.anchorMs : nowMs,
          roleArn: input.RoleArn,
          targets: before?.targets ?? [],
          tags: before?.tags ?? tags,
        })
      })
      return { RuleArn: ruleArn(name) }
    },
  },

  DescribeRule: {
    constraints: named,
    needs: async (input, call) => [await ruleNeed('DescribeRule', ownRule(input, call), call)],
    async handle(input, call) {
      const rule = await ruleOf(call.documents, ownRule(input, call))
      return { ...shownRule(rule), CreatedBy: rule.accountId }
    },
  },

  ListRules: {
    constraints: { ...pageRules, NamePrefix: ruleName, EventBusName: busNameOrArn },
    needs: (_input, call) => [listNeed('ListRules', 'rule', call)],
    async handle({ EventBusName, NamePrefix, ...asked }, call) {
      const bus = ownBus(EventBusName, call)
      await busOf(call.documents, bus)
      const found = await rulesOf(call.documents, bus, NamePrefix)
      const { items, ...rest } = page(found, asked, ({ name }) => name)
      return { Rules: items.map(shownRule), ...rest }
    },
  },

  ListRuleNamesByTarget: {
    constraints: { ...pageRules, TargetArn: { minLength: 1, maxLength: 1_600 } },
    needs: (_input, call) => [listNeed('ListRuleNamesByTarget', 'rule', call)],
    async handle({ EventBusName, TargetArn, ...asked }, call) {
      const bus = ownBus(EventBusName, call)
      await busOf(call.documents, bus)
      const found = (await rulesOf(call.documents, bus)).filter(({ targets }) =>
        targets.some(({ arn }) => arn === TargetArn),
      )
      const { items, ...rest } = page(found, asked, ({ name }) => name)
      return { RuleNames: items.map(({ name }) => name), ...rest }
    },
  },

  EnableRule: {
    constraints: named,
    needs: async (input, call) => [await ruleNeed('EnableRule', ownRule(input, call), call)],
    handle: (input, call) => setEnabled(call, ownRule(input, call), true),
  },

  DisableRule: {
    constraints: named,
    needs: async (input, call) => [await ruleNeed('DisableRule', ownRule(input, call), call)],
    handle: (input, call) => setEnabled(call, ownRule(input, call), false),
  },

  DeleteRule: {
    constraints: named,
    needs: async (input, call) => [await ruleNeed('DeleteRule', ownRule(input, call), call)],
    async handle(input, call) {
      const name = ownRule(input, call)
      await call.documents.transact(async (transaction) => {
        await busOf(transaction, { ...name, name: name.bus })
        const found = await transaction.get<RuleRecord>(eventsCollections.rules, ruleKey(name))
        if (found === undefined) return
        if (found.value.targets.length > 0)
          throw validation("Rule can't be deleted since it has targets.")
        planRun(transaction, runnerOf(name), found.value.nextAt, undefined)
        transaction.delete(eventsCollections.rules, ruleKey(name))
      })
      return {}
    },
  },
} satisfies Operations<typeof Sdk>

/** @throws AwsError ValidationException */
function checkSchedule(schedule: string, { bus }: RuleName): void {
  if (bus !== defaultBus)
    throw validation('ScheduleExpression is supported only on the default event bus.')
  if (timingOfRule(schedule) === undefined)
    throw validation('Parameter ScheduleExpression is not valid.')
}

/** Rules have no single moments, and their rates are grammatical. */
function timingOfRule(schedule: string): Timing | undefined {
  const timing = parseTiming(schedule)
  if (timing?.kind === 'at' || (timing?.kind === 'rate' && !timing.isGrammatical)) return undefined
  return timing
}

/** @throws AwsError InvalidEventPatternException */
export function checkPattern(pattern: string): void {
  try {
    parsePattern(pattern)
  } catch (error) {
    throw error instanceof PatternError ? invalidPattern(error.message) : error
  }
}

/** @throws AwsError LimitExceededException */
async function checkCount(transaction: Transaction, { bus, ...owner }: RuleName): Promise<void> {
  if ((await rulesOf(transaction, { ...owner, name: bus })).length >= mostRules)
    throw limitExceeded('The requested resource exceeds the maximum number allowed.')
}

async function setEnabled(call: Call, name: RuleName, isEnabled: boolean) {
  const nowMs = call.now.getTime()
  await changeRule(call, name, (rule) => ({
    ...rule,
    isEnabled,
    anchorMs: rule.isEnabled ? rule.anchorMs : nowMs,
  }))
  return {}
}

/** @throws AwsError ResourceNotFoundException */
export async function changeRule(
  call: Call,
  name: RuleName,
  change: (rule: RuleRecord) => RuleRecord,
): Promise<void> {
  await call.documents.transact(async (transaction) => {
    await busOf(transaction, { ...name, name: name.bus })
    const rule = await ruleOf(transaction, name)
    keepRule(transaction, rule, call.now.getTime(), change(rule))
  })
}

/** With its next run, which is counted from now unless one is planned already. */
export function keepRule(
  transaction: Transaction,
  before: RuleRecord | undefined,
  nowMs: number,
  rule: RuleRecord,
): void {
  const isPlanned =
    before?.nextAt !== undefined &&
    rule.isEnabled &&
    before.schedule === rule.schedule &&
    before.anchorMs === rule.anchorMs
  const nextAt = isPlanned ? before.nextAt : nextRunOf(rule, nowMs)
  planRun(transaction, runnerOf(rule), before?.nextAt, nextAt)
  transaction.put(eventsCollections.rules, ruleKey(rule), { ...rule, nextAt })
}

export function nextRunOf(
  { isEnabled, schedule, anchorMs }: RuleRecord,
  afterMs: number,
): number | undefined {
  const timing = isEnabled && schedule !== undefined ? timingOfRule(schedule) : undefined
  return timing && nextRun(timing, { zone: 'UTC', anchorMs }, afterMs)
}

export function runnerOf(name: RuleName) {
  return { kind: 'rule', key: ruleKey(name) } as const
}

function shownRule(rule: RuleRecord): Sdk.Rule {
  return {
    Name: rule.name,
    Arn: ruleArn(rule),
    EventPattern: rule.pattern,
    ScheduleExpression: rule.schedule,
    State: rule.isEnabled ? 'ENABLED' : 'DISABLED',
    Description: rule.description,
    RoleArn: rule.roleArn,
    EventBusName: rule.bus,
  }
}
