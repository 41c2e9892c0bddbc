/** Gateway responses: what an API says when it is the gateway that answers. */
import type * as Sdk from '@aws-sdk/client-api-gateway'
import { gatewayResponses as rows, type SnapshotGatewayResponse } from '@sekisho/gateway'
import type { Constraints } from '@sekisho/protocols'
import type { GatedOperations } from '../service.ts'
import { badRequest, notFound } from './errors.ts'
import { checkGatewayResponse } from './gateway-response-rules.ts'
import { page } from './paging.ts'
import {
  applyPatches,
  entryRow,
  type PatchTable,
  type PatchWording,
  patchConstraints,
  plainWording,
  textRow,
} from './patch.ts'
import { getApi, type RestApiRecord, updateApi } from './records.ts'

/** In the order in which AWS lists them where it refuses another. */
export const responseTypes: readonly string[] = [
  'REQUEST_TOO_LARGE',
  'RESOURCE_NOT_FOUND',
  'AUTHORIZER_CONFIGURATION_ERROR',
  'MISSING_AUTHENTICATION_TOKEN',
  'BAD_REQUEST_BODY',
  'INVALID_SIGNATURE',
  'INVALID_API_KEY',
  'BAD_REQUEST_PARAMETERS',
  'AUTHORIZER_FAILURE',
  'UNAUTHORIZED',
  'INTEGRATION_TIMEOUT',
  'ACCESS_DENIED',
  'DEFAULT_4XX',
  'DEFAULT_5XX',
  'WAF_FILTERED',
  'QUOTA_EXCEEDED',
  'THROTTLED',
  'API_CONFIGURATION_ERROR',
  'UNSUPPORTED_MEDIA_TYPE',
  'INTEGRATION_FAILURE',
  'EXPIRED_TOKEN',
]

const typeConstraint: Constraints = { responseType: { enum: responseTypes } }

export const gatewayResponses = {
  PutGatewayResponse: {
    constraints: { ...typeConstraint, statusCode: { pattern: /[1-5]\d\d/ } },
    async handle({ restApiId, responseType, ...given }, call) {
      const { statusCode, responseParameters, responseTemplates } = given
      const response = checkGatewayResponse({
        responseType,
        ...(statusCode && { statusCode }),
        ...(responseParameters && { responseParameters }),
        ...(responseTemplates && { responseTemplates }),
      })
      const record = await updateApi(call, restApiId, (api) => withResponse(api, response))
      return shownResponse(record, responseType)
    },
  },

  GetGatewayResponse: {
    constraints: typeConstraint,
    async handle({ restApiId, responseType }, call) {
      return shownResponse(await getApi(call.documents, call, restApiId), responseType)
    },
  },

  GetGatewayResponses: {
    async handle(input, call) {
      const api = await getApi(call.documents, call, input.restApiId)
      const names = Object.keys(rows) as Sdk.GatewayResponseType[]
      const { items, position } = page(names, input, (name) => name)
      return {
        items: items.map((name) => shownResponse(api, name)),
        ...(position && { position }),
      }
    },
  },

  UpdateGatewayResponse: {
    constraints: { ...typeConstraint, ...patchConstraints },
    async handle({ restApiId, responseType, patchOperations }, call) {
      const record = await updateApi(call, restApiId, (api) => {
        const before = api.gatewayResponses?.[responseType] ?? { responseType }
        const changed = applyPatches(before, patchOperations, patches, wording)
        return withResponse(api, checkGatewayResponse(changed))
      })
      return shownResponse(record, responseType)
    },
  },

  DeleteGatewayResponse: {
    constraints: typeConstraint,
    async handle({ restApiId, responseType }, call) {
      await updateApi(call, restApiId, (api) => {
        const { [responseType]: found, ...others } = api.gatewayResponses ?? {}
        if (found === undefined) throw notFound('Gateway response type not defined on api')
        return { ...api, gatewayResponses: others }
      })
      return {}
    },
  },
} satisfies GatedOperations<typeof Sdk>

function withResponse(api: RestApiRecord, response: SnapshotGatewayResponse): RestApiRecord {
  return {
    ...api,
    gatewayResponses: { ...api.gatewayResponses, [response.responseType ?? '']: response },
  }
}

const defaultTemplates = { 'application/json': '{"message":$context.error.messageString}' }

/** With the defaults of what is not said; the two that stand for classes have no status by themselves. */
function shownResponse(
  { gatewayResponses: present = {} }: RestApiRecord,
  responseType: Sdk.GatewayResponseType,
): Sdk.GatewayResponse {
  const own = Object.hasOwn(present, responseType) ? present[responseType] : undefined
  const status = responseType.startsWith('DEFAULT_') ? undefined : String(rows[responseType].status)
  const { statusCode = status, responseParameters = {}, responseTemplates } = own ?? {}
  return {
    responseType,
    ...(statusCode !== undefined && { statusCode }),
    responseParameters,
    responseTemplates: responseTemplates ?? defaultTemplates,
    defaultResponse: own === undefined,
  }
}

const wording: PatchWording = {
  ...plainWording,
  unknownPath: (path) => {
    const empty = ['responseParameters', 'responseTemplates'].find((member) =>
      [`/${member}`, `/${member}/`].includes(path),
    )
    return badRequest(
      empty === undefined
        ? `Invalid patch path ${path}`
        : `Invalid null or empty value in ${empty}`,
    )
  },
  unsupportedOp: (path) => badRequest(`Invalid patch path ${path}`),
}

function entriesRow(
  member: 'responseParameters' | 'responseTemplates',
  defaults: Readonly<Record<string, string>>,
) {
  return entryRow<SnapshotGatewayResponse, string>(
    (response) => response[member] ?? defaults,
    ({ [member]: _, ...response }, entries) => ({
      ...response,
      ...(entries && { [member]: entries }),
    }),
    ({ value }) => {
      if (value === '') throw badRequest(`Invalid null or empty value in ${member}`)
      return value
    },
    'Invalid parameter name specified',
  )
}

const patches: PatchTable<SnapshotGatewayResponse> = {
  '/statusCode': textRow(
    ({ statusCode: _, ...response }, statusCode) => ({
      ...response,
      ...(statusCode !== undefined && { statusCode }),
    }),
    ['replace'],
  ),
  '/responseParameters/{name}': entriesRow('responseParameters', {}),
  '/responseTemplates/{type}': entriesRow('responseTemplates', defaultTemplates),
}
