/** REST APIs themselves. */
import type * as Sdk from '@aws-sdk/client-api-gateway'
import {
  type Call,
  type GatedOperations,
  type Need,
  passRole,
  requestTags,
  resourceTags,
} from '../service.ts'
import { dropDocumentation } from './documentation-records.ts'
import { refuseMapped } from './domain-records.ts'
import { refuseMembers } from './errors.ts'
import { fileApi, newApi } from './new-api.ts'
import { page } from './paging.ts'
import { applyPatches, patchConstraints } from './patch.ts'
import {
  apiKey,
  collections,
  getApi,
  methodsOf,
  type RestApiRecord,
  shownTime,
  updateApi,
} from './records.ts'
import { keysOfApiChange } from './request-keys.ts'
import { shownPolicy } from './resource-policy.ts'
import { ipAddressTypes, restApiPatches } from './rest-api-patches.ts'
import { defaultSecurityPolicy } from './security-policies.ts'
import { tagNeeds } from './tags.ts'
import { leavePlans } from './usage-plans.ts'

export const restApis = {
  CreateRestApi: {
    constraints: {
      'endpointConfiguration.types': { enum: ['PRIVATE', 'EDGE', 'REGIONAL'] },
      'endpointConfiguration.ipAddressType': { enum: ipAddressTypes },
      apiKeySource: { enum: ['AUTHORIZER', 'HEADER'] },
    },
    keys: ({
      name,
      endpointConfiguration,
      disableExecuteApiEndpoint = false,
      securityPolicy,
      tags,
    }) => ({
      'apigateway:Request/ApiName': name,
      'apigateway:Request/EndpointType': endpointConfiguration?.types ?? ['EDGE'],
      'apigateway:Request/DisableExecuteApiEndpoint': String(disableExecuteApiEndpoint),
      'apigateway:Request/SecurityPolicy':
        securityPolicy ?? defaultSecurityPolicy(endpointConfiguration?.types ?? []),
      ...requestTags(tags),
    }),
    needs: async ({ policy, cloneFrom, tags }, call) => [
      ...tagNeeds(call, '/restapis/*', tags),
      ...policyNeeds(policy !== undefined, call, '*'),
      ...(cloneFrom === undefined ? [] : await cloneNeeds(call, cloneFrom)),
    ],
    async handle(input, call) {
      refuseMembers(input, ['endpointAccessMode'])
      const record = await call.documents.transact(async (transaction) => {
        const { cloneFrom } = input
        const source =
          cloneFrom === undefined ? undefined : await getApi(transaction, call, cloneFrom)
        return fileApi(transaction, newApi(input, call, source))
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
      return {
        items: items.map(({ value }) => shownOnCreate(value)),
        ...(position && { position }),
      }
    },
  },

  UpdateRestApi: {
    needs: ({ restApiId, patchOperations }, call) =>
      policyNeeds(
        patchOperations?.some(({ path }) => path === '/policy') === true,
        call,
        restApiId,
      ),
    keys: ({ patchOperations }) => keysOfApiChange(patchOperations),
    constraints: patchConstraints,
    async handle({ restApiId, patchOperations }, call) {
      const patches = restApiPatches(call.now.getTime())
      return shown(
        await updateApi(call, restApiId, (before) =>
          applyPatches(before, patchOperations, patches),
        ),
      )
    },
  },

  DeleteRestApi: {
    async handle({ restApiId }, call) {
      await call.documents.transact(async (transaction) => {
        const record = await getApi(transaction, call, restApiId)
        await refuseMapped(transaction, call, record.id)
        for (const collection of [collections.stages, collections.deployments])
          for (const { key } of await transaction.list(collection, { prefix: `${record.id}/` }))
            transaction.delete(collection, key)
        await dropDocumentation(transaction, record.id)
        transaction.delete(collections.apis, apiKey(record, record.id))
        transaction.delete(collections.owners, record.id)
        await leavePlans(transaction, call, ({ apiId }) => apiId === record.id)
      })
      return {}
    },
  },
} satisfies GatedOperations<typeof Sdk>

/** Setting a resource policy is a right of its own. @see Service Authorization Reference, "Amazon API Gateway Management" */
export function policyNeeds(isSet: boolean, { region }: Call, restApiId: string): readonly Need[] {
  const resource = `arn:aws:apigateway:${region}::/restapis/${encodeURIComponent(restApiId)}`
  return isSet ? [{ action: 'apigateway:UpdateRestApiPolicy', resource }] : []
}

/** A copy says all that its source says, and acts with the roles that were handed to it. */
async function cloneNeeds(call: Call, restApiId: string): Promise<readonly Need[]> {
  const resource = `arn:aws:apigateway:${call.region}::/restapis/${encodeURIComponent(restApiId)}`
  const stored = await call.documents.get<RestApiRecord>(collections.apis, apiKey(call, restApiId))
  const roles = stored ? rolesOf(stored.value) : []
  return [
    { action: 'apigateway:GET', resource, keys: resourceTags(stored?.value.tags) },
    ...roles.flatMap((role) => passRole(role, 'apigateway.amazonaws.com')),
  ]
}

/** Each once. */
function rolesOf(api: RestApiRecord): readonly string[] {
  const named = [
    ...methodsOf(api).map(({ method }) => method.methodIntegration?.credentials),
    ...Object.values(api.authorizers ?? {}).map((each) => each.authorizerCredentials),
  ]
  return [...new Set(named.filter((role) => role !== undefined))]
}

export function shown(record: RestApiRecord): Sdk.RestApi {
  return {
    id: record.id,
    name: record.name,
    description: record.description,
    createdDate: shownTime(record.createdAt),
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
    securityPolicy: record.securityPolicy ?? defaultSecurityPolicy(record.endpointTypes),
    // Nothing here takes its time to become so.
    apiStatus: 'AVAILABLE',
  }
}

/** A creation and a list show tags only where there are any; every other reading shows them. */
export function shownOnCreate(record: RestApiRecord): Sdk.RestApi {
  const { tags, ...others } = shown(record)
  return Object.keys(record.tags).length > 0 ? { ...others, tags } : others
}
