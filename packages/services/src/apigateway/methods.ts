/** Methods and their responses: what a client may send and will get. */
import type * as Sdk from '@aws-sdk/client-api-gateway'
import type { SnapshotMethod } from '@sekisho/gateway'
import type { Call, GatedOperations } from '../service.ts'
import { badRequest, conflict, notFound, notSupported } from './errors.ts'
import { applyPatches, booleanOf, entryRow, type PatchTable, textRow } from './patch.ts'
import { getApi, type RestApiRecord, resourceOf, updateApi } from './records.ts'

const httpMethods = ['GET', 'PUT', 'POST', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD', 'ANY']
const opConstraint = {
  'patchOperations.*.op': { enum: ['add', 'remove', 'move', 'test', 'replace', 'copy'] },
}
const statusConstraint = { statusCode: { pattern: /^[1-5]\d\d$/ } }

export const methods = {
  PutMethod: {
    async handle(input, call) {
      const { restApiId, resourceId, httpMethod } = input
      if (!httpMethods.includes(httpMethod))
        throw badRequest(
          'Invalid HttpMethod specified. Valid options are GET,PUT,POST,DELETE,PATCH,OPTIONS,HEAD,ANY',
        )
      const method: SnapshotMethod = {
        httpMethod,
        authorizationType: authorizationType(input.authorizationType),
        apiKeyRequired: input.apiKeyRequired ?? false,
        ...(input.operationName !== undefined && { operationName: input.operationName }),
        ...(input.requestParameters && {
          requestParameters: requestParameters(input.requestParameters),
        }),
        ...(input.requestModels && { requestModels: input.requestModels }),
      }
      if (input.requestValidatorId !== undefined)
        throw badRequest('Invalid Request Validator identifier specified')
      if (input.authorizationScopes?.length) throw notSupported("'authorizationScopes'")
      await updateApi(call, restApiId, (api) => {
        checkModels(api, method.requestModels)
        if (Object.hasOwn(resourceOf(api, resourceId).methods, httpMethod))
          throw conflict('Method already exists for this resource')
        return withMethod(api, resourceId, httpMethod, method)
      })
      return shownMethod(method)
    },
  },

  GetMethod: {
    async handle({ restApiId, resourceId, httpMethod }, call) {
      return shownMethod(
        methodOf(await getApi(call.documents, call, restApiId), resourceId, httpMethod),
      )
    },
  },

  UpdateMethod: {
    constraints: opConstraint,
    async handle({ restApiId, resourceId, httpMethod, patchOperations }, call) {
      return shownMethod(
        await changeMethod(call, { restApiId, resourceId, httpMethod }, (method, api) => {
          const changed = applyPatches(method, patchOperations, methodPatches, { lists: false })
          checkModels(api, changed.requestModels)
          return changed
        }),
      )
    },
  },

  DeleteMethod: {
    async handle({ restApiId, resourceId, httpMethod }, call) {
      await updateApi(call, restApiId, (api) => {
        methodOf(api, resourceId, httpMethod)
        return withMethod(api, resourceId, httpMethod, undefined)
      })
      return {}
    },
  },

  PutMethodResponse: {
    constraints: statusConstraint,
    async handle(
      { restApiId, resourceId, httpMethod, statusCode, responseParameters, responseModels },
      call,
    ) {
      const response: Sdk.MethodResponse = {
        statusCode,
        ...(responseParameters && {
          responseParameters: checkedResponseParameters(responseParameters),
        }),
        ...(responseModels && { responseModels }),
      }
      await changeMethod(call, { restApiId, resourceId, httpMethod }, (method, api) => {
        checkModels(api, responseModels)
        if (method.methodResponses?.[statusCode])
          throw conflict('Response already exists for this resource')
        return { ...method, methodResponses: { ...method.methodResponses, [statusCode]: response } }
      })
      return response
    },
  },

  GetMethodResponse: {
    constraints: statusConstraint,
    async handle({ restApiId, resourceId, httpMethod, statusCode }, call) {
      return methodResponseOf(
        methodOf(await getApi(call.documents, call, restApiId), resourceId, httpMethod),
        statusCode,
      )
    },
  },

  UpdateMethodResponse: {
    constraints: { ...opConstraint, ...statusConstraint },
    async handle({ restApiId, resourceId, httpMethod, statusCode, patchOperations }, call) {
      const method = await changeMethod(
        call,
        { restApiId, resourceId, httpMethod },
        (before, api) => {
          const response = applyPatches(
            methodResponseOf(before, statusCode),
            patchOperations,
            responsePatches,
            { lists: false },
          )
          checkModels(api, response.responseModels)
          return {
            ...before,
            methodResponses: { ...before.methodResponses, [statusCode]: response },
          }
        },
      )
      return methodResponseOf(method, statusCode)
    },
  },

  DeleteMethodResponse: {
    constraints: statusConstraint,
    async handle({ restApiId, resourceId, httpMethod, statusCode }, call) {
      await changeMethod(call, { restApiId, resourceId, httpMethod }, (method) => {
        methodResponseOf(method, statusCode)
        const { [statusCode]: _, ...methodResponses } = method.methodResponses ?? {}
        return { ...method, methodResponses }
      })
      return {}
    },
  },
} satisfies GatedOperations<typeof Sdk>

export interface MethodKey {
  readonly restApiId: string
  readonly resourceId: string
  readonly httpMethod: string
}

/** @throws AwsError NotFoundException */
export function methodOf(
  api: RestApiRecord,
  resourceId: string,
  httpMethod: string,
): SnapshotMethod {
  const { methods: own } = resourceOf(api, resourceId)
  const method = Object.hasOwn(own, httpMethod) ? own[httpMethod] : undefined
  if (method === undefined) throw notFound('Invalid Method identifier specified')
  return method
}

export async function changeMethod(
  call: Call,
  { restApiId, resourceId, httpMethod }: MethodKey,
  change: (method: SnapshotMethod, api: RestApiRecord) => SnapshotMethod,
): Promise<SnapshotMethod> {
  const record = await updateApi(call, restApiId, (api) =>
    withMethod(api, resourceId, httpMethod, change(methodOf(api, resourceId, httpMethod), api)),
  )
  return methodOf(record, resourceId, httpMethod)
}

/** The API with this method set; undefined takes it away. */
export function withMethod(
  api: RestApiRecord,
  resourceId: string,
  httpMethod: string,
  method: SnapshotMethod | undefined,
): RestApiRecord {
  const resource = resourceOf(api, resourceId)
  const { [httpMethod]: _, ...others } = resource.methods
  const changed = { ...resource, methods: method ? { ...others, [httpMethod]: method } : others }
  return { ...api, resources: { ...api.resources, [resourceId]: changed } }
}

/** An authorizer that is not served may not be dropped: the method would be open. */
export function authorizationType(value: string): 'NONE' | 'AWS_IAM' {
  if (value === 'NONE' || value === 'AWS_IAM') return value
  if (value === 'CUSTOM' || value === 'COGNITO_USER_POOLS')
    throw badRequest(
      'Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires a valid authorizer.',
    )
  throw badRequest(
    'Invalid authorization type specified. Valid options are NONE,AWS_IAM,CUSTOM,COGNITO_USER_POOLS',
  )
}

function methodResponseOf(method: SnapshotMethod, statusCode: string): Sdk.MethodResponse {
  const response = method.methodResponses?.[statusCode]
  if (response === undefined) throw notFound('Invalid Response status code specified')
  return response
}

const requestParameter =
  /^method\.request\.(path|querystring|multivaluequerystring|header|multivalueheader)\.[^\s]+$/

function requestParameters(parameters: Readonly<Record<string, boolean>>): Record<string, boolean> {
  for (const expression of Object.keys(parameters))
    if (!requestParameter.test(expression))
      throw badRequest(
        `Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression parameter specified: ${expression}]`,
      )
  const names = Object.keys(parameters).map((expression) =>
    expression.split('.').slice(3).join('.'),
  )
  if (new Set(names).size < names.length)
    throw badRequest('Parameter names must be unique across querystring, header and path')
  return { ...parameters }
}

function checkedResponseParameters(
  parameters: Readonly<Record<string, boolean>>,
): Record<string, boolean> {
  for (const expression of Object.keys(parameters))
    if (!/^method\.response\.(?:multivalue)?header\.[^\s]+$/.test(expression))
      throw badRequest(
        `Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression parameter specified: ${expression}]`,
      )
  return { ...parameters }
}

function checkModels(
  api: RestApiRecord,
  models: Readonly<Record<string, string>> | undefined,
): void {
  const unknown = Object.values(models ?? {}).find((name) => !Object.hasOwn(api.models, name))
  if (unknown !== undefined) throw badRequest(`Invalid model identifier specified: ${unknown}`)
}

const methodPatches: PatchTable<SnapshotMethod> = {
  '/authorizationType': {
    ops: ['replace'],
    apply: (method, { value }) => ({ ...method, authorizationType: authorizationType(value) }),
  },
  '/authorizerId': {
    ops: ['replace'],
    apply() {
      throw notSupported("'authorizerId'")
    },
  },
  '/apiKeyRequired': {
    ops: ['replace'],
    apply: (method, patch) => ({ ...method, apiKeyRequired: booleanOf(patch, 'apiKeyRequired') }),
  },
  '/operationName': textRow(({ operationName: _, ...method }, operationName) => ({
    ...method,
    ...(operationName !== undefined && { operationName }),
  })),
  '/requestValidatorId': {
    ops: ['replace'],
    apply(method, { value }) {
      if (value !== '') throw badRequest('Invalid Request Validator identifier specified')
      return method
    },
  },
  '/requestParameters/{expression}': entryRow<SnapshotMethod, boolean>(
    (method) => method.requestParameters,
    (method, entries) => ({ ...method, requestParameters: requestParameters(entries) }),
    (patch) => (patch.value === '' ? false : booleanOf(patch, 'requestParameters')),
  ),
  '/requestModels/{type}': entryRow<SnapshotMethod, string>(
    (method) => method.requestModels,
    (method, requestModels) => ({ ...method, requestModels }),
    ({ value }) => value,
  ),
}

const responsePatches: PatchTable<Sdk.MethodResponse> = {
  '/responseModels/{type}': entryRow<Sdk.MethodResponse, string>(
    (response) => response.responseModels,
    (response, responseModels) => ({ ...response, responseModels }),
    ({ value }) => value,
  ),
  '/responseParameters/{expression}': entryRow<Sdk.MethodResponse, boolean>(
    (response) => response.responseParameters,
    (response, entries) => ({
      ...response,
      responseParameters: checkedResponseParameters(entries),
    }),
    (patch) => (patch.value === '' ? false : booleanOf(patch, 'responseParameters')),
  ),
}

export function shownMethod(method: SnapshotMethod): Sdk.Method {
  return method as Sdk.Method
}
