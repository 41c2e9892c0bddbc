/** What AWS's pages say, read naively: no index, no preparation, no shared code. The compiled evaluator must agree with it. */
import type { PolicySet } from './authorize.ts'
import type { Effect, PolicyType } from './decision.ts'
import { bits, number, seconds } from './reference-values.fixture.ts'
import type { ContextValue, Principal } from './request.ts'

type OneOrMany<T> = T | readonly T[]

/** A policy as JSON.parse brings it. */
export interface RawPolicy {
  readonly Version?: string
  readonly Statement: readonly RawStatement[]
}

export interface RawStatement {
  readonly Effect: 'Allow' | 'Deny'
  readonly Principal?: '*' | Readonly<Record<string, OneOrMany<string>>>
  readonly NotPrincipal?: '*' | Readonly<Record<string, OneOrMany<string>>>
  readonly Action?: OneOrMany<string>
  readonly NotAction?: OneOrMany<string>
  readonly Resource?: OneOrMany<string>
  readonly NotResource?: OneOrMany<string>
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, OneOrMany<string>>>>>
}

export interface RawRequest {
  readonly principal: Principal
  readonly action: string
  readonly resource: string
  readonly resourceAccountId?: string
  readonly context: Readonly<Record<string, ContextValue>>
}

/** The members of PolicySet, uncompiled. */
export interface RawPolicySet {
  readonly identity?: readonly RawPolicy[]
  readonly boundary?: RawPolicy
  readonly session?: readonly RawPolicy[]
  readonly scps?: readonly (readonly RawPolicy[])[]
  readonly rcps?: readonly (readonly RawPolicy[])[]
  readonly resource?: RawPolicy
  readonly trust?: RawPolicy
  readonly vpcEndpoint?: RawPolicy
}

/** Every member of the real set has its raw twin. */
export const policyTypes = {
  identity: 'identity',
  boundary: 'boundary',
  session: 'session',
  scps: 'scp',
  rcps: 'rcp',
  resource: 'resource',
  trust: 'trust',
  vpcEndpoint: 'vpcEndpoint',
} as const satisfies Record<keyof PolicySet, PolicyType>

/** @see IAM User Guide, "Policy evaluation logic" and "Cross-account policy evaluation logic" */
export function decideNaively(request: RawRequest, set: RawPolicySet): Effect {
  const { principal } = request
  const hasBoundary = set.boundary !== undefined
  const serviceLinked = principal.type === 'assumed-role' && principal.isServiceLinked === true
  const scps = serviceLinked ? [] : (set.scps ?? [])
  const rcps = serviceLinked ? [] : (set.rcps ?? [])
  const says = (policy: RawPolicy) => sayings(policy, request, hasBoundary)

  const all = [
    ...(set.identity ?? []),
    ...(set.session ?? []),
    ...scps.flat(),
    ...rcps.flat(),
    ...[set.boundary, set.resource, set.trust, set.vpcEndpoint].filter((one) => one !== undefined),
  ]
  if (all.some((policy) => says(policy).denies)) return 'ExplicitDeny'

  const anyAllows = (policies: readonly RawPolicy[]) =>
    policies.some((policy) => says(policy).names.length > 0)
  if (!rcps.every(anyAllows) || !scps.every(anyAllows)) return 'ImplicitDeny'
  if (set.vpcEndpoint && !anyAllows([set.vpcEndpoint])) return 'ImplicitDeny'

  const boundaryAllows = set.boundary === undefined || anyAllows([set.boundary])
  const sessionAllows =
    set.session === undefined ? principal.type !== 'federated-user' : anyAllows(set.session)
  const identityAllows = principal.type === 'root' || anyAllows(set.identity ?? [])
  const byItself = identityAllows && boundaryAllows && sessionAllows
  const guard = set.trust ?? set.resource
  const names = guard === undefined ? [] : says(guard).names
  const accountId = 'accountId' in principal ? principal.accountId : undefined
  const owner = request.resourceAccountId

  if (accountId !== undefined && owner !== undefined && accountId !== owner)
    return byItself && names.length > 0 ? 'Allow' : 'ImplicitDeny'
  for (const name of names) {
    if (name === 'everybody' || name === 'itself') return 'Allow'
    if (name === 'role or user behind' && boundaryAllows && sessionAllows) return 'Allow'
    if (name === 'account' && principal.type === 'root') return 'Allow'
  }
  if (set.trust !== undefined) return byItself && names.length > 0 ? 'Allow' : 'ImplicitDeny'
  return byItself ? 'Allow' : 'ImplicitDeny'
}

type Name = 'everybody' | 'itself' | 'role or user behind' | 'account' | 'attached'

/** How each Allow that applies names the caller, and whether a Deny applies. */
function sayings(policy: RawPolicy, request: RawRequest, hasBoundary: boolean) {
  const names: Name[] = []
  let denies = false
  for (const statement of policy.Statement) {
    if (!actionMatches(statement, request.action)) continue
    if (!resourceMatches(statement, request, policy.Version)) continue
    if (!conditionsHold(statement, request, policy.Version)) continue
    const named = namesOf(statement, request.principal, hasBoundary)
    if (named.length === 0) continue
    if (statement.Effect === 'Deny') denies = true
    else names.push(...named)
  }
  return { names, denies }
}

function list<T>(value: OneOrMany<T> | undefined): readonly T[] {
  if (value === undefined) return []
  return Array.isArray(value) ? value : [value as T]
}

function actionMatches({ Action, NotAction }: RawStatement, action: string): boolean {
  const matches = (value: string) => regex(plain(value), 'i').test(action)
  return Action === undefined ? !list(NotAction).some(matches) : list(Action).some(matches)
}

function resourceMatches(
  { Resource, NotResource }: RawStatement,
  { resource, context }: RawRequest,
  version: string | undefined,
): boolean {
  const matches = (value: string) => {
    if (value === '*') return true
    const pattern = substitute(value, version, context)
    return pattern !== undefined && arnMatches(pattern, resource)
  }
  if (Resource === undefined && NotResource === undefined) return true
  return Resource === undefined ? !list(NotResource).some(matches) : list(Resource).some(matches)
}

/** A piece of text, or a wildcard that acts. */
type Piece = { readonly text: string } | { readonly wild: '*' | '?' }

function plain(value: string): readonly Piece[] {
  return [...value].map((char) => (char === '*' || char === '?' ? { wild: char } : { text: char }))
}

function regex(pieces: readonly Piece[], flags = ''): RegExp {
  const source = pieces.map((piece) => {
    if ('wild' in piece) return piece.wild === '*' ? '[^]*' : '[^]'
    return piece.text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
  })
  return new RegExp(`^${source.join('')}$`, flags)
}

/** @returns undefined where a variable has neither a value nor a default */
function substitute(
  value: string,
  version: string | undefined,
  context: RawRequest['context'],
): readonly Piece[] | undefined {
  if (version !== '2012-10-17') return plain(value)
  const pieces: Piece[] = []
  for (const part of value.split(/(\$\{[^}]*\})/)) {
    if (!part.startsWith('${')) {
      pieces.push(...plain(part))
      continue
    }
    const inner = part.slice(2, -1)
    if (inner === '*' || inner === '?' || inner === '$') {
      pieces.push({ text: inner })
      continue
    }
    const comma = inner.indexOf(',')
    const key = comma < 0 ? inner : inner.slice(0, comma)
    const found = lookUp(context, key)
    if (typeof found === 'string') pieces.push({ text: found })
    else if (found?.length === 1) pieces.push({ text: found[0]! })
    else if (found === undefined && comma >= 0)
      pieces.push({
        text: inner
          .slice(comma + 1)
          .trim()
          .slice(1, -1),
      })
    else return undefined
  }
  return pieces
}

function lookUp(context: RawRequest['context'], key: string): ContextValue | undefined {
  const name = Object.keys(context).find((each) => each.toLowerCase() === key.toLowerCase())
  return name === undefined ? undefined : context[name]
}

/** Cut at the first five colons; missing parts of the pattern are `*`; each part by itself. */
function arnMatches(pattern: readonly Piece[], text: string, fills = true): boolean {
  if (pattern.length > 0 && pattern.every((piece) => 'wild' in piece && piece.wild === '*'))
    return true
  const parts: Piece[][] = [[]]
  for (const piece of pattern.flatMap((one) => ('wild' in one ? one : plainText(one.text))))
    if ('text' in piece && piece.text === ':' && parts.length < 6) parts.push([])
    else parts.at(-1)!.push(piece)
  while (fills && parts.length < 6) parts.push([{ wild: '*' }])
  const [arn, partition, service, region, account, ...rest] = text.split(':')
  if (account === undefined || rest.length === 0 || parts.length < 6) return false
  const asked = [arn!, partition!, service!, region!, account, rest.join(':')]
  return asked.every((each, index) => regex(parts[index]!).test(each))
}

function plainText(text: string): readonly Piece[] {
  return [...text].map((char) => ({ text: char }))
}

function conditionsHold(
  { Condition = {}, Effect: effect }: RawStatement,
  request: RawRequest,
  version: string | undefined,
): boolean {
  return Object.entries(Condition).every(([operator, block]) =>
    Object.entries(block).every(([key, values]) => {
      const holds = conditionHolds(operator, lookUp(request.context, key), (value) =>
        list(values).map((each) => compareNaively(operator, each, value, version, request.context)),
      )
      return holds === 'unreadable' ? effect === 'Deny' : holds
    }),
  )
}

/** Of the policy's values, which match this value of the request? `unreadable` where the request's value is none. */
type Compared = readonly (boolean | 'unreadable')[]

function conditionHolds(
  written: string,
  value: ContextValue | undefined,
  compare: (value: string) => Compared,
): boolean | 'unreadable' {
  const [prefix, base] = written.includes(':') ? written.split(':') : [undefined, written]
  const values = value === undefined ? [] : list(value)
  if (base === 'Null') {
    const present = values.some((each) => each !== '')
    return compare(String(!present)).includes(true)
  }
  const negated = base!.includes('Not')
  if (values.length === 0) {
    if (written.endsWith('IfExists') || prefix === 'ForAllValues') return true
    return prefix === undefined && negated
  }
  if (prefix === undefined && values.length > 1) return false
  const outcomes = values.map((each) => {
    const compared = compare(each)
    if (compared.includes('unreadable')) return 'unreadable' as const
    return negated ? !compared.includes(true) : compared.includes(true)
  })
  if (outcomes.includes('unreadable')) return 'unreadable'
  return prefix === 'ForAnyValue' ? outcomes.includes(true) : !outcomes.includes(false)
}

function compareNaively(
  written: string,
  policyValue: string,
  value: string,
  version: string | undefined,
  context: RawRequest['context'],
): boolean | 'unreadable' {
  const operator = written
    .replace(/^.*:/, '')
    .replace(/IfExists$/, '')
    .replace('Not', '')
  const substituted = () => substitute(policyValue, version, context)
  const literal = () =>
    substituted()
      ?.map((piece) => ('wild' in piece ? piece.wild : piece.text))
      .join('')
  switch (operator) {
    case 'Null':
      return policyValue === value
    case 'StringEquals':
      return literal() === value
    case 'StringEqualsIgnoreCase':
      return literal()?.toLowerCase() === value.toLowerCase()
    case 'StringLike': {
      const pieces = substituted()
      return pieces !== undefined && regex(pieces).test(value)
    }
    case 'ArnEquals':
    case 'ArnLike': {
      if (!/^arn:(?:[^:]*:){4}/.test(value)) return 'unreadable'
      const pieces = substituted()
      return pieces !== undefined && arnMatches(pieces, value, false)
    }
    case 'Bool':
      if (!/^(?:true|false)$/i.test(value)) return 'unreadable'
      return policyValue.toLowerCase() === value.toLowerCase()
    case 'BinaryEquals':
      if (!/^[A-Za-z0-9+/]+={0,2}$/.test(value)) return 'unreadable'
      return Buffer.from(policyValue, 'base64').equals(Buffer.from(value, 'base64'))
    case 'IpAddress': {
      const address = bits(value)
      if (address === undefined) return 'unreadable'
      const [network, prefix] = policyValue.split('/') as [string, string | undefined]
      const wanted = bits(network)!
      const length = prefix === undefined ? wanted.length : Number(prefix)
      return (
        address.length === wanted.length && address.slice(0, length) === wanted.slice(0, length)
      )
    }
  }
  const read = operator.startsWith('Date') ? seconds : number
  const [asked, given] = [read(value), read(policyValue)!]
  if (asked === undefined) return 'unreadable'
  if (operator.endsWith('GreaterThanEquals')) return asked >= given
  if (operator.endsWith('LessThanEquals')) return asked <= given
  if (operator.endsWith('GreaterThan')) return asked > given
  if (operator.endsWith('LessThan')) return asked < given
  return asked === given
}

/** Every way in which a statement names the caller; none: the statement is not about it. */
function namesOf(
  statement: RawStatement,
  caller: Principal,
  hasBoundary: boolean,
): readonly Name[] {
  const { Principal: element, NotPrincipal: excepted } = statement
  if (element === undefined && excepted === undefined) return ['attached']
  if (element !== undefined) return namings(element, caller).map(([name]) => name)
  const spared = namings(excepted!, caller)
  if (statement.Effect === 'Allow') return spared.length === 0 ? ['everybody'] : []
  if (spared.some(([name]) => name === 'everybody') && !hasBoundary) return []
  const listed = new Set(spared.map(([, by]) => by))
  const needed = neededToSpare[caller.type]
  const isSpared = !hasBoundary && needed.length > 0 && needed.every((each) => listed.has(each))
  return isSpared ? [] : ['everybody']
}

/** @see IAM User Guide, "AWS JSON policy elements: NotPrincipal" (account, role and session must all be listed) */
const neededToSpare: Readonly<Record<Principal['type'], readonly string[]>> = {
  anonymous: [],
  root: ['account'],
  user: ['account', 'user'],
  'assumed-role': ['account', 'role', 'session'],
  'federated-user': ['account', 'session'],
  federated: ['provider'],
  service: ['service'],
}

function namings(
  element: '*' | Readonly<Record<string, OneOrMany<string>>>,
  caller: Principal,
): readonly (readonly [Name, by: string])[] {
  const entries = element === '*' ? [['AWS', '*'] as const] : Object.entries(element)
  return entries.flatMap(([kind, values]) =>
    list(values).flatMap((value): (readonly [Name, string])[] => {
      if (kind === 'Service')
        return caller.type === 'service' && caller.service === value ? [['itself', 'service']] : []
      if (kind === 'Federated')
        return caller.type === 'federated' && caller.provider === value
          ? [['itself', 'provider']]
          : []
      if (value === '*') return [['everybody', '*']]
      if (!('accountId' in caller)) return []
      const { accountId } = caller
      if (value === accountId || value === `arn:aws:iam::${accountId}:root`)
        return [['account', 'account']]
      if (caller.type === 'user' && (value === caller.arn || value === caller.userId))
        return [['itself', 'user']]
      if (caller.type === 'assumed-role') {
        if (value === caller.arn) return [['itself', 'session']]
        if (value === caller.roleArn || value === caller.roleId)
          return [['role or user behind', 'role']]
      }
      if (caller.type === 'federated-user') {
        if (value === caller.arn) return [['itself', 'session']]
        if (value === caller.userArn || value === caller.userId)
          return [['role or user behind', 'user']]
      }
      return []
    }),
  )
}
