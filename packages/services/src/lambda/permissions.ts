/** Who else may use a function: its resource policy, statement by statement. */
import type * as Sdk from '@aws-sdk/client-lambda'
import type { Operations } from '../service.ts'
import { conflict, invalidParameter, notFound, notSupported } from './errors.ts'
import { keep } from './functions.ts'
import { functionNeed, policyText } from './gate.ts'
import { arnOf, findFunction, type PermissionRecord } from './records.ts'

const statementId = {
  StatementId: [{ minLength: 1, maxLength: 100 }, { pattern: /([a-zA-Z0-9-_]+)/ }],
} as const

export const permissions = {
  AddPermission: {
    constraints: {
      ...statementId,
      Action: { pattern: /(lambda:[*]|lambda:[a-zA-Z]+|[*])/ },
      SourceAccount: { pattern: /\d{12}/ },
    },
    needs: async ({ FunctionName, Principal }, call) => [
      await functionNeed('AddPermission', FunctionName, call, { 'lambda:Principal': Principal }),
    ],
    async handle(input, call) {
      if (input.FunctionUrlAuthType !== undefined || input.EventSourceToken !== undefined)
        throw notSupported('A permission for function URLs or event source tokens')
      let statement: PermissionRecord | undefined
      await keep(call, input.FunctionName, (record) => {
        if (record.policy.some(({ Sid }) => Sid === input.StatementId))
          throw conflict(
            `The statement id (${input.StatementId}) provided already exists. Please provide a new statement id, or remove the existing statement.`,
          )
        statement = {
          Sid: input.StatementId,
          Effect: 'Allow',
          Principal: principalOf(input.Principal),
          Action: input.Action,
          Resource: arnOf(record),
          ...conditionOf(input),
        }
        return { ...record, policy: [...record.policy, statement] }
      })
      return { Statement: JSON.stringify(statement) }
    },
  },

  RemovePermission: {
    needs: async ({ FunctionName }, call) => [
      await functionNeed('RemovePermission', FunctionName, call),
    ],
    async handle({ FunctionName, StatementId }, call) {
      await keep(call, FunctionName, (record) => {
        const policy = record.policy.filter(({ Sid }) => Sid !== StatementId)
        if (policy.length === record.policy.length)
          throw notFound(`Statement ${StatementId} is not found in resource policy.`)
        return { ...record, policy }
      })
      return {}
    },
  },

  GetPolicy: {
    needs: async ({ FunctionName }, call) => [await functionNeed('GetPolicy', FunctionName, call)],
    async handle({ FunctionName }, call) {
      const record = await findFunction(call.documents, call, FunctionName)
      if (record.policy.length === 0) throw notFound('The resource you requested does not exist.')
      return { Policy: policyText(record), RevisionId: record.revisionId }
    },
  },
} satisfies Operations<typeof Sdk>

/** @throws AwsError InvalidParameterValueException */
function principalOf(text: string): PermissionRecord['Principal'] {
  if (text === '*') return '*'
  if (/^\d{12}$/.test(text)) return { AWS: `arn:aws:iam::${text}:root` }
  if (/^arn:aws[a-z-]*:(?:iam|sts)::\d{12}:.+$/.test(text)) return { AWS: text }
  if (/^[a-z0-9.-]+\.amazonaws\.com$/.test(text)) return { Service: text }
  throw invalidParameter(
    'The provided principal was invalid. Please check the principal and try again.',
  )
}

/** Spelt as AWS spells it: deploy tools compare the text. */
function conditionOf(given: {
  readonly SourceArn?: string | undefined
  readonly SourceAccount?: string | undefined
  readonly PrincipalOrgID?: string | undefined
}): Pick<PermissionRecord, 'Condition'> {
  const equals = {
    ...(given.SourceAccount !== undefined && { 'AWS:SourceAccount': given.SourceAccount }),
    ...(given.PrincipalOrgID !== undefined && { 'aws:PrincipalOrgID': given.PrincipalOrgID }),
  }
  const condition = {
    ...(Object.keys(equals).length > 0 && { StringEquals: equals }),
    ...(given.SourceArn !== undefined && { ArnLike: { 'AWS:SourceArn': given.SourceArn } }),
  }
  return Object.keys(condition).length > 0 ? { Condition: condition } : {}
}
