/** What a rule does when its moment comes, or an event that it wants: a delivery for each of its targets. */
import type { Documents } from '@sekisho/store'
import type { Call } from '../service.ts'
import { type Delivery, putDelivery, retryDefaults } from '../timetable/deliveries.ts'
import { type Moment, type Occur, planRun } from '../timetable/runs.ts'
import { inputFor } from './input.ts'
import {
  type EventObject,
  eventsCollections,
  type RuleRecord,
  ruleArn,
  ruleKey,
} from './records.ts'
import { nextRunOf, runnerOf } from './rules.ts'

/**
 * @param how  `skipsBuses`: the event has come from another bus already
 */
export function deliveriesOf(
  rule: RuleRecord,
  event: EventObject,
  { now, ids }: Pick<Call, 'now' | 'ids'>,
  how: { readonly skipsBuses: boolean },
): readonly Delivery[] {
  const { accountId, region, name, targets } = rule
  const arn = ruleArn(rule)
  const nowMs = now.getTime()
  return targets
    .filter((target) => !(how.skipsBuses && target.arn.split(':')[2] === 'events'))
    .map((target) => ({
      id: ids.uuid(),
      accountId,
      region,
      service: 'events.amazonaws.com',
      originArn: arn,
      sourceArn: arn,
      roleArn: target.roleArn,
      targetArn: target.arn,
      payload: inputFor(target, event, { arn, name, receivedAt: nowMs }),
      time: Date.parse(event.time),
      since: nowMs,
      attempts: 0,
      mostRetries: target.retries ?? retryDefaults.mostRetries,
      mostAgeMs:
        target.maxAgeSeconds === undefined ? retryDefaults.mostAgeMs : target.maxAgeSeconds * 1_000,
      deadLetterArn: target.deadLetterArn,
    }))
}

export const occurRule: Occur = async (transaction, key, moment) => {
  const rule = (await transaction.get<RuleRecord>(eventsCollections.rules, key))?.value
  if (rule?.nextAt !== moment.atMs) return
  const nextAt = nextRunOf(rule, moment.nowMs)
  planRun(transaction, runnerOf(rule), undefined, nextAt)
  transaction.put(eventsCollections.rules, key, { ...rule, nextAt })
  const given = { now: new Date(moment.nowMs), ids: moment.ids }
  for (const delivery of deliveriesOf(rule, scheduledEvent(rule, moment), given, {
    skipsBuses: false,
  }))
    putDelivery(transaction, moment.nowMs, delivery)
}

/** @see EventBridge User Guide, "Creating an Amazon EventBridge rule that runs on a schedule" */
function scheduledEvent(rule: RuleRecord, { atMs, ids }: Moment): EventObject {
  return {
    version: '0',
    id: ids.uuid(),
    'detail-type': 'Scheduled Event',
    source: 'aws.events',
    account: rule.accountId,
    time: `${new Date(atMs).toISOString().slice(0, 19)}Z`,
    region: rule.region,
    resources: [ruleArn(rule)],
    detail: {},
  }
}

/** After the clock was put back: what comes earlier than planned is planned anew. */
export async function replanRules(documents: Documents, nowMs: number): Promise<void> {
  const isEarlier = (rule: RuleRecord, next: number | undefined): next is number =>
    next !== undefined && (rule.nextAt === undefined || next < rule.nextAt)
  for (const { key, value } of await documents.list<RuleRecord>(eventsCollections.rules)) {
    if (!isEarlier(value, nextRunOf(value, nowMs))) continue
    await documents.transact(async (transaction) => {
      const rule = (await transaction.get<RuleRecord>(eventsCollections.rules, key))?.value
      const nextAt = rule && nextRunOf(rule, nowMs)
      if (rule === undefined || !isEarlier(rule, nextAt)) return
      planRun(transaction, runnerOf(rule), rule.nextAt, nextAt)
      transaction.put(eventsCollections.rules, ruleKey(rule), { ...rule, nextAt })
    })
  }
}
