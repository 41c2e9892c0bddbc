/** What would be decided? The engine that decides every call, asked about one that nobody makes. */
import type * as Sdk from '@aws-sdk/client-iam'
import {
  authorize,
  type CompiledPolicy,
  type ContextValue,
  compilePolicy,
  type Decision,
  type PolicySet,
  type PolicyType,
  type Principal,
  trace,
} from '@sekisho/policy'
import type { Call, GatedOperations } from '../service.ts'
import { checkDocument } from './documents.ts'
import { invalidInput } from './errors.ts'
import { placeOf } from './organization.ts'
import { page } from './paging.ts'
import { principalKeys } from './principal-keys.ts'
import { compiled } from './principals.ts'
import { customSource, type NameSource, nobody, principalOf, sourceOf } from './simulate-source.ts'
import { endOfValue } from './source-positions.ts'

/** What both operations ask with. */
interface Asked {
  readonly ActionNames: readonly string[]
  readonly ResourceArns?: readonly string[] | undefined
  readonly ResourcePolicy?: string | undefined
  readonly ResourceOwner?: string | undefined
  readonly CallerArn?: string | undefined
  readonly ContextEntries?: readonly Sdk.ContextEntry[] | undefined
  readonly ResourceHandlingOption?: string | undefined
  readonly Marker?: string | undefined
  readonly MaxItems?: number | undefined
}

export const simulate = {
  SimulateCustomPolicy: {
    async handle(input, call) {
      const policies: PolicySet = {
        identity: compileAll(input.PolicyInputList, 'identity', 'PolicyInputList'),
        ...boundary(input.PermissionsBoundaryPolicyInputList),
      }
      const caller = input.CallerArn === undefined ? nobody(call) : principalOf(input.CallerArn)
      return results(input, { caller, policies, keys: new Map(), sources: customSource }, call)
    },
  },

  SimulatePrincipalPolicy: {
    constraints: { PolicySourceArn: { minLength: 20, maxLength: 2_048 } },
    async handle(input, call) {
      const source = await sourceOf(input.PolicySourceArn, call)
      const added = compileAll(input.PolicyInputList ?? [], 'identity', 'PolicyInputList')
      const place = await placeOf(call.documents, call.accountId, compiled)
      const policies: PolicySet = {
        ...source.policies,
        identity: [...(source.policies.identity ?? []), ...added],
        ...boundary(input.PermissionsBoundaryPolicyInputList),
        ...(place?.scps && { scps: place.scps }),
      }
      const caller = input.CallerArn === undefined ? source.principal : principalOf(input.CallerArn)
      const keys = principalKeys({ principal: caller, tags: source.tags })
      return results(input, { caller, policies, keys, sources: source.nameOf }, call)
    },
  },

  ListPoliciesGrantingServiceAccess: {
    async handle({ Arn, ServiceNamespaces }, call) {
      const { policies, nameOf } = await sourceOf(Arn, call)
      const granting = (namespace: string) =>
        (policies.identity ?? []).filter(({ document }) =>
          document.statements.some(
            ({ effect, action }) => effect === 'Allow' && speaksOf(action, namespace),
          ),
        )
      const entity = Arn.slice(Arn.lastIndexOf('/') + 1)
      const kind = /:(user|role|group)\//.exec(Arn)?.[1]?.toUpperCase()
      return {
        PoliciesGrantingServiceAccess: ServiceNamespaces.map((ServiceNamespace) => ({
          ServiceNamespace,
          Policies: granting(ServiceNamespace).map((policy) =>
            policy.name.startsWith('arn:')
              ? {
                  PolicyName: nameOf(policy).SourcePolicyId,
                  PolicyType: 'MANAGED' as const,
                  PolicyArn: policy.name,
                }
              : {
                  PolicyName: policy.name,
                  PolicyType: 'INLINE' as const,
                  EntityType: kind as Sdk.PolicyOwnerEntityType,
                  EntityName: entity,
                },
          ),
        })),
        IsTruncated: false,
      }
    },
  },

  GetContextKeysForCustomPolicy: {
    async handle({ PolicyInputList }) {
      const policies = compileAll(PolicyInputList, 'identity', 'PolicyInputList')
      return { ContextKeyNames: keysOf(policies) }
    },
  },

  GetContextKeysForPrincipalPolicy: {
    async handle({ PolicySourceArn, PolicyInputList = [] }, call) {
      const { policies } = await sourceOf(PolicySourceArn, call)
      const added = compileAll(PolicyInputList, 'identity', 'PolicyInputList')
      return { ContextKeyNames: keysOf([...(policies.identity ?? []), ...added]) }
    },
  },
} satisfies GatedOperations<typeof Sdk>

/** Is any action of the service allowed by it? NotAction speaks of all services that it does not name whole. */
function speaksOf(
  { isNegated, values }: CompiledPolicy['document']['statements'][number]['action'],
  namespace: string,
): boolean {
  const prefixes = values.map((value) => value.toLowerCase())
  if (isNegated) return !prefixes.some((value) => value === '*' || value === `${namespace}:*`)
  return prefixes.some((value) => {
    const prefix = value === '*' ? '*' : value.slice(0, value.indexOf(':'))
    const pattern = prefix
      .replace(/[^*?\w-]/g, '')
      .replaceAll('*', '[\\w-]*')
      .replaceAll('?', '[\\w-]')
    return new RegExp(`^${pattern}$`).test(namespace)
  })
}

interface Subject {
  readonly caller: Principal
  readonly policies: PolicySet
  /** Condition keys that the caller brings. */
  readonly keys: ReadonlyMap<string, ContextValue>
  readonly sources: NameSource
}

function results(asked: Asked, subject: Subject, call: Call) {
  const resource = asked.ResourcePolicy
  if (resource !== undefined && asked.CallerArn === undefined && subject.sources === customSource)
    throw invalidInput('CallerArn is required when ResourcePolicy is given.')
  if (asked.ResourceHandlingOption !== undefined)
    throw invalidInput('ResourceHandlingOption is for EC2, which is not supported by Sekisho.')
  const policies: PolicySet = {
    ...subject.policies,
    ...(resource !== undefined && { resource: compileOne(resource, 'resource', 'ResourcePolicy') }),
  }
  const context = new Map(subject.keys)
  for (const entry of asked.ContextEntries ?? [])
    if (entry.ContextKeyName !== undefined)
      context.set(entry.ContextKeyName.toLowerCase(), contextValueOf(entry))
  const pairs = asked.ActionNames.flatMap((action) =>
    (asked.ResourceArns ?? ['*']).map((arn) => ({ action, arn })),
  )
  const numbered = pairs.map((pair, at) => ({ ...pair, key: String(at).padStart(6, '0') }))
  const { items, ...rest } = page(numbered, asked, ({ key }) => key)
  const EvaluationResults = items.map(({ action, arn }) =>
    evaluate(action, arn, asked.ResourceOwner, { ...subject, policies }, context, call),
  )
  return { EvaluationResults, ...rest }
}

function evaluate(
  action: string,
  resource: string,
  owner: string | undefined,
  { caller, policies, sources }: Subject,
  context: ReadonlyMap<string, ContextValue>,
  call: Call,
): Sdk.EvaluationResult {
  const [, ownerId] = /(\d{12})/.exec(owner ?? '') ?? []
  const request = {
    principal: caller,
    action,
    resource,
    resourceAccountId: ownerId ?? ('accountId' in caller ? caller.accountId : call.accountId),
    context,
  }
  const decision = authorize(request, policies)
  const isForeign = 'accountId' in caller && caller.accountId !== request.resourceAccountId
  const alone = (only: PolicySet): Decision => authorize(request, only)
  return {
    EvalActionName: action,
    EvalResourceName: resource,
    EvalDecision: words[decision.effect],
    MatchedStatements: matched(request, policies, decision, sources),
    MissingContextValues: missing(policies, context),
    ...(policies.scps && {
      OrganizationsDecisionDetail: {
        AllowedByOrganizations:
          decision.decidedBy !== 'scp' &&
          alone({ identity: allowEverything, scps: policies.scps }).allowed,
      },
    }),
    ...(policies.boundary && {
      PermissionsBoundaryDecisionDetail: {
        AllowedByPermissionsBoundary: alone({
          identity: allowEverything,
          boundary: policies.boundary,
        }).allowed,
      },
    }),
    ...(isForeign && {
      EvalDecisionDetails: {
        'IAM Policy': words[alone({ ...policies, resource: everybodyMay }).effect],
        'Resource Policy': words[alone({ ...policies, identity: allowEverything }).effect],
      },
    }),
  }
}

const everything =
  '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
const allowEverything = [compilePolicy(everything, { type: 'identity', name: 'everything' })]
const everybodyMay = compilePolicy(
  everything.replace('"Effect":"Allow"', '"Effect":"Allow","Principal":"*"'),
  { type: 'resource', name: 'everybody' },
)

const words = {
  Allow: 'allowed',
  ExplicitDeny: 'explicitDeny',
  ImplicitDeny: 'implicitDeny',
} as const satisfies Record<Decision['effect'], Sdk.PolicyEvaluationDecisionType>

/** All statements that say what was decided, with their places: counted from 1, the end is behind the last character. */
function matched(
  request: Parameters<typeof trace>[0],
  policies: PolicySet,
  decision: Decision,
  sources: NameSource,
): Sdk.Statement[] {
  if (decision.effect === 'ImplicitDeny') return []
  const says = decision.effect === 'Allow' ? 'Allow' : 'Deny'
  const asked = [
    ...(policies.identity ?? []),
    ...(policies.resource ? [policies.resource] : []),
    ...(policies.boundary ? [policies.boundary] : []),
  ]
  return asked.flatMap((policy) => {
    const only: PolicySet =
      policy.type === 'resource'
        ? { resource: policy }
        : policy.type === 'boundary'
          ? { boundary: policy }
          : { identity: [policy] }
    const [traced] = trace(request, only).policies
    return (traced?.statements ?? [])
      .filter(({ applies, effect }) => applies && effect === says)
      .map(({ index }) => {
        const { line, column } = policy.document.statements[index]!
        const end = endOfValue(policy.source, { line, column })
        return {
          ...sources(policy),
          StartPosition: { Line: line, Column: column },
          EndPosition: { Line: end.line, Column: end.column },
        }
      })
  })
}

function missing(policies: PolicySet, context: ReadonlyMap<string, ContextValue>): string[] {
  const all = [
    ...(policies.identity ?? []),
    ...(policies.resource ? [policies.resource] : []),
    ...(policies.boundary ? [policies.boundary] : []),
  ]
  return keysOf(all).filter((key) => !context.has(key.toLowerCase()))
}

/** As they are written; each once, whatever its case. */
function keysOf(policies: readonly CompiledPolicy[]): string[] {
  const keys = new Map<string, string>()
  for (const { document, conditionKeys } of policies) {
    for (const { conditions } of document.statements)
      for (const { key } of conditions) keys.set(key.toLowerCase(), key)
    for (const key of conditionKeys) if (!keys.has(key)) keys.set(key, key)
  }
  return [...keys.values()].sort()
}

function contextValueOf({
  ContextKeyValues = [],
  ContextKeyType = 'string',
}: Sdk.ContextEntry): ContextValue {
  return ContextKeyType.endsWith('List') || ContextKeyValues.length !== 1
    ? ContextKeyValues
    : ContextKeyValues[0]!
}

function compileAll(documents: readonly string[], type: PolicyType, name: string) {
  return documents.map((document, at) => compileOne(document, type, `${name}.${at + 1}`))
}

function compileOne(document: string, type: PolicyType, name: string): CompiledPolicy {
  checkDocument(document, type)
  return compilePolicy(document, { type, name })
}

function boundary(documents: readonly string[] | undefined): Pick<PolicySet, 'boundary'> {
  const [first, second] = documents ?? []
  if (second !== undefined) throw invalidInput('Only one permissions boundary can be given.')
  if (first === undefined) return {}
  return { boundary: compileOne(first, 'boundary', 'PermissionsBoundaryPolicyInputList.1') }
}
