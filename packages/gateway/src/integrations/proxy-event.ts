/** The event that a function behind AWS_PROXY is given, payload format 1.0. */
import { isBinary } from '../content-handling.ts'
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
export function proxyEvent({ validated, context, query, headers }: CallEnvironment): Values {
  const { body, deployment } = validated
  const contentType = headers.get('content-type')?.values[0] ?? ''
  const isBase64Encoded =
    body.length > 0 && isBinary(contentType, deployment.snapshot.binaryMediaTypes)
  return {
    ...requestEvent({ pass: validated, context, query, headers }),
    body:
      body.length === 0
        ? null
        : isBase64Encoded
          ? Buffer.from(body).toString('base64')
          : new TextDecoder().decode(body),
    isBase64Encoded,
  }
}

/** All but the body. Empty maps are null; of several values the last counts where one is wanted. */
export function requestEvent({ pass, context, query, headers }: RequestFacts): Values {
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
  return Object.keys(values).length === 0 ? null : { ...values }
}

function lastValues(all: Readonly<Record<string, readonly string[]>>): Values {
  return Object.fromEntries(Object.entries(all).map(([name, values]) => [name, values.at(-1)]))
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
    if (lower !== 'x-amzn-trace-id') all[spelt.get(lower) ?? name] = values
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
  const identity = (context['identity'] ?? {}) as Values
  const given: Record<string, unknown> = { ...identity }
  for (const name of identityNames) given[name] ??= null
  for (const name of ['apiKey', 'apiKeyId', 'clientCert'])
    if (given[name] === undefined) delete given[name]
  const { authorizer } = context
  return {
    ...Object.fromEntries(contextNames.map((name) => [name, context[name]])),
    identity: given,
    ...(authorizer !== undefined && { authorizer }),
  }
}
