/** The event that a function behind AWS_PROXY is given, payload format 1.0. */
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

/** @see API Gateway Developer Guide, "Lambda proxy integrations in API Gateway" (input format) */
export function proxyEvent({ validated, query, headers }: CallEnvironment): Values {
  const { body, deployment } = validated
  const contentType = headers.get('content-type')?.values[0] ?? ''
  const isBase64Encoded =
    body.length > 0 && isBinary(contentType, deployment.snapshot.binaryMediaTypes)
  const event = requestEvent({ pass: validated, context: contextOf(validated), query, headers })
  event['body'] =
    body.length === 0
      ? null
      : isBase64Encoded
        ? Buffer.from(body).toString('base64')
        : new TextDecoder().decode(body)
  event['isBase64Encoded'] = isBase64Encoded
  return event
}

/** All but the body. Empty maps are null; of several values the last counts where one is wanted. */
export function requestEvent({
  pass,
  context,
  query,
  headers,
}: RequestFacts): Record<string, unknown> {
  const { received, method, httpMethod, pathParameters, stage } = pass
  return {
    resource: method.resource.path,
    path: (received.customDomain ? received.rawPath : received.stagePath).replace(/^\/*/, '/'),
    httpMethod,
    ...headersOf(pass, headers),
    queryStringParameters: orNull(lastValues(query)),
    multiValueQueryStringParameters: orNull(query),
    pathParameters: orNull(pathParameters),
    stageVariables: orNull(stage.variables),
    requestContext: requestContextOf(context),
  }
}

function orNull(values: Readonly<Record<string, unknown>>): Values | null {
  for (const name in values) if (Object.hasOwn(values, name)) return values
  return null
}

function lastValues(all: Readonly<Record<string, readonly string[]>>): Values {
  const last: Record<string, unknown> = {}
  for (const name in all) put(last, name, all[name]!.at(-1))
  return last
}

/** Clients choose the names. Objects without a prototype would be as safe, and many times slower to write. */
function put<T>(values: Record<string, T>, name: string, value: T): void {
  if (name !== '__proto__') values[name] = value
  else Object.defineProperty(values, name, { value, enumerable: true })
}

/** Names that AWS writes in its own way, whatever the client wrote. */
const spelt: ReadonlyMap<string, string> = new Map([
  ['authorization', 'Authorization'],
  ['host', 'Host'],
  ['user-agent', 'User-Agent'],
])

function headersOf(pass: Matched, headers: RequestFacts['headers']) {
  const all: Record<string, readonly string[]> = {}
  for (const [lower, { name, values }] of headers)
    if (lower !== 'x-amzn-trace-id') put(all, spelt.get(lower) ?? name, values)
  all['X-Amzn-Trace-Id'] = [traceOf(pass)]
  return { headers: lastValues(all), multiValueHeaders: all }
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

function requestContextOf(context: Values): Values {
  // What is undefined is not written.
  const given: Record<string, unknown> = { ...(context['identity'] as Values | undefined) }
  for (const name of identityNames) given[name] ??= null
  const event: Record<string, unknown> = {}
  for (const name of contextNames) event[name] = context[name]
  event['identity'] = given
  if (context['authorizer'] !== undefined) event['authorizer'] = context['authorizer']
  return event
}
