/** Lets whoever delivers logs write into a log group, with the rights of who asks for it. */

import { isDeepStrictEqual } from 'node:util'
import { parseJson } from '@sekisho/policy'
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

/**
 * Nothing is done where some policy lets it in already.
 *
 * @throws AwsError  the caller may not see or change the account's resource policies, or there is no room in them
 */
export async function letDeliveriesIn(
  resourceArn: string,
  sourceName: string,
  call: Call,
): Promise<void> {
  const { accountId, region } = call
  const { name: logGroupName } = identifiedGroup(resourceArn, call)
  const stream = { logGroupName, logStreamName: sourceName }
  const behalf = { service, accountId, region, sourceArn: deliveryArn('source', sourceName, call) }
  const event = { timestamp: call.now.getTime(), message: '-' }
  const refusal =
    (await call.refusalTo('logs', 'CreateLogStream', stream, behalf)) ??
    (await call.refusalTo('logs', 'PutLogEvents', { ...stream, logEvents: [event] }, behalf))
  if (refusal === undefined) return
  await call.together(async (aws) => {
    const { Version = '2012-10-17', Statement = [], ...rest } = await formerPolicy(aws)
    const policyDocument = JSON.stringify({
      Version,
      ...rest,
      Statement: withGroup([Statement].flat(), `${resourceArn}:log-stream:*`, call),
    })
    await aws('logs', 'PutResourcePolicy', { policyName, policyDocument }, 'caller')
  })
}

/** One statement holds all groups, as long as nobody else has changed it. */
function withGroup(
  statements: readonly object[],
  resource: string,
  { accountId, region }: Call,
): readonly object[] {
  const wanted = {
    Effect: 'Allow',
    Principal: { Service: [service] },
    Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    Condition: {
      StringEquals: { 'aws:SourceAccount': [accountId] },
      ArnLike: { 'aws:SourceArn': [`arn:aws:logs:${region}:${accountId}:*`] },
    },
  }
  const isOurs = ({ Sid: _, Resource, ...statement }: Statement) =>
    Array.isArray(Resource) && isDeepStrictEqual(statement, wanted)
  const ours = statements.find(isOurs) as { readonly Resource: readonly string[] } | undefined
  if (ours)
    return statements.map((each) =>
      each === ours ? { ...ours, Resource: [...new Set([...ours.Resource, resource])] } : each,
    )
  const isTaken = statements.some((each: Statement) => each.Sid === policyName)
  return [...statements, { ...(!isTaken && { Sid: policyName }), ...wanted, Resource: [resource] }]
}

interface Statement {
  readonly Sid?: string
  readonly Resource?: unknown
}

async function formerPolicy(aws: Call['aws']): Promise<Document> {
  const { resourcePolicies } = await aws('logs', 'DescribeResourcePolicies', {}, 'caller')
  const policies = resourcePolicies as readonly {
    readonly policyName?: string
    readonly policyDocument?: string
  }[]
  const former = policies.find((each) => each.policyName === policyName)
  return parseJson(former?.policyDocument ?? '{}') as Document
}
