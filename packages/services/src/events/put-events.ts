/** PutEvents: events onto buses, and from there to the targets of the rules that want them. */

import type * as Sdk from '@aws-sdk/client-eventbridge'
import { parseJson } from '@sekisho/policy'
import { AwsError } from '@sekisho/protocols'
import type { Call, Need, Operations } from '../service.ts'
import { type Delivery, isBacklogFull, putDelivery } from '../timetable/deliveries.ts'
import { busSessionPrefix } from '../timetable/send.ts'
import { notSupported, validation } from './errors.ts'
import { busNeed } from './gate.ts'
import { deliveriesOf } from './occur.ts'
import { matchesPattern, type Pattern, parsePattern } from './pattern/pattern.ts'
import { type BusName, type EventObject, namedBus, type RuleRecord, rulesOf } from './records.ts'
import { busNameOrArn } from './rules-of-input.ts'

const mostEntries = 10
/** @see EventBridge User Guide, "Calculating PutEvents event entry size in Amazon EventBridge" */
const mostBytes = 1_048_576

/** Many targets may each get a large event: what one call makes of it is bounded. */
const mostFanOut = 64 * 1_048_576

const tooMuch = () => new AwsError('ThrottlingException', 'Rate exceeded', 400)

type Entry = Sdk.PutEventsRequestEntry

/** What X-Ray would follow (`TraceHeader`) is taken and not kept: nothing is traced here. */
export const putEvents = {
  PutEvents: {
    constraints: { Entries: { minLength: 1 }, 'Entries.*.EventBusName': busNameOrArn },
    needs: async ({ Entries }, call) => {
      const asked = new Map<string, Promise<Need>>()
      for (const entry of Entries) {
        const { EventBusName, Source, DetailType } = entry
        const id = JSON.stringify([EventBusName, Source, DetailType])
        if (!asked.has(id)) asked.set(id, entryNeed(entry, call))
      }
      const [first, ...others] = await Promise.all(asked.values())
      return [first!, ...others]
    },
    async handle({ Entries, EndpointId }, call) {
      if (EndpointId !== undefined) throw notSupported('A global endpoint')
      checkSize(Entries)
      if (await isBacklogFull(call.documents)) throw tooMuch()
      const results = Entries.map((entry) => resultOf(entry, call))
      const fromBus = isFromBus(call)
      const deliveries: Delivery[] = []
      let bytes = 0
      for (const [at, result] of results.entries())
        if ('event' in result) {
          const bus = namedBus(Entries[at]!.EventBusName, call)
          for (const rule of await wantedBy(bus, result.event, call))
            for (const delivery of deliveriesOf(rule, result.event, call, {
              skipsBuses: fromBus,
            })) {
              deliveries.push(delivery)
              if ((bytes += delivery.payload.length) > mostFanOut) throw tooMuch()
            }
        }
      if (deliveries.length > 0)
        await call.documents.transact((transaction) => {
          for (const delivery of deliveries) putDelivery(transaction, delivery.since, delivery)
        })
      return {
        FailedEntryCount: results.filter((result) => 'ErrorCode' in result).length,
        Entries: results.map((result) =>
          'event' in result ? { EventId: result.event.id } : result,
        ),
      }
    },
  },
} satisfies Operations<typeof Sdk>

function entryNeed({ EventBusName, Source, DetailType }: Entry, call: Call): Promise<Need> {
  return busNeed('PutEvents', namedBus(EventBusName, call), call, {
    ...(Source !== undefined && { 'events:source': Source }),
    ...(DetailType !== undefined && { 'events:detail-type': DetailType }),
    'events:eventBusInvocation': String(isFromBus(call)),
  })
}

/**
 * What a rule passed on from another bus is not passed on once more: so a circle of buses ends.
 *
 * @see EventBridge User Guide, "Sending and receiving events between AWS accounts in Amazon EventBridge"
 */
function isFromBus({ principal, session }: Call): boolean {
  if (principal.type === 'service') return principal.service === 'events.amazonaws.com'
  // Only a service that acts in a role has it without a session's credentials: nobody else can call himself so.
  const isActing = principal.type === 'assumed-role' && session === undefined
  return isActing && principal.arn.includes(`/${busSessionPrefix}`)
}

/** @throws AwsError ValidationException */
function checkSize(entries: readonly Entry[]): void {
  if (entries.length > mostEntries)
    throw validation(
      `1 validation error detected: Value '[${entries.map(() => 'PutEventsRequestEntry').join(', ')}]' at 'entries' failed to satisfy constraint: Member must have length less than or equal to ${mostEntries}`,
    )
  if (entries.reduce((sum, entry) => sum + bytesOf(entry), 0) > mostBytes)
    throw validation('Total size of the entries in the request is over the limit.')
}

function bytesOf({ Time, Source, DetailType, Detail, Resources = [] }: Entry): number {
  const texts = [Source, DetailType, Detail, ...Resources]
  return texts.reduce(
    (sum, text) => sum + Buffer.byteLength(text ?? ''),
    Time === undefined ? 0 : 14,
  )
}

type Result =
  | { readonly event: EventObject }
  | { readonly ErrorCode: string; readonly ErrorMessage: string }

function resultOf(entry: Entry, call: Call): Result {
  for (const name of ['Source', 'DetailType', 'Detail'] as const)
    if (!entry[name])
      return {
        ErrorCode: 'InvalidArgument',
        ErrorMessage: `Parameter ${name} is not valid. Reason: ${name} is a required argument.`,
      }
  if (entry.Source!.startsWith('aws.') && !isService(call))
    return {
      ErrorCode: 'NotAuthorizedForSourceException',
      ErrorMessage: 'Not authorized for the source.',
    }
  const detail = detailOf(entry.Detail!)
  if (detail === undefined)
    return { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' }
  return { event: eventOf(entry, detail, call) }
}

/** Events of AWS's own are passed on between buses, and nobody else has any. */
function isService(call: Call): boolean {
  return call.principal.type === 'service' || isFromBus(call)
}

function detailOf(text: string): object | undefined {
  try {
    const value: unknown = parseJson(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}

function eventOf({ Time, Resources, ...entry }: Entry, detail: object, call: Call): EventObject {
  return {
    version: '0',
    id: call.ids.uuid(),
    'detail-type': entry.DetailType!,
    source: entry.Source!,
    account: call.accountId,
    time: eventTime((Time ?? call.now).getTime()),
    region: call.region,
    resources: Resources ?? [],
    detail,
  }
}

/** To the second. */
export function eventTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`
}

/** *Observed*: what is put on a bus that is not there is acknowledged, and nobody gets it. */
async function wantedBy(
  bus: BusName,
  event: EventObject,
  call: Call,
): Promise<readonly RuleRecord[]> {
  const rules = await rulesOf(call.documents, bus)
  return rules.filter(
    ({ isEnabled, pattern }) =>
      isEnabled && pattern !== undefined && matchesPattern(compiledPattern(pattern), event),
  )
}

const compiledPatterns = new Map<string, Pattern>()
const mostCompiled = 5_000

function compiledPattern(text: string): Pattern {
  let pattern = compiledPatterns.get(text)
  if (pattern === undefined) {
    pattern = parsePattern(text)
    if (compiledPatterns.size >= mostCompiled) compiledPatterns.clear()
    compiledPatterns.set(text, pattern)
  }
  return pattern
}
