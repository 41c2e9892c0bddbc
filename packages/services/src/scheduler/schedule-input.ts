/** What may be asked of a schedule, and what is kept of it. */
import type * as Sdk from '@aws-sdk/client-scheduler'
import { retryDefaults } from '../timetable/deliveries.ts'
import { type Place, whyNoTarget } from '../timetable/targets.ts'
import { parseTiming } from '../timetable/timing.ts'
import { isReadOnly, universalParts, universalTarget } from '../timetable/universal.ts'
import { isZone } from '../timetable/zones.ts'
import { notSupported, validation } from './errors.ts'
import type { ScheduleRecord, TargetRecord } from './records.ts'

/** Everything but its name, its dates and what is planned. */
export type Asked = Omit<
  ScheduleRecord,
  | 'accountId'
  | 'region'
  | 'group'
  | 'name'
  | 'createdAt'
  | 'modifiedAt'
  | 'anchorMs'
  | 'nextAt'
  | 'clientToken'
>

/** @see Scheduler API Reference, "CreateSchedule" */
export const scheduleConstraints = {
  ScheduleExpression: { minLength: 1, maxLength: 256 },
  ScheduleExpressionTimezone: { minLength: 1, maxLength: 50 },
  Description: { minLength: 0, maxLength: 512 },
  State: { enum: ['ENABLED', 'DISABLED'] },
  ActionAfterCompletion: { enum: ['NONE', 'DELETE'] },
  'FlexibleTimeWindow.Mode': { enum: ['OFF', 'FLEXIBLE'] },
  'FlexibleTimeWindow.MaximumWindowInMinutes': { min: 1, max: 1_440 },
  'Target.Arn': { minLength: 1, maxLength: 1_600 },
  'Target.RoleArn': [
    { minLength: 1, maxLength: 1_600 },
    { pattern: /arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+/ },
  ],
  'Target.Input': { minLength: 1 },
  'Target.RetryPolicy.MaximumRetryAttempts': { min: 0, max: 185 },
  'Target.RetryPolicy.MaximumEventAgeInSeconds': { min: 60, max: 86_400 },
  'Target.EventBridgeParameters.DetailType': { minLength: 1, maxLength: 128 },
  'Target.EventBridgeParameters.Source': { minLength: 1, maxLength: 256 },
} as const

type Given = Pick<
  Sdk.CreateScheduleInput,
  | 'ScheduleExpression'
  | 'ScheduleExpressionTimezone'
  | 'StartDate'
  | 'EndDate'
  | 'State'
  | 'Description'
  | 'KmsKeyArn'
  | 'Target'
  | 'FlexibleTimeWindow'
  | 'ActionAfterCompletion'
>

/** @throws AwsError ValidationException */
export function askedOf(given: Given, place: Place): Asked {
  const expression = given.ScheduleExpression ?? ''
  const zone = given.ScheduleExpressionTimezone ?? 'UTC'
  if (given.KmsKeyArn !== undefined) throw notSupported('Encryption with a KMS key')
  if (parseTiming(expression) === undefined)
    throw validation(`Invalid Schedule Expression ${expression}.`)
  if (!isZone(zone)) throw validation(`Invalid Schedule Expression Timezone ${zone}.`)
  const [startMs, endMs] = [given.StartDate?.getTime(), given.EndDate?.getTime()]
  if (startMs !== undefined && endMs !== undefined && startMs >= endMs)
    throw validation('The StartDate you specify must come before the EndDate.')
  return {
    expression,
    zone,
    startMs,
    endMs,
    isEnabled: given.State !== 'DISABLED',
    description: given.Description,
    windowMinutes: windowOf(given.FlexibleTimeWindow ?? { Mode: 'OFF' }),
    isDeletedAfterwards: given.ActionAfterCompletion === 'DELETE',
    target: targetOf(given.Target ?? { Arn: '', RoleArn: '' }, place),
  }
}

/** Before a new schedule is made. */
const oldestStartMs = 5 * 60_000

/** Of what recurs: a one-off has no use for its start. @throws AwsError ValidationException */
export function checkStart({ expression, startMs = Infinity }: Asked, nowMs: number): void {
  if (startMs < nowMs - oldestStartMs && !expression.startsWith('at('))
    throw validation('The StartDate you specify cannot be earlier than 5 minutes ago.')
}

/** @throws AwsError ValidationException *Observed* wording. */
function windowOf({ Mode, MaximumWindowInMinutes }: Sdk.FlexibleTimeWindow): number | undefined {
  if (Mode === 'OFF' && MaximumWindowInMinutes !== undefined)
    throw validation(
      'MaximumWindowInMinutes must not be provided when FlexibleTimeWindowMode is set to OFF.',
    )
  if (Mode === 'FLEXIBLE' && MaximumWindowInMinutes === undefined)
    throw validation(
      'MaximumWindowInMinutes must be provided when FlexibleTimeWindowMode is set to FLEXIBLE.',
    )
  return MaximumWindowInMinutes
}

/** What AWS has for kinds of targets that are not here. */
const unsupported = [
  'EcsParameters',
  'EventBridgePutEventsV2Parameters',
  'EventBridgePutRawEventsParameters',
  'KinesisParameters',
  'SageMakerPipelineParameters',
  'SqsParameters',
] as const satisfies readonly (keyof Sdk.Target)[]

function targetOf(given: Sdk.Target, place: Place): TargetRecord {
  for (const name of unsupported)
    if (given[name] !== undefined) throw notSupported(`${name} of a target`)
  const { Arn = '', RoleArn = '', Input, RetryPolicy, EventBridgeParameters: event } = given
  const deadLetterArn = given.DeadLetterConfig?.Arn
  const why =
    whyNotCallable(Arn, Input, place) ??
    whyNotEvent(Arn, event) ??
    (deadLetterArn === undefined ? undefined : whyNoTarget(deadLetterArn, place))
  if (why !== undefined) throw validation(why)
  return {
    arn: Arn,
    roleArn: RoleArn,
    input: Input,
    deadLetterArn,
    retries: RetryPolicy?.MaximumRetryAttempts ?? retryDefaults.mostRetries,
    maxAgeSeconds: RetryPolicy?.MaximumEventAgeInSeconds ?? retryDefaults.mostAgeMs / 1_000,
    asEvent: event && { source: event.Source ?? '', detailType: event.DetailType ?? '' },
  }
}

/** *Observed* wording. */
function whyNotCallable(arn: string, input: string | undefined, place: Place): string | undefined {
  const parts = universalParts(arn)
  if (parts === undefined) return whyNoTarget(arn, place) ?? whyNoJson(input ?? '{}')
  const [client, api] = parts
  if (isReadOnly(api)) return `${api} API is not supported`
  if (universalTarget(arn) === undefined)
    return `The service ${client} of a universal target is not supported by Sekisho.`
  if (input === undefined) return 'You must provide an input to set this target for your schedule'
  return whyNoJson(input)
}

function whyNoJson(input: string): string | undefined {
  try {
    JSON.parse(input)
    return undefined
  } catch {
    return 'JSON syntax error in input for the target'
  }
}

function whyNotEvent(
  arn: string,
  event: Sdk.EventBridgeParameters | undefined,
): string | undefined {
  const isBus = arn.split(':')[2] === 'events'
  if (isBus === (event !== undefined)) return undefined
  return isBus
    ? 'EventBridgeParameters must be provided for a target of EventBridge.'
    : 'EventBridgeParameters are for targets of EventBridge alone.'
}
