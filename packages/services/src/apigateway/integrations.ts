/** Integrations and their responses: what stands behind a method. */
import type * as Sdk from '@aws-sdk/client-api-gateway'
import type { SnapshotMethod } from '@sekisho/gateway'
import type { GatedOperations } from '../service.ts'
import { badRequest, notFound, notSupported } from './errors.ts'
import { changeMethod, methodOf } from './methods.ts'
import { applyPatches, entryRow, integerOf, type PatchTable, textRow } from './patch.ts'
import { getApi } from './records.ts'

export type SnapshotIntegration = NonNullable<SnapshotMethod['methodIntegration']>

const integrationTypes = ['HTTP', 'MOCK', 'AWS_PROXY', 'HTTP_PROXY', 'AWS']
const opConstraint = {
  'patchOperations.*.op': { enum: ['add', 'remove', 'move', 'test', 'replace', 'copy'] },
}
const statusConstraint = { statusCode: { pattern: /^[1-5]\d\d$/ } }
const contentHandlings = ['CONVERT_TO_BINARY', 'CONVERT_TO_TEXT']
const passthroughBehaviors = ['WHEN_NO_MATCH', 'WHEN_NO_TEMPLATES', 'NEVER']

export const integrations = {
  PutIntegration: {
    constraints: {
      type: { enum: integrationTypes },
      contentHandling: { enum: contentHandlings },
      connectionType: { enum: ['INTERNET', 'VPC_LINK'] },
    },
    async handle(input, call) {
      const { restApiId, resourceId, httpMethod, integrationHttpMethod, type, ...members } = input
      const integration = newIntegration(
        {
          ...members,
          type,
          ...(integrationHttpMethod !== undefined && { httpMethod: integrationHttpMethod }),
        },
        resourceId,
      )
      await changeMethod(call, { restApiId, resourceId, httpMethod }, (method) => ({
        ...method,
        methodIntegration: integration,
      }))
      return shownIntegration(integration)
    },
  },

  GetIntegration: {
    async handle({ restApiId, resourceId, httpMethod }, call) {
      return shownIntegration(
        integrationOf(
          methodOf(await getApi(call.documents, call, restApiId), resourceId, httpMethod),
        ),
      )
    },
  },

  UpdateIntegration: {
    constraints: opConstraint,
    async handle({ restApiId, resourceId, httpMethod, patchOperations }, call) {
      const method = await changeMethod(call, { restApiId, resourceId, httpMethod }, (before) => {
        const patched = applyPatches(integrationOf(before), patchOperations, integrationPatches, {
          lists: false,
        })
        return { ...before, methodIntegration: checkIntegration(patched) }
      })
      return shownIntegration(integrationOf(method))
    },
  },

  DeleteIntegration: {
    async handle({ restApiId, resourceId, httpMethod }, call) {
      await changeMethod(call, { restApiId, resourceId, httpMethod }, (method) => {
        integrationOf(method)
        const { methodIntegration: _, ...others } = method
        return others
      })
      return {}
    },
  },

  PutIntegrationResponse: {
    constraints: { ...statusConstraint, contentHandling: { enum: contentHandlings } },
    async handle(input, call) {
      const {
        restApiId,
        resourceId,
        httpMethod,
        statusCode,
        selectionPattern,
        responseParameters,
        responseTemplates,
        contentHandling,
      } = input
      const response: Sdk.IntegrationResponse = {
        statusCode,
        ...(selectionPattern !== undefined && { selectionPattern }),
        ...(responseParameters && { responseParameters }),
        ...(responseTemplates && { responseTemplates }),
        ...(contentHandling && { contentHandling }),
      }
      await changeMethod(call, { restApiId, resourceId, httpMethod }, (method) => {
        checkResponse(method, response)
        return withResponse(method, statusCode, response)
      })
      return response
    },
  },

  GetIntegrationResponse: {
    constraints: statusConstraint,
    async handle({ restApiId, resourceId, httpMethod, statusCode }, call) {
      return responseOf(
        methodOf(await getApi(call.documents, call, restApiId), resourceId, httpMethod),
        statusCode,
      )
    },
  },

  UpdateIntegrationResponse: {
    constraints: { ...opConstraint, ...statusConstraint },
    async handle({ restApiId, resourceId, httpMethod, statusCode, patchOperations }, call) {
      const method = await changeMethod(call, { restApiId, resourceId, httpMethod }, (before) => {
        const response = applyPatches(
          responseOf(before, statusCode),
          patchOperations,
          responsePatches,
          { lists: false },
        )
        checkResponse(before, response)
        return withResponse(before, statusCode, response)
      })
      return responseOf(method, statusCode)
    },
  },

  DeleteIntegrationResponse: {
    constraints: statusConstraint,
    async handle({ restApiId, resourceId, httpMethod, statusCode }, call) {
      await changeMethod(call, { restApiId, resourceId, httpMethod }, (method) => {
        responseOf(method, statusCode)
        return withResponse(method, statusCode, undefined)
      })
      return {}
    },
  },
} satisfies GatedOperations<typeof Sdk>

/** @throws AwsError NotFoundException */
function integrationOf(method: SnapshotMethod): SnapshotIntegration {
  if (method.methodIntegration === undefined)
    throw notFound('Invalid Integration identifier specified')
  return method.methodIntegration
}

function responseOf(method: SnapshotMethod, statusCode: string): Sdk.IntegrationResponse {
  const response = integrationOf(method).integrationResponses?.[statusCode]
  if (response === undefined) throw notFound('Invalid Response status code specified')
  return response
}

function withResponse(
  method: SnapshotMethod,
  statusCode: string,
  response: Sdk.IntegrationResponse | undefined,
): SnapshotMethod {
  const integration = integrationOf(method)
  const { [statusCode]: _, ...others } = integration.integrationResponses ?? {}
  return {
    ...method,
    methodIntegration: {
      ...integration,
      integrationResponses: response ? { ...others, [statusCode]: response } : others,
    },
  }
}

/** With the defaults that API Gateway fills in. */
export function newIntegration(
  given: Omit<SnapshotIntegration, 'integrationResponses'>,
  resourceId: string,
): SnapshotIntegration {
  const defined = Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined && value !== null),
  ) as SnapshotIntegration
  return checkIntegration({
    passthroughBehavior: 'WHEN_NO_MATCH',
    timeoutInMillis: 29_000,
    cacheNamespace: resourceId,
    cacheKeyParameters: [],
    ...defined,
  })
}

/** @throws AwsError BadRequestException  in the words that AWS has for what is wrong */
export function checkIntegration(integration: SnapshotIntegration): SnapshotIntegration {
  const { type, uri, httpMethod, timeoutInMillis = 29_000, passthroughBehavior = '' } = integration
  if (integration.connectionType === 'VPC_LINK') throw notSupported("Connection type 'VPC_LINK'")
  if (integration.responseTransferMode === 'STREAM')
    throw notSupported("Response transfer mode 'STREAM'")
  if (integration.tlsConfig?.insecureSkipVerification)
    throw notSupported("'tlsConfig.insecureSkipVerification'")
  if (integration.cacheKeyParameters?.length) throw notSupported("'cacheKeyParameters'")
  if (integration.integrationTarget !== undefined) throw notSupported("'integrationTarget'")
  if (!passthroughBehaviors.includes(passthroughBehavior.toUpperCase()))
    throw badRequest(
      `Invalid passthroughBehavior specified. Valid options are ${passthroughBehaviors.join(',')}`,
    )
  if (timeoutInMillis < 50 || timeoutInMillis > 29_000)
    throw badRequest('Timeout should be between 50 ms and 29000 ms')
  checkRequestParameters(integration.requestParameters)
  checkTemplateTypes(integration.requestTemplates)
  if (type === 'MOCK') return integration
  if (httpMethod === undefined || httpMethod === '')
    throw badRequest('Enumeration value for HttpMethod must be non-empty')
  if (type === 'HTTP' || type === 'HTTP_PROXY') checkHttpUri(uri)
  else checkAwsUri(type, uri)
  return integration
}

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
const responseSource =
  /^(?:integration\.response\.(?:(?:header|multivalueheader)\.[^\s]+|body(?:\..+)?)|stageVariables\.[A-Za-z0-9_]+|context\.[A-Za-z0-9_.]+|'[^']*')$/

function invalidMapping(what: string) {
  return badRequest(
    `Invalid mapping expression specified: Validation Result: warnings : [], errors : [${what}]`,
  )
}

function checkRequestParameters(parameters: Readonly<Record<string, string>> | undefined): void {
  for (const [target, source] of Object.entries(parameters ?? {})) {
    if (!requestTarget.test(target))
      throw invalidMapping(`Invalid mapping expression parameter specified: ${target}`)
    if (!requestSource.test(source))
      throw invalidMapping(`Invalid mapping expression specified: ${source}`)
  }
}

function checkTemplateTypes(templates: Readonly<Record<string, string>> | undefined): void {
  for (const type of Object.keys(templates ?? {}))
    if (!/^[^\s/;]+\/[^\s;]+$/.test(type) && type !== '$default')
      throw badRequest(
        `Validation Result: warnings : [], errors : [Invalid content type specified: ${type}]`,
      )
}

/** @throws AwsError  the status has no method response, or a header that the method response does not declare */
export function checkResponse(method: SnapshotMethod, response: Sdk.IntegrationResponse): void {
  integrationOf(method)
  const declared = method.methodResponses?.[response.statusCode ?? '']
  if (declared === undefined) throw notFound('Invalid Response status code specified')
  checkTemplateTypes(response.responseTemplates)
  checkPattern(response.selectionPattern)
  for (const [target, source] of Object.entries(response.responseParameters ?? {})) {
    if (!Object.hasOwn(declared.responseParameters ?? {}, target))
      throw invalidMapping(`Invalid mapping expression parameter specified: ${target}`)
    if (!responseSource.test(source))
      throw invalidMapping(`Invalid mapping expression specified: ${source}`)
  }
}

function checkPattern(pattern: string | undefined): void {
  try {
    new RegExp(pattern ?? '')
  } catch {
    throw badRequest(`Invalid selection pattern specified: ${pattern}`)
  }
}

const templates = (key: 'requestTemplates' | 'requestParameters') =>
  entryRow<SnapshotIntegration, string>(
    (integration) => integration[key],
    (integration, entries) => ({ ...integration, [key]: entries }),
    ({ value }) => value,
  )

/** One member that `checkIntegration` judges. */
function memberRow(key: keyof SnapshotIntegration): PatchTable<SnapshotIntegration>[string] {
  return textRow((integration, value) => {
    const { [key]: _, ...others } = integration
    return (value === undefined ? others : { ...others, [key]: value }) as SnapshotIntegration
  })
}

const integrationPatches: PatchTable<SnapshotIntegration> = {
  '/cacheNamespace': memberRow('cacheNamespace'),
  '/cacheKeyParameters/{name}': {
    ops: ['add', 'replace', 'remove'],
    apply(integration, { op, parameters }) {
      const others = (integration.cacheKeyParameters ?? []).filter((name) => name !== parameters[0])
      return {
        ...integration,
        cacheKeyParameters: op === 'remove' ? others : [...others, parameters[0]!],
      }
    },
  },
  '/connectionId': memberRow('connectionId'),
  '/connectionType': memberRow('connectionType'),
  '/contentHandling': memberRow('contentHandling'),
  '/credentials': memberRow('credentials'),
  '/httpMethod': memberRow('httpMethod'),
  '/integrationTarget': memberRow('integrationTarget'),
  '/passthroughBehavior': memberRow('passthroughBehavior'),
  '/requestParameters/{expression}': templates('requestParameters'),
  '/requestTemplates/{type}': templates('requestTemplates'),
  '/responseTransferMode': memberRow('responseTransferMode'),
  '/timeoutInMillis': {
    ops: ['replace'],
    apply: (integration, patch) => ({
      ...integration,
      timeoutInMillis: integerOf(patch, 'timeoutInMillis'),
    }),
  },
  '/uri': memberRow('uri'),
}

const responseEntries = (key: 'responseTemplates' | 'responseParameters') =>
  entryRow<Sdk.IntegrationResponse, string>(
    (response) => response[key],
    (response, entries) => ({ ...response, [key]: entries }),
    ({ value }) => value,
  )

const responsePatches: PatchTable<Sdk.IntegrationResponse> = {
  '/contentHandling': textRow(({ contentHandling: _, ...response }, value) => ({
    ...response,
    ...(value && { contentHandling: value as Sdk.ContentHandlingStrategy }),
  })),
  '/selectionPattern': textRow(({ selectionPattern: _, ...response }, value) => ({
    ...response,
    ...(value && { selectionPattern: value }),
  })),
  '/responseParameters/{expression}': responseEntries('responseParameters'),
  '/responseTemplates/{type}': responseEntries('responseTemplates'),
}

function shownIntegration(integration: SnapshotIntegration): Sdk.Integration {
  return integration as Sdk.Integration
}
