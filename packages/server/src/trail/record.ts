/** One line of the decision log: what was asked, what was decided, and by which statement. */
import type { ContextValue, Decision, PolicyType, Principal, Trace } from '@sekisho/policy'
import type { Found } from './pages.ts'

export type RoadName = 'execute-api' | 'cloudfront' | 'function-url' | 'aws-api' | 'operator'

/** A line, parsed. */
export interface DecisionRecord {
  /** ISO 8601 */
  readonly time: string
  readonly requestId: string
  readonly road: RoadName
  readonly method: string
  /** Raw, without the query. */
  readonly path: string
  /** Or the service that called. */
  readonly sourceIp: string
  /** The request that this one was made for. */
  readonly causedBy?: string
  /** ARN or `anonymous` */
  readonly principal: string
  /** Who that is to the policies, where the name does not say it all. */
  readonly caller?: Principal
  readonly accountId?: string
  /** Whose resource it is, where it is another account's. */
  readonly resourceAccountId?: string
  readonly apiId?: string
  readonly stage?: string
  readonly distributionId?: string
  /** Path pattern of the cache behaviour. */
  readonly behaviour?: string
  readonly originId?: string
  /** Of an answer through a distribution: the request that the answer was made for, here or at another origin. */
  readonly originRequestId?: string
  /** Of a request from a distribution: its viewer's. */
  readonly edgeRequestId?: string
  readonly action: string
  readonly resource: string
  /** `allow`, `explicit-deny`, `implicit-deny`, or the gateway response (or error) that ended the request; of a distribution: `Hit`, `Miss` … */
  readonly outcome: string
  readonly status: number
  readonly decidedBy?: PolicyType
  /** `resource policy Statement[1]` */
  readonly statement?: string
  /** Condition keys that the policies read, and the values found. */
  readonly context?: Readonly<Record<string, ContextValue>>
  /** `type:hash` of the policies asked. */
  readonly policies?: readonly string[]
  /** What people should know and callers should not: why an integration could not be called. */
  readonly detail?: string
  /** Where a policy reads what is not kept, the explanation is made at once and kept in its place. */
  readonly trace?: Trace
}

/** A record as the roads hand it over; text is made of it only here. `at` is in epoch milliseconds. */
export type DecisionEntry = { readonly at: number } & OrUndefined<Omit<DecisionRecord, 'time'>>

/** All of it but its time, request id and cause. */
export type SharedEntry = Omit<DecisionEntry, 'at' | 'requestId' | 'causedBy'>

type OrUndefined<T> = {
  readonly [Key in keyof T]: {} extends Pick<T, Key> ? T[Key] | undefined : T[Key]
}

/** Longest path that is kept. */
const longestPath = 2_048

/**
 * A record as JSON, without its time, request id and cause: most requests have been there before, in all but these.
 * Written by hand, since it is made for every request.
 */
export function sameOf(entry: SharedEntry): string {
  const path = entry.path.length > longestPath ? entry.path.slice(0, longestPath) : entry.path
  let json = `"road":"${entry.road}","method":${quote(entry.method)},"path":${quote(path)},"sourceIp":"${entry.sourceIp}","principal":${quote(entry.principal)}`
  if (entry.caller !== undefined) json += `,"caller":${callerText(entry.caller)}`
  if (entry.accountId !== undefined) json += `,"accountId":"${entry.accountId}"`
  if (entry.resourceAccountId !== undefined)
    json += `,"resourceAccountId":"${entry.resourceAccountId}"`
  if (entry.apiId !== undefined) json += `,"apiId":${quote(entry.apiId)}`
  if (entry.stage !== undefined) json += `,"stage":${quote(entry.stage)}`
  if (entry.distributionId !== undefined) json += `,"distributionId":"${entry.distributionId}"`
  if (entry.behaviour !== undefined) json += `,"behaviour":${quote(entry.behaviour)}`
  if (entry.originId !== undefined) json += `,"originId":${quote(entry.originId)}`
  if (entry.originRequestId !== undefined) json += `,"originRequestId":"${entry.originRequestId}"`
  if (entry.edgeRequestId !== undefined) json += `,"edgeRequestId":"${entry.edgeRequestId}"`
  json += `,"action":${quote(entry.action)},"resource":${quote(entry.resource.slice(0, longestPath))},"outcome":"${entry.outcome}","status":${entry.status}`
  if (entry.decidedBy !== undefined) json += `,"decidedBy":"${entry.decidedBy}"`
  if (entry.statement !== undefined) json += `,"statement":"${entry.statement}"`
  if (entry.context !== undefined) json += `,"context":${contextOf(entry.context)}`
  if (entry.policies !== undefined) json += `,"policies":${listOf(entry.policies)}`
  if (entry.detail !== undefined) json += `,"detail":${JSON.stringify(entry.detail)}`
  if (entry.trace !== undefined) json += `,"trace":${JSON.stringify(entry.trace)}`
  return `${json}}`
}

/** The whole line. */
export function lineOf({ same, at, requestId, causedBy }: Found): string {
  const cause = causedBy === undefined ? '' : `"causedBy":${quote(causedBy)},`
  return `{"time":"${new Date(at).toISOString()}","requestId":"${requestId}",${cause}${same}\n`
}

function contextOf(context: Readonly<Record<string, ContextValue>>): string {
  let json = '{'
  for (const key in context) {
    const value = context[key]!
    json += `${json.length > 1 ? ',' : ''}${quote(key)}:${typeof value === 'string' ? quote(value) : JSON.stringify(value)}`
  }
  return `${json}}`
}

const callerTexts = new WeakMap<Principal, string>()

/** The same caller comes again and again. */
function callerText(caller: Principal): string {
  let text = callerTexts.get(caller)
  if (text === undefined) {
    text = JSON.stringify(caller)
    callerTexts.set(caller, text)
  }
  return text
}

/** Roots and the nameless are known by their names. */
export function callerOf(caller: Principal | undefined): Principal | undefined {
  return caller === undefined || caller.type === 'root' || caller.type === 'anonymous'
    ? undefined
    : caller
}

function listOf(values: readonly string[]): string {
  return values.length === 1 ? `[${quote(values[0]!)}]` : JSON.stringify(values)
}

const plain = /^[ !#-[\]-~]*$/

function quote(text: string): string {
  return plain.test(text) ? `"${text}"` : JSON.stringify(text)
}

/** The name of the statement that decided, as explanations have it. */
export function statementOf({ determining }: Decision): string | undefined {
  const first = determining[0]
  return first && `${policyNames[first.policyType]} Statement[${first.index}]`
}

const policyNames = {
  identity: 'identity policy',
  resource: 'resource policy',
  boundary: 'permissions boundary',
  session: 'session policy',
  scp: 'service control policy',
  rcp: 'resource control policy',
  trust: 'trust policy',
  vpcEndpoint: 'VPC endpoint policy',
} as const satisfies Record<PolicyType, string>

const served: ReadonlySet<string> = new Set(['allow', 'Hit', 'Miss', 'RefreshHit', 'Redirect'])

/** Got what was asked for, as far as it was ours to give. */
export function wasServed({ outcome }: Pick<DecisionRecord, 'outcome'>): boolean {
  return served.has(outcome)
}

/** `allow`, `explicit-deny` or `implicit-deny`. */
export function outcomeOf({ effect }: Pick<Decision, 'effect'>): string {
  return outcomes[effect]
}

const outcomes = {
  Allow: 'allow',
  ExplicitDeny: 'explicit-deny',
  ImplicitDeny: 'implicit-deny',
} as const satisfies Record<Decision['effect'], string>
