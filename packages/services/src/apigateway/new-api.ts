/** What is an API when it is new: empty, or a copy of another. */
import type * as Sdk from '@aws-sdk/client-api-gateway'
import { modelUrl, type SnapshotModel } from '@sekisho/gateway'
import type { Input } from '@sekisho/protocols'
import type { Transaction } from '@sekisho/store'
import type { Call } from '../service.ts'
import { badRequest, unavailable } from './errors.ts'
import { apiId, partId } from './ids.ts'
import { collections, putApi, type RestApiRecord } from './records.ts'
import { readResourcePolicy } from './resource-policy.ts'
import {
  checkEndpoints,
  compressionSize,
  mediaTypes,
  withSecurityPolicy,
} from './rest-api-patches.ts'
import { checkTags } from './tags.ts'

/**
 * Files a new API under an id that is unique in all accounts and regions.
 *
 * @throws AwsError ServiceUnavailableException  the id is taken; the caller's retry gets another
 */
export async function fileApi(
  transaction: Transaction,
  record: RestApiRecord,
): Promise<RestApiRecord> {
  const { id, accountId, region } = record
  if (await transaction.get(collections.owners, id)) throw unavailable('Please try again.')
  transaction.put(collections.owners, id, { accountId, region })
  putApi(transaction, record)
  return record
}

/**
 * @param source  of which everything is copied that `input` does not say
 * @throws AwsError BadRequestException
 */
export function newApi(
  input: Partial<Input<typeof Sdk, 'CreateRestApi'>>,
  call: Call,
  source?: RestApiRecord,
): RestApiRecord {
  const id = apiId(call.ids)
  const rootResourceId = partId(call.ids)
  if (input.name === undefined || input.name === '') throw badRequest('Name cannot be empty')
  if (input.description === '') throw badRequest('Description cannot be an empty string')
  const types = input.endpointConfiguration?.types ?? ['EDGE']
  const ipAddressType =
    input.endpointConfiguration?.ipAddressType ?? (types[0] === 'PRIVATE' ? 'dualstack' : 'ipv4')
  const { accountId, region } = call
  const policy =
    input.policy === undefined
      ? undefined
      : readResourcePolicy(input.policy, { id, accountId, region })
  const record: RestApiRecord = {
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
    binaryMediaTypes: mediaTypes(input.binaryMediaTypes ?? []),
    ...(input.minimumCompressionSize !== undefined && {
      minimumCompressionSize: compressionSize(input.minimumCompressionSize),
    }),
    ...(policy !== undefined && { policy, policyChangedAt: call.now.getTime() }),
    tags: input.tags ?? {},
    rootResourceId,
    resources: { [rootResourceId]: { id: rootResourceId, path: '/', methods: {} } },
    models: builtInModels(call),
  }
  checkEndpoints(record)
  checkTags(record.tags)
  const { securityPolicy } = input
  const secured = securityPolicy === undefined ? record : withSecurityPolicy(record, securityPolicy)
  return source === undefined ? secured : cloned(secured, source, input.apiKeySource === undefined)
}

/** Every new API has these two. @see API Gateway Developer Guide, "Data models for REST APIs" */
function builtInModels({ ids }: Call): Record<string, SnapshotModel> {
  const model = (name: string, description: string, schema: object): SnapshotModel => ({
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

/**
 * The new API with what the source holds. Its resource policy comes along, about the copy instead of the source: AWS does not say
 * so, but a copy without it would be open where its source is closed (inferred).
 */
function cloned(
  record: RestApiRecord,
  source: RestApiRecord,
  takesKeySource: boolean,
): RestApiRecord {
  const { binaryMediaTypes, apiKeySource, description, minimumCompressionSize } = source
  const { requestValidators, authorizers, gatewayResponses } = source
  const policy = record.policy ?? policyFor(record, source)
  return {
    ...record,
    rootResourceId: source.rootResourceId,
    resources: source.resources,
    models: modelsFor(record, source),
    ...(requestValidators && { requestValidators }),
    ...(authorizers && { authorizers }),
    ...(gatewayResponses && { gatewayResponses }),
    ...(takesKeySource && { apiKeySource }),
    ...(record.binaryMediaTypes.length === 0 && { binaryMediaTypes }),
    ...(record.description === undefined && description !== undefined && { description }),
    ...(record.minimumCompressionSize === undefined &&
      minimumCompressionSize !== undefined && { minimumCompressionSize }),
    ...(policy !== undefined && { policy, policyChangedAt: record.createdAt }),
  }
}

/** What refers to models of the source refers to those of the copy. */
function modelsFor({ id }: RestApiRecord, source: RestApiRecord): RestApiRecord['models'] {
  return Object.fromEntries(
    Object.entries(source.models).map(([name, model]) => [
      name,
      { ...model, schema: model.schema.replaceAll(modelUrl(source.id, ''), modelUrl(id, '')) },
    ]),
  )
}

/** ARNs of the source become ARNs of the copy; what else they contain stays. */
function policyFor(
  { id, accountId, region }: RestApiRecord,
  source: RestApiRecord,
): string | undefined {
  return source.policy?.replaceAll(
    `:execute-api:${source.region}:${source.accountId}:${source.id}/`,
    `:execute-api:${region}:${accountId}:${id}/`,
  )
}
