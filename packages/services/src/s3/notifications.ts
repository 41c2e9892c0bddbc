/** Notifications of buckets: which functions are told of what. */
import type * as Sdk from '@aws-sdk/client-s3'
import { AwsError } from '@sekisho/protocols'
import type { Call, Operations } from '../service.ts'
import { changeBucket, needing } from './bucket-settings.ts'
import { invalidArgument, notSupported, s3Error } from './errors.ts'
import { bucketArn, findBucket, type NotificationRule } from './records.ts'

const mostRules = 100

/** What happens here. @see Amazon S3 User Guide, "Supported event types for SQS, SNS, and Lambda" */
const events: ReadonlySet<string> = new Set([
  's3:ObjectCreated:*',
  's3:ObjectCreated:Put',
  's3:ObjectCreated:Copy',
  's3:ObjectCreated:CompleteMultipartUpload',
  's3:ObjectRemoved:*',
  's3:ObjectRemoved:Delete',
  's3:ObjectRemoved:DeleteMarkerCreated',
  's3:ObjectTagging:*',
  's3:ObjectTagging:Put',
  's3:ObjectTagging:Delete',
  's3:LifecycleExpiration:*',
  's3:LifecycleExpiration:Delete',
  's3:LifecycleExpiration:DeleteMarkerCreated',
])

export const notifications = {
  GetBucketNotificationConfiguration: {
    needs: needing('GetBucketNotification'),
    async handle({ Bucket }, { documents }) {
      const { notifications: rules = [] } = await findBucket(documents, Bucket)
      return { ...(rules.length > 0 && { LambdaFunctionConfigurations: rules.map(shownRule) }) }
    },
  },
  PutBucketNotificationConfiguration: {
    needs: needing('PutBucketNotification'),
    async handle(input, call) {
      const { Bucket, NotificationConfiguration: given = {} } = input
      if (given.QueueConfigurations?.length) throw notSupported('A notification to a queue')
      if (given.TopicConfigurations?.length) throw notSupported('A notification to a topic')
      if (given.EventBridgeConfiguration) throw notSupported('A notification to EventBridge')
      const rules = (given.LambdaFunctionConfigurations ?? []).map((rule) => readRule(rule, call))
      if (rules.length > mostRules) throw s3Error('InvalidArgument', 'Too many configurations')
      refuseOverlaps(rules)
      if (input.SkipDestinationValidation !== true)
        for (const { functionArn } of rules) await checkFunction(functionArn, Bucket, call)
      return changeBucket(Bucket, call, ({ notifications: _, ...bucket }) =>
        rules.length === 0 ? bucket : { ...bucket, notifications: rules },
      )
    },
  },
} satisfies Operations<typeof Sdk>

function readRule(given: Sdk.LambdaFunctionConfiguration, { ids }: Call): NotificationRule {
  const { Id, LambdaFunctionArn = '', Events = [], Filter } = given
  const unknown = Events.find((event) => !events.has(event))
  if (unknown !== undefined)
    throw invalidArgument(
      `The event '${unknown}' is not supported for notifications`,
      'Event',
      unknown,
    )
  if (Events.length === 0) throw s3Error('MalformedXML')
  if (
    !/^arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[\w-]+(?::[\w$-]+)?$/.test(
      LambdaFunctionArn,
    )
  )
    throw invalidArgument('The ARN could not be parsed', 'CloudFunction', LambdaFunctionArn)
  const found: { prefix?: string; suffix?: string } = {}
  for (const { Name = '', Value = '' } of Filter?.Key?.FilterRules ?? []) {
    const name = Name.toLowerCase()
    if (name !== 'prefix' && name !== 'suffix')
      throw invalidArgument(
        'filter rule name must be either prefix or suffix',
        'FilterRule.Name',
        Name,
      )
    if (found[name] !== undefined)
      throw invalidArgument(
        `Cannot specify more than one ${name} rule in a filter.`,
        'FilterRule.Name',
        Name,
      )
    found[name] = Value
  }
  return { id: Id ?? ids.uuid(), functionArn: LambdaFunctionArn, events: Events, ...found }
}

/** One event is told to one function. */
function refuseOverlaps(rules: readonly NotificationRule[]): void {
  for (const [at, one] of rules.entries())
    for (const other of rules.slice(at + 1))
      if (sharesEvent(one, other) && sharesKeys(one, other))
        throw s3Error(
          'InvalidArgument',
          'Configurations overlap. Configurations on the same bucket cannot share a common event type.',
        )
}

function sharesEvent(
  { events: one }: NotificationRule,
  { events: other }: NotificationRule,
): boolean {
  const covers = (wide: string, narrow: string) =>
    wide === narrow || (wide.endsWith(':*') && narrow.startsWith(wide.slice(0, -1)))
  return one.some((first) => other.some((second) => covers(first, second) || covers(second, first)))
}

function sharesKeys(one: NotificationRule, other: NotificationRule): boolean {
  const { prefix: p1 = '', suffix: s1 = '' } = one
  const { prefix: p2 = '', suffix: s2 = '' } = other
  return (p1.startsWith(p2) || p2.startsWith(p1)) && (s1.endsWith(s2) || s2.endsWith(s1))
}

/** @throws AwsError InvalidArgument  it is not there, or its policy does not let this bucket's events in */
async function checkFunction(functionArn: string, name: string, call: Call): Promise<void> {
  const bucket = await findBucket(call.documents, name)
  try {
    await call.aws(
      'lambda',
      'Invoke',
      { FunctionName: functionArn, InvocationType: 'DryRun' },
      {
        service: 's3.amazonaws.com',
        accountId: bucket.accountId,
        region: functionArn.split(':')[3]!,
        sourceArn: bucketArn(bucket),
        causedBy: call.requestId,
      },
    )
  } catch (error) {
    if (!(error instanceof AwsError)) throw error
    throw s3Error(
      'InvalidArgument',
      'Unable to validate the following destination configurations',
      {
        ArgumentName: functionArn,
        ArgumentValue: `Not authorized to invoke function [${functionArn}]`,
      },
    )
  }
}

function shownRule({ id, functionArn, events: Events, prefix, suffix }: NotificationRule) {
  const rules = [
    ...(prefix === undefined ? [] : [{ Name: 'prefix' as const, Value: prefix }]),
    ...(suffix === undefined ? [] : [{ Name: 'suffix' as const, Value: suffix }]),
  ]
  return {
    Id: id,
    LambdaFunctionArn: functionArn,
    Events: [...Events] as Sdk.Event[],
    ...(rules.length > 0 && { Filter: { Key: { FilterRules: rules } } }),
  }
}
