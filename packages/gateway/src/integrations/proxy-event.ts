/**
 * The event that a function behind AWS_PROXY is given, payload format 1.0: as text, since nobody here reads it, and
 * making objects of headers that clients name costs several times what writing them does.
 */
import { isBinary } from '../content-handling.ts'
import { contextOf } from '../environment.ts'
import type { CallEnvironment, Matched } from '../pass.ts'
import { traceOf } from '../trace.ts'

type Values = Readonly<Record<string, unknown>>

/** What is known of a request before its body is. */
export interface RequestFacts {
  readonly pass: Matched
  /** `$context` */
  readonly context: Values
  readonly query: Readonly<Record<string, readonly string[]>>
  readonly headers: CallEnvironment['headers']
}

/**
 * @returns JSON
 * @see API Gateway Developer Guide, "Lambda proxy integrations in API Gateway" (input format)
 */
export function proxyEvent({ validated, query, headers }: CallEnvironment): string {
  const { body, deployment } = validated
  const contentType = headers.get('content-type')?.values[0] ?? ''
  const isBase64Encoded =
    body.length > 0 && isBinary(contentType, deployment.snapshot.binaryMediaTypes)
  const text =
    body.length === 0
      ? null
      : isBase64Encoded
        ? Buffer.from(body).toString('base64')
        : new TextDecoder().decode(body)
  const request = requestMembers({
    pass: validated,
    context: contextOf(validated),
    query,
    headers,
  })
  return `{${request},"body":${JSON.stringify(text)},"isBase64Encoded":${isBase64Encoded}}`
}

/**
 * All but the body. Empty maps are null; of several values the last counts where one is wanted.
 *
 * @returns the members of a JSON object
 */
export function requestMembers({ pass, context, query, headers }: RequestFacts): string {
  const { received, method, httpMethod, pathParameters, stage } = pass
  const path = (received.customDomain ? received.rawPath : received.stagePath).replace(/^\/*/, '/')
  return (
    `"resource":${JSON.stringify(method.resource.path)},"path":${JSON.stringify(path)},` +
    `"httpMethod":${JSON.stringify(httpMethod)},${headerMembers(pass, headers)},` +
    `${queryMembers(query)},"pathParameters":${orNull(pathParameters)},` +
    `"stageVariables":${orNull(stage.variables)},"requestContext":${requestContext(context)}`
  )
}

function orNull(values: Readonly<Record<string, unknown>>): string {
  for (const name in values) if (Object.hasOwn(values, name)) return JSON.stringify(values)
  return 'null'
}

/** Lists of values by name, as two maps: of the last values, and of all. */
class ValueMaps {
  #last = ''
  #all = ''

  add(name: string, values: readonly string[]): void {
    const comma = this.#last === '' ? '' : ','
    const quoted = JSON.stringify(name)
    const last = JSON.stringify(values.at(-1))
    this.#last += `${comma}${quoted}:${last}`
    this.#all += `${comma}${quoted}:${values.length === 1 ? `[${last}]` : JSON.stringify(values)}`
  }

  get last(): string {
    return this.#last === '' ? 'null' : `{${this.#last}}`
  }

  get all(): string {
    return this.#all === '' ? 'null' : `{${this.#all}}`
  }
}

function queryMembers(query: RequestFacts['query']): string {
  const maps = new ValueMaps()
  for (const name in query) maps.add(name, query[name]!)
  return `"queryStringParameters":${maps.last},"multiValueQueryStringParameters":${maps.all}`
}

/** Names that AWS writes in its own way, whatever the client wrote. */
const spelt: ReadonlyMap<string, string> = new Map([
  ['authorization', 'Authorization'],
  ['host', 'Host'],
  ['user-agent', 'User-Agent'],
])

function headerMembers(pass: Matched, headers: RequestFacts['headers']): string {
  const maps = new ValueMaps()
  for (const [lower, { name, values }] of headers)
    if (lower !== 'x-amzn-trace-id') maps.add(spelt.get(lower) ?? name, values)
  maps.add('X-Amzn-Trace-Id', [traceOf(pass)])
  return `"headers":${maps.last},"multiValueHeaders":${maps.all}`
}

/** What is unknown of a caller is null, not absent. */
const identityNames = [
  'accessKey',
  'accountId',
  'caller',
  'cognitoAuthenticationProvider',
  'cognitoAuthenticationType',
  'cognitoIdentityId',
  'cognitoIdentityPoolId',
  'principalOrgId',
  'sourceIp',
  'user',
  'userAgent',
  'userArn',
] as const
const isIdentityName: ReadonlySet<string> = new Set(identityNames)

const contextNames = [
  'accountId',
  'apiId',
  'deploymentId',
  'domainName',
  'domainPrefix',
  'extendedRequestId',
  'httpMethod',
  'path',
  'protocol',
  'requestId',
  'requestTime',
  'requestTimeEpoch',
  'resourceId',
  'resourcePath',
  'stage',
] as const

function requestContext(context: Values): string {
  const given = (context['identity'] ?? {}) as Values
  let identity = ''
  for (const name of identityNames) identity += `,"${name}":${JSON.stringify(given[name] ?? null)}`
  for (const name in given)
    if (given[name] !== undefined && !isIdentityName.has(name))
      identity += `,${JSON.stringify(name)}:${JSON.stringify(given[name])}`
  let text = ''
  for (const name of [...contextNames, 'authorizer'])
    if (context[name] !== undefined) text += `"${name}":${JSON.stringify(context[name])},`
  return `{${text}"identity":{${identity.slice(1)}}}`
}
