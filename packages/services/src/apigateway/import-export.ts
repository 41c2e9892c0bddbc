/** APIs from OpenAPI documents, and documents from APIs. */

import type * as Sdk from '@aws-sdk/client-api-gateway'
import { parseJson } from '@sekisho/policy'
import type { Transaction } from '@sekisho/store'
import { stringify } from 'yaml'
import {
  type Call,
  type GatedOperations,
  type Need,
  passRole,
  type RequestKeys,
} from '../service.ts'
import { applyImport, emptied, endpointType, importErrors } from './apply-import.ts'
import { deploymentOf } from './deployments.ts'
import {
  importDocumentation,
  readDocumentation,
  writeDocumentation,
} from './documentation-import.ts'
import { versionOf } from './documentation-records.ts'
import { badRequest, notSupported } from './errors.ts'
import { fileApi, newApi } from './new-api.ts'
import { type ExportedApi, exportDocument } from './openapi/export.ts'
import { basePathModes, type ImportedApi, importDocument } from './openapi/import.ts'
import { OpenApiError } from './openapi/open-api-error.ts'
import { isNode, member, type Node, type OpenApiVersion, parseOpenApi } from './openapi/parse.ts'
import { getApi, putApi } from './records.ts'
import { keysOfImport } from './request-keys.ts'
import { policyNeeds, shown, shownOnCreate } from './rest-apis.ts'
import { defaultSecurityPolicy } from './security-policies.ts'
import { stageOf } from './stages.ts'

export const importExport: GatedOperations<typeof Sdk> = {
  ImportRestApi: {
    needs: ({ body }, call) => [
      ...policyNeeds(setsPolicy(body), call, '*'),
      ...rolesHandedOver(body),
    ],
    keys: ({ body, parameters }) => {
      const { endpointConfigurationTypes: type = 'EDGE' } = parameters ?? {}
      return { 'apigateway:Request/EndpointType': [type.toUpperCase()], ...keysBrought(body) }
    },
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
      const record = applyImport(imported, empty, call)
      await call.documents.transact(async (transaction) => {
        await fileApi(transaction, record)
        await takeDocumentation(transaction, call, record.id, body, 'overwrite', parameters)
      })
      return { ...shownOnCreate(record), ...warningsOf(imported) }
    },
  },

  PutRestApi: {
    needs: ({ restApiId, body }, call) => [
      ...policyNeeds(setsPolicy(body), call, restApiId),
      ...rolesHandedOver(body),
    ],
    keys: ({ body }) => keysBrought(body),
    constraints: { mode: { enum: ['merge', 'overwrite'] } },
    async handle({ restApiId, body, failOnWarnings, mode = 'merge', parameters }, call) {
      const imported = read(body, parameters, failOnWarnings)
      const record = await call.documents.transact(async (transaction) => {
        const before = await getApi(transaction, call, restApiId)
        const start = mode === 'overwrite' ? emptied(before) : before
        const changed = applyImport(imported, start, call)
        putApi(transaction, changed)
        await takeDocumentation(transaction, call, changed.id, body, mode, parameters)
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
      const text = isYaml ? stringify(document, yamlStyle) : JSON.stringify(document, null, 2)
      const suffix = isYaml ? 'yaml' : 'json'
      return {
        contentType: isYaml ? 'application/yaml' : 'application/json',
        contentDisposition: `attachment; filename="${version === 'swagger' ? 'swagger' : 'oas30'}_${restApiId}.${suffix}"`,
        body: Buffer.from(text) as unknown as NonNullable<Sdk.GetExportCommandOutput['body']>,
      }
    },
  },
}

/** Readers of older YAML take a plain `2012-10-17` for a date. */
const yamlStyle = { defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'PLAIN' } as const

/** A document that cannot be read sets nothing: it is refused before anything is stored. */
function setsPolicy(body: unknown): boolean {
  try {
    const { root } = parseOpenApi(body as Uint8Array)
    return (member(root, 'x-amazon-apigateway-policy') ?? undefined) !== undefined
  } catch (error) {
    if (error instanceof OpenApiError) return false
    throw error
  }
}

/** A document that cannot be read brings nothing: it is refused before anything is stored. */
function keysBrought(body: unknown): RequestKeys {
  try {
    return keysOfImport(importDocument(parseOpenApi(body as Uint8Array), { basePath: 'ignore' }))
  } catch (error) {
    if (error instanceof OpenApiError) return {}
    throw error
  }
}

/** Members of the extensions that name a role for API Gateway to act with. */
const roleMembers: ReadonlySet<string> = new Set(['credentials', 'authorizerCredentials'])

/** Each once, wherever in the document it stands; one that cannot be read hands over nothing. */
function rolesHandedOver(body: unknown): readonly Need[] {
  let open: readonly unknown[]
  try {
    open = [parseOpenApi(body as Uint8Array).root]
  } catch (error) {
    if (error instanceof OpenApiError) return []
    throw error
  }
  const roles = new Set<string>()
  for (; open.length > 0; open = open.flatMap(childrenOf))
    for (const node of open.filter(isNode))
      for (const [name, value] of Object.entries(node))
        if (roleMembers.has(name) && typeof value === 'string') roles.add(value)
  return [...roles].flatMap((role) => passRole(role, 'apigateway.amazonaws.com'))
}

function childrenOf(value: unknown): readonly unknown[] {
  return typeof value === 'object' && value !== null ? Object.values(value) : []
}

/** `ignore=documentation` leaves what a document says of itself aside. */
async function takeDocumentation(
  transaction: Transaction,
  call: Call,
  apiId: string,
  body: unknown,
  mode: string,
  parameters: Parameters,
): Promise<void> {
  const ignored = parameters?.['ignore']
  if (ignored !== undefined && ignored !== 'documentation')
    throw badRequest(`Invalid value for ignore: ${ignored}. Valid options are documentation`)
  const said = readDocumentation(parseOpenApi(body as Uint8Array).root)
  if (ignored !== undefined || said === undefined) return
  const how = mode === 'overwrite' ? 'overwrite' : 'merge'
  await importDocumentation(transaction, call, apiId, said, how)
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

function warningsOf({ warnings }: ImportedApi): { warnings?: string[] } {
  return warnings.length > 0 ? { warnings: [...warnings] } : {}
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
    (name) => !['', 'apigateway', 'integrations', 'authorizers', 'documentation'].includes(name),
  )
  if (unknown === 'postman') throw notSupported("The extension 'postman'")
  if (unknown !== undefined) throw badRequest(`Invalid extension specified: ${unknown}`)
  const stage = await stageOf(call.documents, call, restApiId, stageName)
  const api = await getApi(call.documents, call, restApiId)
  const { snapshot } = await deploymentOf(call.documents, call, restApiId, stage.deploymentId)
  const { description, version: apiVersion } = api
  const source: ExportedApi = {
    ...snapshot,
    stageName,
    ipAddressType: api.ipAddressType,
    securityPolicy: api.securityPolicy ?? defaultSecurityPolicy(api.endpointTypes),
    ...(description !== undefined && { description }),
    ...(apiVersion !== undefined && { version: apiVersion }),
    createdAt: new Date(api.createdAt),
    models: new Map(
      Object.values(snapshot.models ?? {}).map((model) => [
        model.name,
        parseJson(model.schema) as Node,
      ]),
    ),
  }
  const document = exportDocument(source, {
    version,
    integrations: wanted.includes('integrations'),
    authorizers: wanted.includes('authorizers'),
    apiGateway: wanted.includes('apigateway'),
  })
  const { documentationVersion } = stage
  const isDocumented = wanted.includes('documentation') || wanted.includes('apigateway')
  if (!isDocumented || documentationVersion === undefined) return document
  const said = await versionOf(call.documents, restApiId, documentationVersion)
  return { ...document, ...writeDocumentation(said) }
}
