/** What may policies ask of what is there already, where it is to be changed? */
import { AwsError } from '@sekisho/protocols'
import type { Call, RequestKeys } from '../service.ts'
import { authorizerOf } from './authorizers.ts'
import { getDomain } from './domain-records.ts'
import { methodOf } from './methods.ts'
import { getApi, methodsOf } from './records.ts'
import { type Given, keysOf, ofAuthorizers, ofMethods } from './request-keys.ts'
import { defaultSecurityPolicy } from './security-policies.ts'
import { stageOf } from './stages.ts'

type Ids = readonly [id: string, part: string, method: string]

/** By path. Of an API its methods and authorizers are asked as well where a document takes their place. */
const existing = [
  [
    /^\/restapis\/([^/]+)$/,
    async (call: Call, [id]: Ids, verb: string) => {
      const api = await getApi(call.documents, call, id)
      const { endpointTypes, disableExecuteApiEndpoint: disabled } = api
      return {
        ApiName: api.name,
        EndpointType: endpointTypes,
        DisableExecuteApiEndpoint: String(disabled),
        SecurityPolicy: api.securityPolicy ?? defaultSecurityPolicy(endpointTypes),
        ...(verb === 'PUT' && {
          ...ofMethods(methodsOf(api).map(({ method }) => method)),
          ...ofAuthorizers(Object.values(api.authorizers ?? {})),
        }),
      }
    },
  ],
  [
    /^\/restapis\/([^/]+)\/stages\/([^/]+)$/,
    async (call: Call, [id, stageName]: Ids) => {
      const { accessLogSettings } = await stageOf(call.documents, call, id, stageName)
      const { destinationArn, format } = accessLogSettings ?? {}
      return { AccessLoggingDestination: destinationArn, AccessLoggingFormat: format }
    },
  ],
  [
    /^\/restapis\/([^/]+)\/resources\/([^/]+)\/methods\/([^/]+)$/,
    async (call: Call, [id, resource, name]: Ids) =>
      ofMethods([methodOf(await getApi(call.documents, call, id), resource, name)]),
  ],
  [
    /^\/restapis\/([^/]+)\/authorizers\/([^/]+)$/,
    async (call: Call, [id, authorizer]: Ids) =>
      ofAuthorizers([authorizerOf(await getApi(call.documents, call, id), authorizer)]),
  ],
  [
    /^\/domainnames\/([^/]+)$/,
    async (call: Call, [name]: Ids) => {
      const domain = await getDomain(call.documents, call, name)
      return {
        EndpointType: [domain.endpointType],
        SecurityPolicy: domain.securityPolicy,
        MtlsTrustStoreUri: domain.mutualTls?.truststoreUri,
        MtlsTrustStoreVersion: domain.mutualTls?.truststoreVersion,
      }
    },
  ],
] as const satisfies readonly (readonly [
  RegExp,
  (call: Call, ids: Ids, verb: string) => Promise<Given>,
])[]

const changing: ReadonlySet<string> = new Set(['PATCH', 'PUT', 'DELETE'])

/**
 * Of what is changed, replaced or deleted; nothing of what is only read, or is not there.
 *
 * @see Service Authorization Reference, "Condition keys for Amazon API Gateway Management"
 */
export async function keysOfExisting(verb: string, path: string, call: Call): Promise<RequestKeys> {
  if (!changing.has(verb)) return {}
  for (const [form, read] of existing) {
    const [, id, part = '', method = ''] = form.exec(path) ?? []
    if (id === undefined) continue
    try {
      return keysOf('Resource', await read(call, [id, part, method], verb))
    } catch (error) {
      if (error instanceof AwsError && error.status === 404) return {}
      throw error
    }
  }
  return {}
}
