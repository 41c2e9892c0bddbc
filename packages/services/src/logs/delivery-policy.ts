/** Lets whoever delivers logs write into a log group, with the rights of who asks for it. */
import { isDeepStrictEqual } from 'node:util'
import type { Documents } from '@sekisho/store'
import type { Call } from '../service.ts'
import { deliveryArn } from './delivery-records.ts'
import { identifiedGroup } from './records.ts'

/** @see CloudWatch Logs User Guide, "Logs sent to CloudWatch Logs" (the policy that AWS makes by itself) */
const policyName = 'AWSLogDeliveryWrite20150319'
const service = 'delivery.logs.amazonaws.com'

interface Document {
  readonly Version?: string
  readonly Statement?: object | readonly object[]
}

/** Who changes the policy waits for who is at it: both read it first, and neither may undo the other. */
const turns = new WeakMap<Documents, Promise<void>>()

/**
 * Nothing is done where some policy lets it in already.
 *
 * @throws AwsError  the caller may not see or change the account's resource policies, or there is no room in them
 */
export function letDeliveriesIn(
  resourceArn: string,
  sourceName: string,
  call: Call,
): Promise<void> {
  const open = () => openGroup(resourceArn, sourceName, call)
  const turn = (turns.get(call.documents) ?? Promise.resolve()).then(open, open)
  turns.set(call.documents, turn)
  return turn
}

async function openGroup(resourceArn: string, sourceName: string, call: Call): Promise<void> {
  const { accountId, region } = call
  const { name: logGroupName } = identifiedGroup(resourceArn, call)
  const stream = { logGroupName, logStreamName: sourceName }
  const behalf = { service, accountId, region, sourceArn: deliveryArn('source', sourceName, call) }
  const event = { timestamp: call.now.getTime(), message: '-' }
  const refusal =
    (await call.refusalTo('logs', 'CreateLogStream', stream, behalf)) ??
    (await call.refusalTo('logs', 'PutLogEvents', { ...stream, logEvents: [event] }, behalf))
  if (refusal === undefined) return
  const { Version = '2012-10-17', Statement = [], ...rest } = await formerPolicy(call)
  const policyDocument = JSON.stringify({
    Version,
    ...rest,
    Statement: withGroup([Statement].flat(), `${resourceArn}:log-stream:*`, call),
  })
  await call.aws('logs', 'PutResourcePolicy', { policyName, policyDocument }, 'caller')
}

/** One statement holds all groups, as long as nobody else has changed it. */
function withGroup(
  statements: readonly object[],
  resource: string,
  { accountId, region }: Call,
): readonly object[] {
  const wanted = {
    Sid: policyName,
    Effect: 'Allow',
    Principal: { Service: [service] },
    Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    Condition: {
      StringEquals: { 'aws:SourceAccount': [accountId] },
      ArnLike: { 'aws:SourceArn': [`arn:aws:logs:${region}:${accountId}:*`] },
    },
  }
  const { Sid, ...nameless } = wanted
  const isOurs = ({ Resource, ...statement }: Statement) =>
    Array.isArray(Resource) && isDeepStrictEqual(statement, wanted)
  const ours = statements.find(isOurs) as { readonly Resource: readonly string[] } | undefined
  if (ours)
    return statements.map((each) =>
      each === ours ? { ...wanted, Resource: [...new Set([...ours.Resource, resource])] } : each,
    )
  const isTaken = statements.some((each: Statement) => each.Sid === Sid)
  return [...statements, { ...(isTaken ? nameless : wanted), Resource: [resource] }]
}

interface Statement {
  readonly Sid?: string
  readonly Resource?: unknown
}

async function formerPolicy(call: Call): Promise<Document> {
  const { resourcePolicies } = await call.aws('logs', 'DescribeResourcePolicies', {}, 'caller')
  const policies = resourcePolicies as readonly {
    readonly policyName?: string
    readonly policyDocument?: string
  }[]
  const former = policies.find((each) => each.policyName === policyName)
  return JSON.parse(former?.policyDocument ?? '{}') as Document
}
