/** Who else may put events on a bus: its resource policy, whole or statement by statement. */
import type * as Sdk from '@aws-sdk/client-eventbridge'
import { PolicyError, parseJson, parsePolicy } from '@sekisho/policy'
import { AwsError } from '@sekisho/protocols'
import { withIds } from '../iam/principal-ids.ts'
import type { Call, Operations } from '../service.ts'
import { changeBus } from './buses.ts'
import { notFound, policyTooLong, validation } from './errors.ts'
import { ownBus, serviceNeed } from './gate.ts'
import { busArn } from './records.ts'
import { busNameOrArn } from './rules-of-input.ts'

/** @see EventBridge User Guide, "Amazon EventBridge quotas" */
const longestPolicy = 10_240

const statementId = [{ minLength: 1, maxLength: 64 }, { pattern: /[a-zA-Z0-9-_]+/ }] as const

interface Document {
  readonly Version: string
  readonly Statement: readonly { readonly Sid?: string }[]
}

export const permissions = {
  PutPermission: {
    constraints: {
      EventBusName: busNameOrArn,
      Action: { minLength: 1, maxLength: 64 },
      Principal: [{ minLength: 1, maxLength: 12 }, { pattern: /(\d{12}|\*)/ }],
      StatementId: statementId,
    },
    needs: () => [serviceNeed('PutPermission')],
    async handle({ EventBusName, Policy, ...statement }, call) {
      if (Policy !== undefined && Object.values(statement).some((given) => given !== undefined))
        throw validation(
          'Policy cannot be specified with Action, Principal, StatementId or Condition.',
        )
      const whole = Policy === undefined ? undefined : await namingIds(Policy, call)
      await changeBus(call, ownBus(EventBusName, call), (bus) => {
        const before = documentOf(bus.policy)
        const policy =
          whole ?? JSON.stringify(withStatement(before, statementOf(statement, busArn(bus))))
        checkPolicy(policy)
        return { ...bus, policy }
      })
      return {}
    },
  },

  RemovePermission: {
    constraints: { EventBusName: busNameOrArn, StatementId: statementId },
    needs: () => [serviceNeed('RemovePermission')],
    async handle({ EventBusName, StatementId, RemoveAllPermissions = false }, call) {
      if (StatementId === undefined && !RemoveAllPermissions)
        throw validation('Parameter StatementId or RemoveAllPermissions must be specified.')
      await changeBus(call, ownBus(EventBusName, call), ({ policy, ...bus }) => {
        if (RemoveAllPermissions) return bus
        if (policy === undefined) throw notFound('EventBus does not have a policy.')
        const document = documentOf(policy)
        const Statement = document.Statement.filter(({ Sid }) => Sid !== StatementId)
        if (Statement.length === document.Statement.length)
          throw notFound('Statement with the provided id does not exist.')
        return Statement.length === 0
          ? bus
          : { ...bus, policy: JSON.stringify({ ...document, Statement }) }
      })
      return {}
    },
  },
} satisfies Operations<typeof Sdk>

/**
 * Users and roles by what nobody else ever is.
 *
 * @throws AwsError ValidationException, PolicyLengthExceededException
 */
async function namingIds(policy: string, { documents }: Pick<Call, 'documents'>): Promise<string> {
  checkPolicy(policy)
  return withIds(documents, policy).catch((error) => {
    throw error instanceof AwsError
      ? validation(`Event bus policy is not valid. ${error.message}`)
      : error
  })
}

function documentOf(policy: string | undefined): Document {
  if (policy === undefined) return { Version: '2012-10-17', Statement: [] }
  const document = parseJson(policy) as Document
  return { ...document, Statement: [document.Statement].flat() }
}

function withStatement(document: Document, statement: { readonly Sid: string }): Document {
  const others = document.Statement.filter(({ Sid }) => Sid !== statement.Sid)
  return { ...document, Statement: [...others, statement] }
}

/** @throws AwsError ValidationException */
function statementOf(
  { Action, Principal, StatementId, Condition }: Partial<Sdk.PutPermissionRequest>,
  resource: string,
) {
  if (Action === undefined || Principal === undefined || StatementId === undefined)
    throw validation('Action, Principal and StatementId must be specified, or Policy.')
  if (Action !== 'events:PutEvents')
    throw validation('Provided value in parameter Action is not supported.')
  return {
    Sid: StatementId,
    Effect: 'Allow',
    Principal: Principal === '*' ? '*' : { AWS: `arn:aws:iam::${Principal}:root` },
    Action,
    Resource: resource,
    ...(Condition && {
      Condition: { [Condition.Type ?? '']: { [Condition.Key ?? '']: Condition.Value ?? '' } },
    }),
  }
}

/** @throws AwsError ValidationException, PolicyLengthExceededException */
function checkPolicy(policy: string): void {
  if (policy.length > longestPolicy)
    throw policyTooLong('The provided policy exceeds the maximum length allowed.')
  try {
    parsePolicy(policy, { type: 'resource' })
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error
    throw validation(`Event bus policy is not valid. ${error.faults[0]?.message ?? error.message}`)
  }
}
