/** Resource policies: which services may write into an account's log groups. */
import type * as Sdk from '@aws-sdk/client-cloudwatch-logs'
import { type CompiledPolicy, PolicyError, parseJson, parsePolicy } from '@sekisho/policy'
import { AwsError } from '@sekisho/protocols'
import type { Reader } from '@sekisho/store'
import { withArns, withIds } from '../iam/principal-ids.ts'
import { compiled } from '../iam/principals.ts'
import type { Call, Need, Operations } from '../service.ts'
import { invalidParameter, notFound, notSupported } from './errors.ts'
import { makeToken, readToken } from './paging.ts'
import type { Owner } from './records.ts'

const collection = 'logs/resource-policies'

/** @see CloudWatch Logs API Reference, "PutResourcePolicy" */
const limits = { policies: 10, length: 5_120 } as const
const largestPage = 50

interface PolicyRecord {
  readonly name: string
  readonly document: string
  readonly updatedAt: number
}

const names = { policyName: { minLength: 1, maxLength: 255 } } as const

export const resourcePolicies = {
  PutResourcePolicy: {
    constraints: { ...names, policyDocument: { minLength: 1, maxLength: limits.length } },
    needs: () => [need('PutResourcePolicy')],
    async handle({ policyName: name, policyDocument: document, ...rest }, call) {
      refuseScoped(rest)
      if (name === undefined || document === undefined)
        throw invalidParameter('policyName and policyDocument must be specified.')
      checkDocument(document)
      const named = await namingIds(document, call)
      const record: PolicyRecord = { name, document: named, updatedAt: call.now.getTime() }
      await call.documents.transact(async (transaction) => {
        const key = `${prefixOf(call)}${name}`
        const others = await transaction.list(collection, { prefix: prefixOf(call) })
        if (others.length >= limits.policies && !others.some((other) => other.key === key))
          throw new AwsError('LimitExceededException', 'Resource limit exceeded.', 400)
        transaction.put(collection, key, record)
      })
      return { resourcePolicy: await shown(record, call) }
    },
  },

  DeleteResourcePolicy: {
    constraints: names,
    needs: () => [need('DeleteResourcePolicy')],
    async handle({ policyName: name, ...rest }, call) {
      refuseScoped(rest)
      await call.documents.transact(async (transaction) => {
        const key = `${prefixOf(call)}${name}`
        if (name === undefined || !(await transaction.get(collection, key)))
          throw notFound(`Policy with name [${name}] does not exist`)
        transaction.delete(collection, key)
      })
      return {}
    },
  },

  DescribeResourcePolicies: {
    constraints: { limit: { min: 1, max: largestPage } },
    needs: () => [need('DescribeResourcePolicies')],
    async handle({ nextToken, limit = largestPage, ...rest }, call) {
      refuseScoped({ ...rest, expectedRevisionId: undefined })
      const prefix = prefixOf(call)
      const after = readToken(nextToken)
      const found = await call.documents.list<PolicyRecord>(collection, {
        prefix,
        limit: limit + 1,
        ...(after !== undefined && { after: `${prefix}${after}` }),
      })
      const items = found.slice(0, limit).map(({ value }) => value)
      return {
        resourcePolicies: await Promise.all(items.map((each) => shown(each, call))),
        ...(found.length > limit && { nextToken: makeToken(items.at(-1)!.name) }),
      }
    },
  },
} satisfies Operations<typeof Sdk>

/** All of an account's policies in one; undefined: there are none. */
export async function policyOfAccount(
  reader: Reader,
  owner: Owner,
): Promise<CompiledPolicy | undefined> {
  const found = await reader.list<PolicyRecord>(collection, { prefix: prefixOf(owner) })
  if (found.length === 0) return undefined
  const sids = new Set<string>()
  const Statement = found.flatMap(({ value }) => {
    const statements = [(parseJson(value.document) as { Statement: object }).Statement].flat()
    return (statements as readonly { readonly Sid?: string }[]).map(({ Sid, ...statement }) => {
      // Names are told apart within one policy; two policies may have the same.
      if (Sid === undefined || sids.has(Sid)) return statement
      sids.add(Sid)
      return { Sid, ...statement }
    })
  })
  const whole = JSON.stringify({ Version: version, Statement })
  return compiled(whole, 'resource', `log resource policies of ${owner.accountId}`)
}

const version = '2012-10-17'

/** @throws AwsError InvalidParameterException */
function checkDocument(document: string): void {
  try {
    parsePolicy(document, { type: 'resource' })
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error
    throw invalidParameter(`Invalid resource policy. ${error.faults[0]?.message ?? error.message}`)
  }
  // Variables mean something else in older ones.
  if ((parseJson(document) as { Version?: string }).Version !== version)
    throw notSupported(`A resource policy of another version than ${version}`)
}

/** Users and roles by what nobody else ever is. @throws AwsError InvalidParameterException */
async function namingIds(
  document: string,
  { documents }: Pick<Call, 'documents'>,
): Promise<string> {
  return withIds(documents, document).catch((error) => {
    throw error instanceof AwsError
      ? invalidParameter(`Invalid resource policy. ${error.message}`)
      : error
  })
}

function refuseScoped(rest: {
  readonly resourceArn?: unknown
  readonly policyScope?: unknown
  readonly expectedRevisionId?: unknown
}): void {
  if (rest.resourceArn !== undefined || (rest.policyScope ?? 'ACCOUNT') !== 'ACCOUNT')
    throw notSupported('A resource policy of a single log group')
  if (rest.expectedRevisionId !== undefined) throw notSupported('The revision of a resource policy')
}

async function shown(
  { name, document, updatedAt }: PolicyRecord,
  { documents }: Pick<Call, 'documents'>,
): Promise<Sdk.ResourcePolicy> {
  return {
    policyName: name,
    policyDocument: await withArns(documents, document),
    lastUpdatedTime: updatedAt,
    policyScope: 'ACCOUNT',
  }
}

function prefixOf({ accountId, region }: Owner | Call): string {
  return `${accountId}/${region}/`
}

/** These have no resource. @see Service Authorization Reference, "… for Amazon CloudWatch Logs" */
function need(action: string): Need {
  return { action: `logs:${action}`, resource: '*' }
}
