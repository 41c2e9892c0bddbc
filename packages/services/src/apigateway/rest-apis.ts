/** REST APIs themselves. */
import type * as Sdk from '@aws-sdk/client-api-gateway'
import type { Input } from '@sekisho/protocols'
import type { Transaction } from '@sekisho/store'
import type { Call, GatedOperations } from '../service.ts'
import { badRequest, notSupported, refuseMembers } from './errors.ts'
import { apiId, partId } from './ids.ts'
import { page } from './paging.ts'
import { applyPatches, booleanOf, type PatchTable, textRow } from './patch.ts'
import {
  collections,
  getApi,
  type ModelRecord,
  putApi,
  type RestApiRecord,
  updateApi,
} from './records.ts'
import { readResourcePolicy, shownPolicy } from './resource-policy.ts'

export const endpointTypes = ['REGIONAL', 'EDGE', 'PRIVATE'] as const
const ipAddressTypes = ['ipv4', 'dualstack'] as const
const maxCompressionSize = 10_485_760

export const restApis = {
  CreateRestApi: {
    constraints: {
      'endpointConfiguration.types': { enum: ['PRIVATE', 'EDGE', 'REGIONAL'] },
      'endpointConfiguration.ipAddressType': { enum: ipAddressTypes },
      apiKeySource: { enum: ['AUTHORIZER', 'HEADER'] },
    },
    needs: (input, call) => policyNeeds(input.policy !== undefined, call, '*'),
    async handle(input, call) {
      refuseMembers(input, ['securityPolicy', 'endpointAccessMode'])
      const record = newApi(input, call)
      await call.documents.transact(async (transaction) => {
        const source =
          input.cloneFrom === undefined
            ? undefined
            : await getApi(transaction, call, input.cloneFrom)
        await createApi(transaction, source ? { ...record, ...cloned(source, record) } : record)
      })
      return shownOnCreate(record)
    },
  },

  GetRestApi: {
    handle: async ({ restApiId }, call) => shown(await getApi(call.documents, call, restApiId)),
  },

  GetRestApis: {
    async handle(input, { documents, accountId, region }) {
      const records = await documents.list<RestApiRecord>(collections.apis, {
        prefix: `${accountId}/${region}/`,
      })
      const { items, position } = page(records, input, ({ value }) => value.id)
      return { items: items.map(({ value }) => shown(value)), ...(position && { position }) }
    },
  },

  UpdateRestApi: {
    needs: ({ restApiId, patchOperations }, call) =>
      policyNeeds(
        patchOperations?.some(({ path }) => path === '/policy') === true,
        call,
        restApiId,
      ),
    constraints: {
      'patchOperations.*.op': { enum: ['add', 'remove', 'move', 'test', 'replace', 'copy'] },
    },
    async handle({ restApiId, patchOperations }, call) {
      const record = await updateApi(call, restApiId, (before) =>
        applyPatches(before, patchOperations, patchesAt(call.now.getTime()), { lists: false }),
      )
      return shown(record)
    },
  },

  DeleteRestApi: {
    async handle({ restApiId }, call) {
      await call.documents.transact(async (transaction) => {
        const record = await getApi(transaction, call, restApiId)
        for (const collection of [collections.stages, collections.deployments])
          for (const { key } of await transaction.list(collection, { prefix: `${record.id}/` }))
            transaction.delete(collection, key)
        transaction.delete(collections.apis, `${record.accountId}/${record.region}/${record.id}`)
        transaction.delete(collections.owners, record.id)
      })
      return {}
    },
  },
} satisfies GatedOperations<typeof Sdk>

/** Setting a resource policy is a right of its own. @see Service Authorization Reference, "Amazon API Gateway Management" */
export function policyNeeds(isSet: boolean, { region }: Call, restApiId: string) {
  const resource = `arn:aws:apigateway:${region}::/restapis${restApiId === '*' ? '/*' : `/${restApiId}`}`
  return isSet ? [{ action: 'apigateway:UpdateRestApiPolicy', resource }] : []
}

/** Files a new API; its id is unique in all accounts and regions. */
export async function createApi(transaction: Transaction, record: RestApiRecord): Promise<void> {
  const { id, accountId, region } = record
  if (await transaction.get(collections.owners, id))
    throw badRequest('The id of the new API is taken; try again')
  transaction.put(collections.owners, id, { accountId, region })
  putApi(transaction, record)
}

export function newApi(
  input: Partial<Input<typeof Sdk, 'CreateRestApi'>>,
  call: Call,
): RestApiRecord {
  const id = apiId(call.ids)
  const rootResourceId = partId(call.ids)
  if (input.name === undefined || input.name === '') throw badRequest('Name cannot be empty')
  if (input.description === '') throw badRequest('Description cannot be an empty string')
  const types = input.endpointConfiguration?.types ?? ['EDGE']
  if (types.length > 1) throw badRequest('Cannot create an api with multiple Endpoint Types.')
  if (types.length === 0)
    throw badRequest('REGIONAL Configuration and EDGE Configuration cannot be both DISABLED.')
  const ipAddressType =
    input.endpointConfiguration?.ipAddressType ?? (types[0] === 'PRIVATE' ? 'dualstack' : 'ipv4')
  if (types[0] === 'PRIVATE' && ipAddressType !== 'dualstack')
    throw badRequest('Only dualstack ipAddressType is supported for Private APIs.')
  const { accountId, region } = call
  const policy =
    input.policy === undefined
      ? undefined
      : readResourcePolicy(input.policy, { id, accountId, region })
  return {
    id,
    accountId,
    region,
    name: input.name,
    ...(input.description !== undefined && { description: input.description }),
    ...(input.version !== undefined && { version: input.version }),
    createdAt: call.now.getTime(),
    apiKeySource: input.apiKeySource === 'AUTHORIZER' ? 'AUTHORIZER' : 'HEADER',
    endpointTypes: types,
    ipAddressType: ipAddressType === 'dualstack' ? 'dualstack' : 'ipv4',
    vpcEndpointIds: input.endpointConfiguration?.vpcEndpointIds ?? [],
    disableExecuteApiEndpoint: input.disableExecuteApiEndpoint ?? false,
    binaryMediaTypes: input.binaryMediaTypes ?? [],
    ...(input.minimumCompressionSize !== undefined && {
      minimumCompressionSize: compressionSize(input.minimumCompressionSize),
    }),
    ...(policy !== undefined && { policy, policyChangedAt: call.now.getTime() }),
    tags: input.tags ?? {},
    rootResourceId,
    resources: { [rootResourceId]: { id: rootResourceId, path: '/', methods: {} } },
    models: builtInModels(call),
  }
}

/** Every new API has these two. @see API Gateway Developer Guide, "Data models for REST APIs" */
function builtInModels({ ids }: Call): Record<string, ModelRecord> {
  const model = (name: string, description: string, schema: object): ModelRecord => ({
    id: partId(ids),
    name,
    contentType: 'application/json',
    description,
    schema: JSON.stringify({ $schema: 'http://json-schema.org/draft-04/schema#', ...schema }),
  })
  return {
    Empty: model('Empty', 'This is a default empty schema model', {
      title: 'Empty Schema',
      type: 'object',
    }),
    Error: model('Error', 'This is a default error schema model', {
      title: 'Error Schema',
      type: 'object',
      properties: { message: { type: 'string' } },
    }),
  }
}

function cloned(source: RestApiRecord, record: RestApiRecord): Partial<RestApiRecord> {
  const { rootResourceId, resources, models, binaryMediaTypes, apiKeySource, description } = source
  return {
    rootResourceId,
    resources,
    models,
    binaryMediaTypes,
    apiKeySource,
    ...(record.description === undefined && description !== undefined && { description }),
  }
}

export function compressionSize(size: number): number {
  if (!Number.isInteger(size) || size < 0 || size > maxCompressionSize)
    throw badRequest(
      `Invalid minimum compression size, must be between 0 and ${maxCompressionSize}`,
    )
  return size
}

/** The record with another policy (or none), and since when. */
export function withPolicy(
  record: RestApiRecord,
  policy: string | undefined,
  nowMs: number,
): RestApiRecord {
  const { policy: before, ...others } = record
  if (before === policy) return record
  return { ...others, ...(policy !== undefined && { policy }), policyChangedAt: nowMs }
}

/** @see API Gateway API Reference, "Patch operations" (UpdateRestApi) */
const patchesAt = (nowMs: number): PatchTable<RestApiRecord> => ({
  '/name': textRow((record, name) => {
    if (name === undefined) throw badRequest('Name cannot be empty')
    return { ...record, name }
  }),
  '/description': textRow(
    ({ description: _, ...record }, description) => ({
      ...record,
      ...(description !== undefined && { description }),
    }),
    ['add', 'replace', 'remove'],
  ),
  '/policy': {
    ops: ['replace'],
    apply: (record, { value }) => withPolicy(record, readResourcePolicy(value, record), nowMs),
  },
  '/disableExecuteApiEndpoint': {
    ops: ['replace'],
    apply: (record, patch) => ({
      ...record,
      disableExecuteApiEndpoint: booleanOf(patch, 'disableExecuteApiEndpoint'),
    }),
  },
  '/apiKeySource': {
    ops: ['replace'],
    apply(record, { value }) {
      if (value !== 'HEADER' && value !== 'AUTHORIZER')
        throw badRequest('Invalid API key source. Valid options are HEADER,AUTHORIZER')
      return { ...record, apiKeySource: value }
    },
  },
  '/minimumCompressionSize': {
    ops: ['replace'],
    apply({ minimumCompressionSize: _, ...record }, { value }) {
      return value === ''
        ? record
        : { ...record, minimumCompressionSize: compressionSize(Number(value)) }
    },
  },
  '/binaryMediaTypes/{type}': {
    ops: ['add', 'replace', 'remove'],
    apply(record, { op, value, parameters }) {
      const others = record.binaryMediaTypes.filter((type) => type !== parameters[0])
      const added =
        op === 'remove' ? [] : [op === 'replace' && value !== '' ? value : parameters[0]!]
      return { ...record, binaryMediaTypes: [...others, ...added] }
    },
  },
  '/endpointConfiguration/types/{type}': {
    ops: ['replace'],
    apply(record, { value, parameters }) {
      if (!endpointTypes.some((type) => type === value))
        throw badRequest('Invalid EndpointTypes specified. Valid options are REGIONAL,EDGE,PRIVATE')
      if (!record.endpointTypes.includes(parameters[0]!))
        throw badRequest(`Invalid patch path /endpointConfiguration/types/${parameters[0]}`)
      return { ...record, endpointTypes: [value] }
    },
  },
  '/endpointConfiguration/ipAddressType': {
    ops: ['replace'],
    apply(record, { value }) {
      if (value !== 'ipv4' && value !== 'dualstack')
        throw badRequest('ipAddressType must be either ipv4 or dualstack.')
      if (record.endpointTypes.includes('PRIVATE') && value !== 'dualstack')
        throw badRequest('Only dualstack ipAddressType is supported for Private APIs.')
      return { ...record, ipAddressType: value }
    },
  },
  '/endpointConfiguration/vpcEndpointIds': {
    ops: ['add', 'remove'],
    apply: (record, { op, value }) => ({
      ...record,
      vpcEndpointIds: [
        ...record.vpcEndpointIds.filter((id) => id !== value),
        ...(op === 'add' ? [value] : []),
      ],
    }),
  },
  '/securityPolicy': refused('securityPolicy'),
  '/endpointAccessMode': refused('endpointAccessMode'),
})

function refused(what: string): PatchTable<RestApiRecord>[string] {
  return {
    ops: ['replace'],
    apply() {
      throw notSupported(`'${what}'`)
    },
  }
}

export function shown(record: RestApiRecord): Sdk.RestApi {
  return {
    id: record.id,
    name: record.name,
    description: record.description,
    createdDate: new Date(record.createdAt),
    version: record.version,
    warnings: record.warnings && [...record.warnings],
    binaryMediaTypes: record.binaryMediaTypes.length > 0 ? [...record.binaryMediaTypes] : undefined,
    minimumCompressionSize: record.minimumCompressionSize,
    apiKeySource: record.apiKeySource,
    endpointConfiguration: {
      types: record.endpointTypes as Sdk.EndpointType[],
      ipAddressType: record.ipAddressType,
      vpcEndpointIds: record.vpcEndpointIds.length > 0 ? [...record.vpcEndpointIds] : undefined,
    },
    policy: record.policy && shownPolicy(record.policy),
    tags: { ...record.tags },
    disableExecuteApiEndpoint: record.disableExecuteApiEndpoint,
    rootResourceId: record.rootResourceId,
  }
}

/** A creation shows tags only where there are any; every later reading shows them. */
export function shownOnCreate(record: RestApiRecord): Sdk.RestApi {
  const { tags, ...others } = shown(record)
  return Object.keys(record.tags).length > 0 ? { ...others, tags } : others
}
