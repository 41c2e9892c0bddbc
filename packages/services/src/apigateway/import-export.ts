/** APIs from OpenAPI documents, and documents from APIs. */
import type * as Sdk from '@aws-sdk/client-api-gateway'
import type { SnapshotMethod, SnapshotResource } from '@sekisho/gateway'
import { AwsError } from '@sekisho/protocols'
import { stringify } from 'yaml'
import type { Call, GatedOperations } from '../service.ts'
import { deploymentOf } from './deployments.ts'
import { badRequest } from './errors.ts'
import { partId } from './ids.ts'
import { checkIntegration, checkResponse, newIntegration } from './integrations.ts'
import { withMethod } from './methods.ts'
import { type ExportedApi, exportDocument } from './openapi/export.ts'
import { basePathModes, type ImportedApi, importDocument } from './openapi/import.ts'
import { type Node, OpenApiError, type OpenApiVersion, parseOpenApi } from './openapi/parse.ts'
import { getApi, putApi, type RestApiRecord } from './records.ts'
import { readResourcePolicy } from './resource-policy.ts'
import { addResource } from './resources.ts'
import {
  compressionSize,
  createApi,
  endpointTypes,
  newApi,
  policyNeeds,
  shown,
  shownOnCreate,
  withPolicy,
} from './rest-apis.ts'
import { stageOf } from './stages.ts'

export const importExport: GatedOperations<typeof Sdk> = {
  ImportRestApi: {
    needs: (_input, call) => policyNeeds(false, call, '*'),
    async handle({ body, failOnWarnings, parameters }, call) {
      const imported = read(body, parameters, failOnWarnings)
      const { endpointConfigurationTypes: types } = parameters ?? {}
      const empty = newApi(
        {
          name: imported.name ?? '',
          ...(types !== undefined && { endpointConfiguration: { types: [endpointType(types)] } }),
        },
        call,
      )
      const record = apply(imported, empty, call)
      await call.documents.transact((transaction) => createApi(transaction, record))
      return { ...shownOnCreate(record), ...warningsOf(imported) }
    },
  },

  PutRestApi: {
    needs: ({ restApiId }, call) => policyNeeds(false, call, restApiId),
    constraints: { mode: { enum: ['merge', 'overwrite'] } },
    async handle({ restApiId, body, failOnWarnings, mode = 'merge', parameters }, call) {
      const imported = read(body, parameters, failOnWarnings)
      const record = await call.documents.transact(async (transaction) => {
        const before = await getApi(transaction, call, restApiId)
        const changed = apply(imported, mode === 'overwrite' ? emptied(before) : before, call)
        putApi(transaction, changed)
        return changed
      })
      return { ...shown(record), ...warningsOf(imported) }
    },
  },

  GetExport: {
    async handle(
      { restApiId, stageName, exportType, parameters, accepts = 'application/json' },
      call,
    ) {
      const version = exportVersion(exportType)
      const isYaml = /yaml/i.test(accepts)
      if (!isYaml && !/json|\*\/\*/i.test(accepts))
        throw badRequest(`Unsupported Accept type: ${accepts}`)
      const document = await exported(
        call,
        restApiId,
        stageName,
        version,
        parameters?.['extensions'],
      )
      const text = isYaml ? stringify(document) : JSON.stringify(document, null, 2)
      const suffix = isYaml ? 'yaml' : 'json'
      return {
        contentType: isYaml ? 'application/yaml' : 'application/json',
        contentDisposition: `attachment; filename="${version === 'swagger' ? 'swagger' : 'oas30'}_${restApiId}.${suffix}"`,
        body: Buffer.from(text) as unknown as NonNullable<Sdk.GetExportCommandOutput['body']>,
      }
    },
  },
}

type Parameters = Readonly<Record<string, string>> | undefined

/** @throws AwsError BadRequestException  the document cannot be read, or something in it cannot be imported */
function read(
  body: unknown,
  parameters: Parameters,
  failOnWarnings: boolean | undefined,
): ImportedApi {
  const basePath = basePathModes.find(
    (mode) => mode === (parameters?.['basepath'] ?? 'ignore').toLowerCase(),
  )
  if (basePath === undefined)
    throw badRequest(`Invalid value for basepath. Valid options are ${basePathModes.join(',')}`)
  const imported = asBadRequest(() =>
    importDocument(parseOpenApi(body as Uint8Array), { basePath }),
  )
  if (imported.errors.length > 0) throw importErrors(imported.errors)
  if (failOnWarnings && imported.warnings.length > 0)
    throw badRequest(`Warnings found during import:\n\t${imported.warnings.join('\n\t')}`)
  return imported
}

function asBadRequest<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof OpenApiError) throw badRequest(`Invalid OpenAPI input. (${error.message})`)
    throw error
  }
}

function importErrors(errors: readonly string[]): AwsError {
  return badRequest(`Errors found during import:\n\t${errors.join('\n\t')}`)
}

function warningsOf({ warnings }: ImportedApi): { warnings?: string[] } {
  return warnings.length > 0 ? { warnings: [...warnings] } : {}
}

function endpointType(text: string): Sdk.EndpointType {
  const found = endpointTypes.find((type) => type === text.toUpperCase())
  if (found === undefined)
    throw badRequest('Invalid EndpointTypes specified. Valid options are REGIONAL,EDGE,PRIVATE')
  return found
}

/** What overwriting leaves: the id, the settings that the document may not speak of, the policy. */
function emptied(record: RestApiRecord): RestApiRecord {
  const root: SnapshotResource = { id: record.rootResourceId, path: '/', methods: {} }
  const { Empty, Error: error } = record.models
  return {
    ...record,
    resources: { [root.id]: root },
    models: { ...(Empty && { Empty }), ...(error && { Error: error }) },
  }
}

/** The API with what the document says; all or nothing. */
function apply(imported: ImportedApi, before: RestApiRecord, call: Call): RestApiRecord {
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
      return record
    }
  }
  let record = withSettings(imported, before, call)
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
        () => withMethod(record, resource.id, httpMethod, completed(method, resource.id)),
      )
  }
  if (errors.length > 0) throw importErrors(errors)
  return record
}

function completed(method: SnapshotMethod, resourceId: string): SnapshotMethod {
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
  let api = record
  let parentId = record.rootResourceId
  for (const pathPart of path.split('/').filter((part) => part !== '')) {
    const present = Object.values(api.resources).find(
      (each) => each.parentId === parentId && each.pathPart === pathPart,
    )
    const id = present?.id ?? partId(call.ids)
    if (present === undefined) api = addResource(api, id, parentId, pathPart)
    parentId = id
  }
  return api
}

function withSettings(imported: ImportedApi, before: RestApiRecord, call: Call): RestApiRecord {
  const {
    name,
    description,
    version,
    policy,
    binaryMediaTypes,
    vpcEndpointIds,
    disableExecuteApiEndpoint,
  } = imported
  const size = imported.minimumCompressionSize
  const types = imported.endpointTypes?.map(endpointType)
  const source = imported.apiKeySource?.toUpperCase()
  if (source !== undefined && source !== 'HEADER' && source !== 'AUTHORIZER')
    throw badRequest('Invalid API key source. Valid options are HEADER,AUTHORIZER')
  if (types && types.length > 1)
    throw badRequest('Cannot create an api with multiple Endpoint Types.')
  const models = [...imported.models].map(
    ([modelName, schema]) => [modelName, modelOf(modelName, schema, before, call)] as const,
  )
  const record: RestApiRecord = {
    ...before,
    ...(name && { name }),
    ...(description && { description }),
    ...(version && { version }),
    ...(binaryMediaTypes && { binaryMediaTypes }),
    ...(size !== undefined && { minimumCompressionSize: compressionSize(size) }),
    ...(source && { apiKeySource: source }),
    ...(types && { endpointTypes: types }),
    ...(vpcEndpointIds && { vpcEndpointIds }),
    ...(disableExecuteApiEndpoint !== undefined && { disableExecuteApiEndpoint }),
    models: { ...before.models, ...Object.fromEntries(models) },
  }
  return policy === undefined
    ? record
    : withPolicy(record, readResourcePolicy(policy, record), call.now.getTime())
}

function modelOf(name: string, schema: Node, before: RestApiRecord, call: Call) {
  if (!/^[a-zA-Z0-9]+$/.test(name))
    throw importErrors([
      `Unable to create model '${name}': Model name must be alphanumeric: ${name}`,
    ])
  const id = before.models[name]?.id ?? partId(call.ids)
  return { id, name, contentType: 'application/json', schema: JSON.stringify(schema) }
}

function exportVersion(exportType: string): OpenApiVersion {
  if (exportType === 'swagger' || exportType === 'oas30') return exportType
  throw badRequest('Invalid export type. Valid options are oas30,swagger')
}

async function exported(
  call: Call,
  restApiId: string,
  stageName: string,
  version: OpenApiVersion,
  extensions = '',
): Promise<Node> {
  const wanted = extensions.split(',').map((name) => name.trim().toLowerCase())
  const unknown = wanted.find(
    (name) => !['', 'apigateway', 'integrations', 'authorizers'].includes(name),
  )
  if (unknown !== undefined) throw badRequest(`Invalid extension specified: ${unknown}`)
  const stage = await stageOf(call.documents, call, restApiId, stageName)
  const api = await getApi(call.documents, call, restApiId)
  const { snapshot, models } = await deploymentOf(
    call.documents,
    call,
    restApiId,
    stage.deploymentId,
  )
  const { description, version: apiVersion } = api
  const source: ExportedApi = {
    ...snapshot,
    stageName,
    ...(description !== undefined && { description }),
    ...(apiVersion !== undefined && { version: apiVersion }),
    createdAt: new Date(api.createdAt),
    models: new Map(
      Object.values(models).map((model) => [model.name, JSON.parse(model.schema) as Node]),
    ),
  }
  return exportDocument(source, {
    version,
    integrations: wanted.includes('integrations'),
    apiGateway: wanted.includes('apigateway'),
  })
}
