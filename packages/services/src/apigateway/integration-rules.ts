/** Is this an integration that API Gateway would take? */
import { compilePattern, isCacheKey, PatternError, type SnapshotMethod } from '@sekisho/gateway'
import { badRequest, invalidMapping, notSupported } from './errors.ts'

export type SnapshotIntegration = NonNullable<SnapshotMethod['methodIntegration']>

export const contentHandlings = ['CONVERT_TO_BINARY', 'CONVERT_TO_TEXT']
export const connectionTypes = ['INTERNET', 'VPC_LINK']
const passthroughBehaviors = ['WHEN_NO_MATCH', 'WHEN_NO_TEMPLATES', 'NEVER']

/** @throws AwsError BadRequestException  in the words that AWS has for what is wrong */
export function checkIntegration(integration: SnapshotIntegration): SnapshotIntegration {
  const { type, uri, httpMethod, timeoutInMillis = 29_000, passthroughBehavior } = integration
  checkOneOf('connectionType', integration.connectionType, connectionTypes)
  checkOneOf('contentHandling', integration.contentHandling, contentHandlings)
  checkOneOf('passthroughBehavior', passthroughBehavior, passthroughBehaviors)
  checkOneOf('responseTransferMode', integration.responseTransferMode, ['BUFFERED', 'STREAM'])
  const isHttp = type === 'HTTP' || type === 'HTTP_PROXY'
  if (integration.connectionType === 'VPC_LINK') {
    if (!isHttp)
      throw badRequest('Connection type VPC_LINK is only supported for HTTP integrations')
    if (!connectionIdForm.test(integration.connectionId ?? ''))
      throw badRequest('Invalid connectionId: VPC_LINK needs the id of a VPC link')
  }
  const streams = integration.responseTransferMode === 'STREAM'
  if (streams) checkStreaming(integration)
  if (integration.tlsConfig?.insecureSkipVerification && !isHttp)
    throw badRequest('tlsConfig is only supported for HTTP and HTTP_PROXY integrations')
  if (integration.integrationTarget !== undefined) throw notSupported("'integrationTarget'")
  const longest = streams ? 900_000 : 29_000
  if (timeoutInMillis < 50 || timeoutInMillis > longest)
    throw badRequest(`Timeout should be between 50 ms and ${longest} ms`)
  checkRequestParameters(integration.requestParameters)
  checkTemplates(integration.requestTemplates)
  if (type === 'MOCK') return integration
  if (httpMethod === undefined || httpMethod === '')
    throw badRequest('Enumeration value for HttpMethod must be non-empty')
  if (isHttp) checkHttpUri(uri)
  else checkAwsUri(type, uri)
  return integration
}

/** Request and answer pass as they are: the answer may pass as it comes, too. */
export function isProxy({ type }: SnapshotIntegration): boolean {
  return type === 'HTTP_PROXY' || type === 'AWS_PROXY'
}

/** The address by which a function is asked with InvokeWithResponseStream. */
const streamingUri =
  /^(?:[^:]*:){4}lambda:path\/2021-11-15\/functions\/.+\/response-streaming-invocations$/

function checkStreaming(integration: SnapshotIntegration): void {
  if (!isProxy(integration))
    throw badRequest(
      'Invalid ResponseTransferMode. ResponseTransferMode STREAM is only supported for HTTP_PROXY and AWS_PROXY integrations.',
    )
  if (integration.type === 'AWS_PROXY' && !streamingUri.test(integration.uri ?? ''))
    throw badRequest(
      'Invalid ResponseTransferMode. ResponseTransferMode STREAM is only supported for Lambda functions invoked by InvokeWithResponseStream for AWS_PROXY integrations.',
    )
}

/** @throws AwsError BadRequestException  a key is no parameter that the method or its integration has */
export function checkCacheKeys(
  { cacheKeyParameters = [], requestParameters: mapped = {} }: SnapshotIntegration,
  { requestParameters: declared = {} }: SnapshotMethod,
): void {
  const unknown = cacheKeyParameters.find((name) => !isCacheKey(name, declared, mapped))
  if (unknown !== undefined) throw badRequest(`Invalid cache key parameter specified: ${unknown}`)
}
/** An id, or the stage variable that holds one. */
const connectionIdForm = /^(?:[a-z0-9]+|\$\{stageVariables\.[A-Za-z0-9_]+\})$/

/** @see API Gateway API Reference, "PutIntegration" (uri; ports 80, 443 and 1024–65535) */
function checkHttpUri(uri: string | undefined): void {
  const withValues = (uri ?? '')
    .replace(/\$\{stageVariables\.[A-Za-z0-9_]+\}/g, 'variable')
    .replace(/\{[^{}]+\}/g, 'parameter')
  if (!/^https?:\/\/[^\s/]+/i.test(withValues) || !URL.canParse(withValues))
    throw badRequest('Invalid HTTP endpoint specified for URI')
}

function checkAwsUri(type: string | undefined, uri: string | undefined): void {
  if (!/^arn:aws[a-z-]*:apigateway:[a-z0-9-]+:[a-z0-9.-]+:.+/.test(uri ?? ''))
    throw badRequest('Invalid ARN specified in the request')
  if (!/^(?:[^:]*:){5}(?:path|action)\//.test(uri ?? ''))
    throw badRequest('AWS ARN for integration must contain path or action')
  if (type === 'AWS_PROXY' && !/^(?:[^:]*:){4}(?:lambda|firehose):/.test(uri ?? ''))
    throw badRequest(
      "Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose stream invocations.",
    )
}

const requestTarget =
  /^integration\.request\.(?:path|querystring|multivaluequerystring|header|multivalueheader)\.[^\s]+$/
const requestSource =
  /^(?:method\.request\.(?:(?:path|querystring|multivaluequerystring|header|multivalueheader)\.[^\s]+|body(?:\..+)?)|stageVariables\.[A-Za-z0-9_]+|context\.[A-Za-z0-9_.]+|'[^']*')$/
function checkRequestParameters(parameters: Readonly<Record<string, string>> | undefined): void {
  for (const [target, source] of Object.entries(parameters ?? {})) {
    if (!requestTarget.test(target))
      throw invalidMapping(`Invalid mapping expression parameter specified: ${target}`)
    if (!requestSource.test(source))
      throw invalidMapping(`Invalid mapping expression specified: ${source}`)
  }
}

/** @see API Gateway Developer Guide, "Quotas for configuring and running a REST API" */
const largestTemplate = 300 * 1024

/** @throws AwsError BadRequestException */
export function checkTemplates(templates: Readonly<Record<string, string>> | undefined): void {
  for (const [type, template] of Object.entries(templates ?? {})) {
    if (template.length > largestTemplate)
      throw badRequest(`The mapping template for ${type} is larger than 300 KB.`)
    if (!/^[^\s/;]+\/[^\s;]+$/.test(type) && type !== '$default')
      throw badRequest(
        `Validation Result: warnings : [], errors : [Invalid content type specified: ${type}]`,
      )
  }
}

/** What could not be run would match nothing, and nobody would know why. @throws AwsError BadRequestException */
export function checkPattern(what: string, pattern: string | undefined): void {
  if (pattern === undefined || pattern === '') return
  try {
    compilePattern(pattern, { isWhole: true })
  } catch (error) {
    if (!(error instanceof PatternError)) throw error
    throw badRequest(`Invalid ${what} specified: ${pattern} (${error.message})`)
  }
}

/** @throws AwsError BadRequestException */
export function checkOneOf(
  what: string,
  value: string | undefined,
  options: readonly string[],
): void {
  if (value !== undefined && !options.includes(value))
    throw badRequest(`Invalid ${what} specified. Valid options are ${options.join(',')}`)
}
