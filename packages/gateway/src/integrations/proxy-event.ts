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
  const address = membersOf({ resource: method.resource.path, path, httpMethod })
  const rest = membersOf({
    pathParameters: orNull(pathParameters),
    stageVariables: orNull(stage.variables),
    requestContext: requestContext(context),
  })
  return `${address},${headerMembers(pass, headers)},${queryMembers(query)},${rest}`
}

/** Of an object that has some; one of few forms is written many times as fast as its members are, one by one. */
function membersOf(object: object): string {
  return JSON.stringify(object).slice(1, -1)
}

function orNull(values: Values): Values | null {
  for (const name in values) if (Object.hasOwn(values, name)) return values
  return null
}

type Named = readonly (readonly [name: string, values: readonly string[]])[]

/** Lists of values by name, as two maps: of the last values, and of all. */
function mapsOf(lists: Named): { readonly last: string; readonly all: string } {
  if (lists.length === 0) return { last: 'null', all: 'null' }
  const quoted = quoterOf(lists)
  let last = ''
  let all = ''
  for (const [name, values] of lists) {
    const comma = last === '' ? '' : ','
    const value = quoted(values.at(-1)!)
    last += `${comma}${quoted(name)}:${value}`
    all += `${comma}${quoted(name)}:[${values.length === 1 ? value : values.map(quoted).join(',')}]`
  }
  return { last: `{${last}}`, all: `{${all}}` }
}

const plain = /^[ !#-[\]-~]*$/
const inQuotes = (text: string) => `"${text}"`
const asJson = (text: string) => JSON.stringify(text)

/** Most texts stand in JSON as they are, which is seen of all of them together sooner than of each. */
function quoterOf(lists: Named): (text: string) => string {
  let texts = ''
  for (const [name, values] of lists) {
    texts += name
    for (const value of values) texts += value
  }
  return plain.test(texts) ? inQuotes : asJson
}

function queryMembers(query: RequestFacts['query']): string {
  const { last, all } = mapsOf(Object.entries(query))
  return `"queryStringParameters":${last},"multiValueQueryStringParameters":${all}`
}

/** Names that AWS writes in its own way, whatever the client wrote. */
const spelt: ReadonlyMap<string, string> = new Map([
  ['authorization', 'Authorization'],
  ['host', 'Host'],
  ['user-agent', 'User-Agent'],
])

function headerMembers(pass: Matched, headers: RequestFacts['headers']): string {
  const lists: [string, readonly string[]][] = []
  for (const [lower, { name, values }] of headers)
    if (lower !== 'x-amzn-trace-id') lists.push([spelt.get(lower) ?? name, values])
  lists.push(['X-Amzn-Trace-Id', [traceOf(pass)]])
  const { last, all } = mapsOf(lists)
  return `"headers":${last},"multiValueHeaders":${all}`
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

function requestContext(context: Values): object {
  const identity: Record<string, unknown> = { ...(context['identity'] as Values | undefined) }
  for (const name of identityNames) identity[name] ??= null
  return {
    accountId: context['accountId'],
    apiId: context['apiId'],
    authorizer: context['authorizer'],
    deploymentId: context['deploymentId'],
    domainName: context['domainName'],
    domainPrefix: context['domainPrefix'],
    extendedRequestId: context['extendedRequestId'],
    httpMethod: context['httpMethod'],
    identity,
    path: context['path'],
    protocol: context['protocol'],
    requestId: context['requestId'],
    requestTime: context['requestTime'],
    requestTimeEpoch: context['requestTimeEpoch'],
    resourceId: context['resourceId'],
    resourcePath: context['resourcePath'],
    stage: context['stage'],
  }
}
