/** One line of the decision log: what was asked, what was decided, and by which statement. */
import type { ContextValue, Decision, PolicyType, Trace } from '@sekisho/policy'

export type RoadName = 'execute-api' | 'aws-api' | 'operator'

/** A line, parsed. */
export interface DecisionRecord {
  /** ISO 8601 */
  readonly time: string
  readonly requestId: string
  readonly road: RoadName
  readonly method: string
  /** Raw, without the query. */
  readonly path: string
  readonly sourceIp: string
  /** ARN or `anonymous` */
  readonly principal: string
  readonly accountId?: string
  readonly apiId?: string
  readonly stage?: string
  readonly action: string
  readonly resource: string
  /** `allow`, `explicit-deny`, `implicit-deny`, or the gateway response (or error) that ended the request. */
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

type OrUndefined<T> = {
  readonly [Key in keyof T]: {} extends Pick<T, Key> ? T[Key] | undefined : T[Key]
}

/** Longest path that is kept. */
const longestPath = 2_048

/** One JSON line. Written by hand: it is made for every request. */
export function lineOf(entry: DecisionEntry): string {
  const path = entry.path.length > longestPath ? entry.path.slice(0, longestPath) : entry.path
  let line = `{"time":"${isoTime(entry.at)}","requestId":"${entry.requestId}","road":"${entry.road}","method":${quote(entry.method)},"path":${quote(path)},"sourceIp":"${entry.sourceIp}","principal":${quote(entry.principal)}`
  if (entry.accountId !== undefined) line += `,"accountId":"${entry.accountId}"`
  if (entry.apiId !== undefined) line += `,"apiId":${quote(entry.apiId)}`
  if (entry.stage !== undefined) line += `,"stage":${quote(entry.stage)}`
  line += `,"action":${quote(entry.action)},"resource":${quote(entry.resource.slice(0, longestPath))},"outcome":"${entry.outcome}","status":${entry.status}`
  if (entry.decidedBy !== undefined) line += `,"decidedBy":"${entry.decidedBy}"`
  if (entry.statement !== undefined) line += `,"statement":"${entry.statement}"`
  if (entry.context !== undefined) line += `,"context":${JSON.stringify(entry.context)}`
  if (entry.policies !== undefined) line += `,"policies":${JSON.stringify(entry.policies)}`
  if (entry.detail !== undefined) line += `,"detail":${JSON.stringify(entry.detail)}`
  if (entry.trace !== undefined) line += `,"trace":${JSON.stringify(entry.trace)}`
  return `${line}}\n`
}

const plain = /^[ !#-[\]-~]*$/

function quote(text: string): string {
  return plain.test(text) ? `"${text}"` : JSON.stringify(text)
}

let lastAt = Number.NaN
let lastIso = ''

/** Many requests share a millisecond. */
function isoTime(at: number): string {
  if (at !== lastAt) {
    lastAt = at
    lastIso = new Date(at).toISOString()
  }
  return lastIso
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

/** `allow`, `explicit-deny` or `implicit-deny`. */
export function outcomeOf({ effect }: Pick<Decision, 'effect'>): string {
  return outcomes[effect]
}

const outcomes = {
  Allow: 'allow',
  ExplicitDeny: 'explicit-deny',
  ImplicitDeny: 'implicit-deny',
} as const satisfies Record<Decision['effect'], string>
