/** Why was that request let in or turned away? The recorded circumstances, asked again. */
import { type Principal, type Trace, trace } from '@sekisho/policy'
import { type Explained, undeployedPolicies } from '@sekisho/services'
import type { Documents } from '@sekisho/store'
import { type PolicyArchive, policiesOf } from '../trail/policies.ts'
import type { DecisionRecord } from '../trail/record.ts'
import type { Trail } from '../trail/trail.ts'
import { OperatorError } from './replies.ts'

export interface Explanation {
  readonly record: DecisionRecord
  /** Absent: no policy was asked, or it is no longer kept. */
  readonly trace?: Trace
  readonly notes: readonly Note[]
  /** Of a call through a distribution: the request that its answer was made for. */
  readonly origin?: Explanation
  /** Of a request that a distribution made: the viewer's call behind it. */
  readonly viewer?: Explanation
}

/** Something worth knowing beside the decision; the words are chosen by whoever shows it. */
export type Note =
  | {
      readonly note: 'policy-changed-after-deployment'
      readonly stage: string
      readonly changedAt: string
      readonly deployedAt: string
    }
  /** ARNs carry the path as received, routing forgives: an exact-path Deny can be dodged. */
  | { readonly note: 'raw-path'; readonly path: string }
  | { readonly note: 'no-policy-asked' }
  /** The stored policy cannot be compiled: everybody is refused. */
  | { readonly note: 'unreadable-policy' }
  | { readonly note: 'policies-not-kept' }
  /** A distribution's cache answered: neither key nor quota nor policy was asked. */
  | { readonly note: 'from-cache'; readonly distributionId: string; readonly behaviour: string }
  /** What the distribution got from its origin; absent: the origin is none of this server's. */
  | {
      readonly note: 'through-distribution'
      readonly distributionId: string
      readonly behaviour: string
      readonly originId: string
    }
  /** The distribution itself refused, and why. */
  | { readonly note: 'refused-by-distribution'; readonly distributionId: string }

interface Sources {
  readonly trail: Trail
  readonly archive: PolicyArchive
  readonly store: { readonly documents: Documents }
}

/** Both halves of a call through a distribution, whichever of them is asked for. */
export async function explain(requestId: string, sources: Sources): Promise<Explanation> {
  const record = await sources.trail.find(requestId)
  if (record === undefined)
    throw new OperatorError(404, `the decision log has no request \`${requestId}\``)
  const { originRequestId, edgeRequestId } = record
  const half = async (id: string | undefined) => {
    const found = id === undefined ? undefined : await sources.trail.find(id)
    return found && explainRecord(found, sources)
  }
  const [own, origin, viewer] = await Promise.all([
    explainRecord(record, sources),
    half(originRequestId),
    half(edgeRequestId),
  ])
  return { ...own, ...(origin && { origin }), ...(viewer && { viewer }) }
}

async function explainRecord(
  record: DecisionRecord,
  { archive, store: { documents } }: Sources,
): Promise<Explanation> {
  if (record.road === 'cloudfront') return { record, notes: distributionNotes(record) }
  const notes: Note[] = [...(await deploymentNotes(record, documents)), ...pathNotes(record)]
  if (record.trace !== undefined) return { record, trace: record.trace, notes }
  if (record.policies === undefined || record.context === undefined)
    return { record, notes: [...notes, { note: 'no-policy-asked' }] }
  if (record.decidedBy === 'resource' && !record.policies.some((id) => id.startsWith('resource:')))
    return { record, notes: [...notes, { note: 'unreadable-policy' }] }
  const policies = await archive.recall(record.policies)
  if (policies === undefined) return { record, notes: [...notes, { note: 'policies-not-kept' }] }
  const { action, resource, context } = record
  return {
    record,
    trace: trace(
      {
        principal: principalOf(record),
        action,
        resource,
        resourceAccountId: record.resourceAccountId ?? record.accountId,
        context: new Map(Object.entries(context)),
      },
      policies,
    ),
    notes,
  }
}

function distributionNotes(record: DecisionRecord): readonly Note[] {
  const { distributionId = '', behaviour = '', originId, outcome } = record
  if (outcome === 'Hit') return [{ note: 'from-cache', distributionId, behaviour }]
  return originId === undefined
    ? [{ note: 'refused-by-distribution', distributionId }]
    : [{ note: 'through-distribution', distributionId, behaviour, originId }]
}

function principalOf({ principal, caller }: DecisionRecord): Principal {
  if (caller !== undefined) return caller
  const [, accountId] = /^arn:[\w-]+:iam::(\d{12}):root$/.exec(principal) ?? []
  return accountId === undefined
    ? { type: 'anonymous' }
    : { type: 'root', accountId, arn: principal }
}

async function deploymentNotes(
  { apiId, stage }: DecisionRecord,
  documents: Documents,
): Promise<readonly Note[]> {
  if (apiId === undefined) return []
  return (await undeployedPolicies(documents))
    .filter((each) => each.apiId === apiId && each.stageName === stage)
    .map(({ stageName, changedAt, deployedAt }) => ({
      note: 'policy-changed-after-deployment',
      stage: stageName,
      changedAt: new Date(changedAt).toISOString(),
      deployedAt: new Date(deployedAt).toISOString(),
    }))
}

/** Trailing and doubled slashes, dots and escapes: what routing reads differently from an ARN. */
function pathNotes({ road, resource }: DecisionRecord): readonly Note[] {
  const [, path = '/'] = /^arn:[^/]*\/[^/]*\/[^/]*(\/.*)$/s.exec(resource) ?? []
  const isOdd = /\/\/|%|\/\.{1,2}(?:\/|$)|.\/$/.test(path)
  return road === 'execute-api' && isOdd ? [{ note: 'raw-path', path }] : []
}

/** As services see it: the decision asked again, with the policies as they were. */
export async function explainedRequest(
  requestId: string,
  sources: Parameters<typeof explain>[1],
): Promise<Explained | undefined> {
  const record = await sources.trail.find(requestId)
  if (record?.policies === undefined || record.context === undefined) return undefined
  const { trace: traced } = await explain(requestId, sources)
  const policies = await sources.archive.recall(record.policies)
  if (traced === undefined || policies === undefined) return undefined
  return {
    accountId: record.accountId,
    at: Date.parse(record.time),
    trace: traced,
    context: record.context,
    policies: policiesOf(policies).map(({ policy: { type, name, source } }) => ({
      type,
      name,
      source,
    })),
  }
}
