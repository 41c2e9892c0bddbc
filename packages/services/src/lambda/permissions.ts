/** Who else may use a function: its resource policy, and those of its versions and aliases, statement by statement. */

import type * as Sdk from '@aws-sdk/client-lambda'
import { parseJson } from '@sekisho/policy'
import { AwsError } from '@sekisho/protocols'
import { withArns, withIds } from '../iam/principal-ids.ts'
import type { Call, Operations } from '../service.ts'
import { conflict, invalidParameter, notFound, preconditionFailed } from './errors.ts'
import { policyText, qualifiedNeed } from './gate.ts'
import { latest, type Named, namedBy, qualifiedArnOf } from './names.ts'
import { type FunctionRecord, type PermissionRecord, policyOf, resolveFunction } from './records.ts'
import { keep, revisionOfText } from './revisions.ts'

const statementId = {
  StatementId: [{ minLength: 1, maxLength: 100 }, { pattern: /([a-zA-Z0-9-_]+)/ }],
} as const

/** @see Lambda Developer Guide, "Lambda quotas" */
const mostPolicyBytes = 20_480

export const permissions = {
  AddPermission: {
    constraints: {
      ...statementId,
      Action: { pattern: /(lambda:[*]|lambda:[a-zA-Z]+|[*])/ },
      SourceAccount: { pattern: /\d{12}/ },
      PrincipalOrgID: { pattern: /o-[a-z0-9]{10,32}/ },
      FunctionUrlAuthType: { enum: ['NONE', 'AWS_IAM'] },
    },
    needs: async ({ FunctionName, Qualifier, Principal, FunctionUrlAuthType }, call) => [
      await qualifiedNeed('AddPermission', FunctionName, Qualifier, call, {
        'lambda:Principal': Principal,
        ...(FunctionUrlAuthType && { 'lambda:FunctionUrlAuthType': FunctionUrlAuthType }),
      }),
    ],
    async handle(input, call) {
      const named = await policyHolder(input, call)
      if (input.FunctionUrlAuthType !== undefined && input.Action !== 'lambda:InvokeFunctionUrl')
        throw invalidParameter(
          'FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action',
        )
      const statement: PermissionRecord = {
        Sid: input.StatementId,
        Effect: 'Allow',
        Principal: principalOf(input.Principal),
        Action: input.Action,
        Resource: qualifiedArnOf(named),
        ...conditionOf(input),
      }
      const kept = await namingIds(statement, call)
      await keep(call, named, (record) => {
        const policy = policyOf(record, named.qualifier)
        checkPolicyRevision(policy, input.RevisionId)
        if (policy.some(({ Sid }) => Sid === input.StatementId))
          throw conflict(
            `The statement id (${input.StatementId}) provided already exists. Please provide a new statement id, or remove the existing statement.`,
          )
        return withPolicy(record, named, [...policy, kept])
      })
      return { Statement: JSON.stringify(statement) }
    },
  },

  RemovePermission: {
    needs: async ({ FunctionName, Qualifier }, call) => [
      await qualifiedNeed('RemovePermission', FunctionName, Qualifier, call),
    ],
    async handle(input, call) {
      const named = await policyHolder(input, call)
      await keep(call, named, (record) => {
        const before = policyOf(record, named.qualifier)
        checkPolicyRevision(before, input.RevisionId)
        const policy = before.filter(({ Sid }) => Sid !== input.StatementId)
        if (policy.length === before.length)
          throw notFound(`Statement ${input.StatementId} is not found in resource policy.`)
        return withPolicy(record, named, policy)
      })
      return {}
    },
  },

  GetPolicy: {
    needs: async ({ FunctionName, Qualifier }, call) => [
      await qualifiedNeed('GetPolicy', FunctionName, Qualifier, call),
    ],
    async handle(input, call) {
      const named = namedBy(input.FunctionName, call, input.Qualifier)
      const { fn } = await resolveFunction(call.documents, named)
      const policy = policyOf(fn, named.qualifier)
      if (policy.length === 0) throw notFound('The resource you requested does not exist.')
      const Policy = await withArns(call.documents, policyText(policy))
      return { Policy, RevisionId: revisionOf(policy) }
    },
  },
} satisfies Operations<typeof Sdk>

/** @throws AwsError ResourceNotFoundException, InvalidParameterValueException */
async function policyHolder(
  given: { readonly FunctionName: string; readonly Qualifier?: string | undefined },
  call: Call,
): Promise<Named> {
  const named = namedBy(given.FunctionName, call, given.Qualifier)
  if (named.qualifier === latest)
    throw invalidParameter('We currently do not support adding policies for $LATEST.')
  await resolveFunction(call.documents, named)
  return named
}

/** @throws AwsError PolicyLengthExceededException */
function withPolicy(
  record: FunctionRecord,
  { qualifier }: Named,
  policy: readonly PermissionRecord[],
): FunctionRecord {
  const bytes = Buffer.byteLength(policyText(policy))
  if (bytes > mostPolicyBytes)
    throw new AwsError(
      'PolicyLengthExceededException',
      `The final policy size (${bytes}) is bigger than the limit (${mostPolicyBytes}).`,
      400,
      { Type: 'User' },
    )
  if (qualifier === undefined) return { ...record, policy }
  const { [qualifier]: _, ...others } = record.qualifiedPolicies ?? {}
  return {
    ...record,
    qualifiedPolicies: policy.length > 0 ? { ...others, [qualifier]: policy } : others,
  }
}

function revisionOf(policy: readonly PermissionRecord[]): string {
  return revisionOfText(policyText(policy))
}

/** @throws AwsError PreconditionFailedException */
function checkPolicyRevision(policy: readonly PermissionRecord[], given: string | undefined): void {
  if (given !== undefined && given !== revisionOf(policy))
    throw preconditionFailed(
      'The RevisionId provided does not match the latest RevisionId. Call the GetPolicy API to retrieve the latest RevisionId.',
    )
}

/** @throws AwsError InvalidParameterValueException */
function principalOf(text: string): PermissionRecord['Principal'] {
  if (text === '*') return '*'
  if (/^\d{12}$/.test(text)) return { AWS: `arn:aws:iam::${text}:root` }
  if (/^arn:aws[a-z-]*:(?:iam|sts)::\d{12}:.+$/.test(text)) return { AWS: text }
  if (/^[a-z0-9.-]+\.amazonaws\.com$/.test(text)) return { Service: text }
  throw invalidPrincipal()
}

/**
 * A user or a role by what nobody else ever is.
 *
 * @throws AwsError InvalidParameterValueException  there is no such user or role
 */
async function namingIds(
  statement: PermissionRecord,
  { documents }: Pick<Call, 'documents'>,
): Promise<PermissionRecord> {
  const text = await withIds(documents, policyText([statement])).catch((error) => {
    throw error instanceof AwsError ? invalidPrincipal() : error
  })
  const [kept] = (parseJson(text) as { readonly Statement: readonly PermissionRecord[] }).Statement
  return kept!
}

function invalidPrincipal(): AwsError {
  return invalidParameter(
    'The provided principal was invalid. Please check the principal and try again.',
  )
}

/** Spelt as AWS spells it: deploy tools compare the text. */
function conditionOf(
  given: Pick<
    Sdk.AddPermissionCommandInput,
    | 'EventSourceToken'
    | 'FunctionUrlAuthType'
    | 'InvokedViaFunctionUrl'
    | 'PrincipalOrgID'
    | 'SourceAccount'
    | 'SourceArn'
  >,
): Pick<PermissionRecord, 'Condition'> {
  const equals = defined({
    'AWS:SourceAccount': given.SourceAccount,
    'aws:PrincipalOrgID': given.PrincipalOrgID,
    'lambda:EventSourceToken': given.EventSourceToken,
    'lambda:FunctionUrlAuthType': given.FunctionUrlAuthType,
  })
  const via = given.InvokedViaFunctionUrl
  const condition = defined({
    StringEquals: Object.keys(equals).length > 0 ? equals : undefined,
    Bool: via === undefined ? undefined : { 'lambda:InvokedViaFunctionUrl': String(via) },
    ArnLike: given.SourceArn === undefined ? undefined : { 'AWS:SourceArn': given.SourceArn },
  })
  return Object.keys(condition).length > 0 ? { Condition: condition } : {}
}

function defined<T>(members: Readonly<Record<string, T | undefined>>): Record<string, T> {
  const there = Object.entries(members).filter(([, value]) => value !== undefined)
  return Object.fromEntries(there) as Record<string, T>
}
