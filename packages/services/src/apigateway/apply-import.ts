/** What becomes of an API when a document is imported into it? */
import type * as Sdk from '@aws-sdk/client-api-gateway'
import type { SnapshotMethod, SnapshotResource } from '@sekisho/gateway'
import { AwsError } from '@sekisho/protocols'
import type { Call } from '../service.ts'
import { badRequest } from './errors.ts'
import { partId } from './ids.ts'
import { named, withParts } from './import-parts.ts'
import { checkResponse } from './integration-responses.ts'
import { checkIntegration } from './integration-rules.ts'
import { newIntegration } from './integrations.ts'
import { withMethod } from './methods.ts'
import type { ImportedApi, ImportedMethod } from './openapi/import.ts'
import type { RestApiRecord } from './records.ts'
import { readResourcePolicy } from './resource-policy.ts'
import { addResource } from './resources.ts'
import {
  checkEndpoints,
  compressionSize,
  endpointTypes,
  mediaTypes,
  withPolicy,
  withSecurityPolicy,
} from './rest-api-patches.ts'

/** What overwriting leaves: the id, the settings that the document may not speak of, the policy. */
export function emptied(record: RestApiRecord): RestApiRecord {
  const root: SnapshotResource = { id: record.rootResourceId, path: '/', methods: {} }
  const { Empty, Error: error } = record.models
  return {
    ...record,
    resources: { [root.id]: root },
    models: { ...(Empty && { Empty }), ...(error && { Error: error }) },
    requestValidators: {},
    authorizers: {},
    gatewayResponses: {},
  }
}

/** Who has made so many will not read more of them. */
const mostErrors = 100

/** The API with what the document says; all or nothing. */
export function applyImport(
  imported: ImportedApi,
  before: RestApiRecord,
  call: Call,
): RestApiRecord {
  const errors: string[] = []
  const attempt = (
    what: string,
    record: RestApiRecord,
    change: () => RestApiRecord,
  ): RestApiRecord => {
    try {
      return change()
    } catch (error) {
      if (!(error instanceof AwsError)) throw error
      errors.push(`Unable to ${what}: ${error.message}`)
      if (errors.length >= mostErrors) throw importErrors(errors)
      return record
    }
  }
  let record = withParts(imported, withSettings(imported, before, call), call, attempt)
  for (const [path, methods] of imported.paths) {
    record = attempt(`create resource at path '${path}'`, record, () =>
      withPath(record, path, call),
    )
    const resource = Object.values(record.resources).find((each) => each.path === path)
    if (resource === undefined) continue
    for (const [httpMethod, method] of Object.entries(methods))
      record = attempt(
        `put integration on '${httpMethod}' for resource at path '${path}'`,
        record,
        () =>
          withMethod(
            record,
            resource.id,
            httpMethod,
            named(record, completed(method, resource.id)),
          ),
      )
  }
  if (errors.length > 0) throw importErrors(errors)
  return record
}

function completed(method: ImportedMethod, resourceId: string): ImportedMethod {
  if (method.methodIntegration === undefined) return method
  const { integrationResponses, ...integration } = method.methodIntegration
  const whole = newIntegration({ ...integration, ...upperPassthrough(integration) }, resourceId)
  const methodIntegration = integrationResponses ? { ...whole, integrationResponses } : whole
  const filled = { ...method, methodIntegration: checkIntegration(methodIntegration) }
  for (const response of Object.values(integrationResponses ?? {}))
    if (hasMethodResponse(method, response)) checkResponse(filled, response)
  return filled
}

function upperPassthrough({
  passthroughBehavior,
}: NonNullable<SnapshotMethod['methodIntegration']>) {
  return passthroughBehavior === undefined
    ? {}
    : { passthroughBehavior: passthroughBehavior.toUpperCase() }
}

function hasMethodResponse(
  method: SnapshotMethod,
  { statusCode = '' }: Sdk.IntegrationResponse,
): boolean {
  return method.methodResponses?.[statusCode] !== undefined
}

/** Every resource on the way to `path`. */
function withPath(record: RestApiRecord, path: string, call: Call): RestApiRecord {
  // Whatever stood below it would be nowhere.
  if (path !== '/' && !/^(?:\/[^/]+)+$/.test(path))
    throw badRequest('Invalid path: it must begin with a slash and have something behind each')
  let api = record
  let parentId = record.rootResourceId
  for (const pathPart of path.split('/').filter((part) => part !== '')) {
    const present = Object.values(api.resources).find(
      (each) => each.parentId === parentId && each.pathPart === pathPart,
    )
    const id = present?.id ?? partId(call.ids, api.resources)
    if (present === undefined) api = addResource(api, id, parentId, pathPart)
    parentId = id
  }
  return api
}

const bothAddressTypes = { ipAddressType: 'dualstack' } as const

function withSettings(imported: ImportedApi, before: RestApiRecord, call: Call): RestApiRecord {
  const {
    name,
    description,
    version,
    policy,
    binaryMediaTypes,
    vpcEndpointIds,
    ipAddressType,
    disableExecuteApiEndpoint,
    securityPolicy,
  } = imported
  const size = imported.minimumCompressionSize
  const types = imported.endpointTypes?.map(endpointType)
  const source = imported.apiKeySource?.toUpperCase()
  if (source !== undefined && source !== 'HEADER' && source !== 'AUTHORIZER')
    throw badRequest('Invalid API key source. Valid options are HEADER,AUTHORIZER')
  const settings: RestApiRecord = {
    ...before,
    ...(name && { name }),
    ...(description && { description }),
    ...(version && { version }),
    ...(binaryMediaTypes && { binaryMediaTypes: mediaTypes(binaryMediaTypes) }),
    ...(size !== undefined && { minimumCompressionSize: compressionSize(size) }),
    ...(source && { apiKeySource: source }),
    ...(ipAddressType !== undefined && { ipAddressType: addressType(ipAddressType) }),
    ...(types && { endpointTypes: types, ...(types.includes('PRIVATE') && bothAddressTypes) }),
    ...(vpcEndpointIds && { vpcEndpointIds }),
    ...(disableExecuteApiEndpoint !== undefined && { disableExecuteApiEndpoint }),
  }
  const record =
    securityPolicy === undefined ? settings : withSecurityPolicy(settings, securityPolicy)
  checkEndpoints(record)
  return policy === undefined
    ? record
    : withPolicy(record, readResourcePolicy(policy, record), call.now.getTime())
}

function addressType(text: string): RestApiRecord['ipAddressType'] {
  if (text === 'ipv4' || text === 'dualstack') return text
  throw badRequest('ipAddressType must be either ipv4 or dualstack.')
}

/** @throws AwsError BadRequestException */
export function endpointType(text: string): Sdk.EndpointType {
  const found = endpointTypes.find((type) => type === text.toUpperCase())
  if (found === undefined)
    throw badRequest('Invalid EndpointTypes specified. Valid options are REGIONAL,EDGE,PRIVATE')
  return found
}

/** All that is wrong with a document, in one answer. */
export function importErrors(errors: readonly string[]): AwsError {
  return badRequest(`Errors found during import:\n\t${errors.join('\n\t')}`)
}
