/** `sekisho simulate`: what would these policies say to this request? */
import {
  type AuthorizationRequest,
  authorize,
  type CompiledPolicy,
  type ContextValue,
  denialReason,
  type ExecuteApi,
  expectedDecisions,
  explain,
  type PolicySet,
  type PolicyType,
  parseArn,
  principalOf,
  trace,
} from '@sekisho/policy'
import type { Environment } from '../environment.ts'
import { exitCodes, usageError } from '../exit-codes.ts'
import { chooseLanguage } from '../language.ts'
import { compileFile } from '../policy-files.ts'
import { simulateCases } from '../simulate-cases.ts'
import { defineVerb, type Given } from '../verb.ts'

const options = {
  cases: {
    type: 'string',
    value: 'FILE',
    help: 'decide a file of cases instead: JSON, one a line',
  },
  principal: { type: 'string', value: 'ARN', help: 'the caller (anonymous), or a service' },
  action: { type: 'string', value: 'ACTION', help: 'such as execute-api:Invoke' },
  resource: { type: 'string', value: 'ARN', help: 'what is asked for, or `*`' },
  'resource-account': { type: 'string', value: 'ID', help: "the resource's account" },
  context: {
    type: 'string',
    multiple: true,
    value: 'KEY=VALUE',
    help: 'a condition key of the request; repeat it for several values',
  },
  'resource-policy': { type: 'string', value: 'FILE', help: "the resource's policy" },
  identity: { type: 'string', multiple: true, value: 'FILE', help: "a policy of the caller's" },
  boundary: { type: 'string', value: 'FILE', help: "the caller's permissions boundary" },
  session: { type: 'string', multiple: true, value: 'FILE', help: 'a session policy' },
  scp: { type: 'string', multiple: true, value: 'FILE', help: 'a service control policy' },
  rcp: { type: 'string', multiple: true, value: 'FILE', help: 'a resource control policy' },
  explain: { type: 'boolean', help: 'say why' },
  lang: { type: 'string', value: 'en|ja', help: 'language of the explanation (LANG)' },
  json: { type: 'boolean', help: 'print JSON' },
} as const

export const simulate = defineVerb({
  summary: 'decide a request by policy files alone',
  help: `Prints allowed, implicitDeny or explicitDeny, and ends with 1 where the request is not allowed. No server is asked.
Each --scp and --rcp is a level of its own, the root's first.
With --cases, prints \`{ id, want, got }\` for every case that turns out otherwise, then \`N passed, N failed\`.`,
  options,
  run(given, positionals, environment) {
    if (positionals.length > 0) throw usageError(`unexpected argument \`${positionals[0]}\``)
    if (given.cases !== undefined) {
      const others = Object.keys(given).filter((name) => name !== 'cases' && name !== 'json')
      if (others.length > 0) throw usageError(`\`--cases\` goes without \`--${others[0]}\``)
      return simulateCases(given.cases, environment)
    }
    const request = requestOf(given)
    const policies = policiesOf(given, environment)
    const decision = authorize(request, policies)
    const answer = expectedDecisions[decision.effect]
    if (given.json)
      environment.print(JSON.stringify({ decision: answer, ...traceOf(given, request, policies) }))
    else if (given.explain) {
      const language = chooseLanguage(given.lang, environment.variables)
      environment.print(explain(trace(request, policies), language))
    } else
      environment.print(
        decision.allowed ? answer : `${answer}${denialReason(decision, request.action)}`,
      )
    return decision.allowed ? exitCodes.done : exitCodes.no
  },
})

function traceOf(
  given: Given<typeof options>,
  request: AuthorizationRequest,
  policies: PolicySet,
): object {
  return given.explain ? { trace: trace(request, policies) } : {}
}

function requestOf(given: Given<typeof options>): AuthorizationRequest {
  const { action, resource, principal = 'anonymous', 'resource-account': accountId } = given
  if (action === undefined || resource === undefined)
    throw usageError('give the request by `--action` and `--resource`, or `--cases FILE`')
  if (!/^[a-z0-9-]+:[A-Za-z0-9]+$/.test(action))
    throw usageError(`\`--action\` cannot be \`${action}\`; it is \`service:Name\``)
  const isCaller =
    principal === 'anonymous' ||
    parseArn(principal) !== undefined ||
    /^[a-z0-9.-]+\.amazonaws\.com$/.test(principal)
  if (!isCaller)
    throw usageError(
      `\`--principal\` cannot be \`${principal}\`; it is an ARN, \`anonymous\`, or a service such as \`events.amazonaws.com\``,
    )
  if (accountId !== undefined && !/^\d{12}$/.test(accountId))
    throw usageError(`\`--resource-account\` cannot be \`${accountId}\`; it is twelve digits`)
  return {
    principal: principalOf(principal),
    action,
    resource,
    ...(accountId !== undefined && { resourceAccountId: accountId }),
    context: contextOf(given.context ?? []),
  }
}

function contextOf(pairs: readonly string[]): ReadonlyMap<string, ContextValue> {
  const context = new Map<string, ContextValue>()
  for (const pair of pairs) {
    const [, key, value] = /^([^=]+)=(.*)$/s.exec(pair) ?? []
    if (key === undefined || value === undefined)
      throw usageError(`\`--context\` cannot be \`${pair}\`; it is \`KEY=VALUE\``)
    const before = context.get(key.toLowerCase())
    context.set(key.toLowerCase(), before === undefined ? value : [before, value].flat())
  }
  return context
}

/** Whose policy speaks of `execute-api:/…`: that of the API that is called. */
function apiOf(resource: string | undefined): ExecuteApi | undefined {
  const arn = parseArn(resource ?? '')
  const [, restApiId] = /^([a-z0-9]+)(?:\/|$)/.exec(arn?.resource ?? '') ?? []
  if (arn?.service !== 'execute-api' || restApiId === undefined) return undefined
  const { partition, region, accountId } = arn
  return { partition, region, accountId, restApiId }
}

function policiesOf(given: Given<typeof options>, environment: Environment): PolicySet {
  const compile = (file: string, type: PolicyType) => compileFile(file, type, environment)
  const all = (files: readonly string[], type: PolicyType): readonly CompiledPolicy[] =>
    files.map((file) => compile(file, type))
  const levels = (files: readonly string[], type: PolicyType) =>
    all(files, type).map((policy) => [policy])
  const { 'resource-policy': resource, identity, boundary, session, scp, rcp } = given
  return {
    ...(resource !== undefined && {
      resource: compileFile(resource, 'resource', environment, apiOf(given.resource)),
    }),
    ...(identity && { identity: all(identity, 'identity') }),
    ...(boundary !== undefined && { boundary: compile(boundary, 'boundary') }),
    ...(session && { session: all(session, 'session') }),
    ...(scp && { scps: levels(scp, 'scp') }),
    ...(rcp && { rcps: levels(rcp, 'rcp') }),
  }
}
