/** Methods: what a client may send, and who may send it. */
import type * as Sdk from '@aws-sdk/client-api-gateway'
import type { SnapshotAuthorizer, SnapshotMethod } from '@sekisho/gateway'
import type { Call, GatedOperations } from '../service.ts'
import { badRequest, conflict, invalidMapping, notFound } from './errors.ts'
import {
  applyPatches,
  booleanOf,
  entryRow,
  type PatchTable,
  patchConstraints,
  textRow,
} from './patch.ts'
import { getApi, missing, type RestApiRecord, resourceOf, updateApi } from './records.ts'
import { keysOfMethodChange } from './request-keys.ts'

type AuthorizationType = (typeof authorizationTypes)[number]
const authorizationTypes = ['NONE', 'AWS_IAM', 'CUSTOM', 'COGNITO_USER_POOLS'] as const

const httpMethods = ['GET', 'PUT', 'POST', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD', 'ANY']

export const methods = {
  PutMethod: {
    keys: ({ authorizationType: type, apiKeyRequired = false }) => ({
      'apigateway:Request/RouteAuthorizationType': type,
      'apigateway:Request/ApiKeyRequired': [String(apiKeyRequired)],
    }),
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
        ...(input.requestValidatorId && { requestValidatorId: input.requestValidatorId }),
        ...(input.authorizerId && { authorizerId: input.authorizerId }),
        ...(input.authorizationScopes && { authorizationScopes: input.authorizationScopes }),
      }
      const change = (api: RestApiRecord) => {
        const { methods: present } = resourceOf(api, resourceId)
        checkValidator(api, method)
        checkModels(api, method.requestModels)
        // Whoever names one means the method to be guarded.
        if (input.authorizerId && !Object.hasOwn(authorizersOf, input.authorizationType))
          throw badRequest(noAuthorizer)
        if (Object.hasOwn(present, httpMethod))
          throw conflict('Method already exists for this resource')
        return withMethod(api, resourceId, httpMethod, withAuthorizer(api, method))
      }
      const record = await updateApi(call, restApiId, change, missing.resource)
      return shownMethod(methodOf(record, resourceId, httpMethod))
    },
  },

  GetMethod: {
    async handle({ restApiId, resourceId, httpMethod }, call) {
      return shownMethod(await readMethod(call, { restApiId, resourceId, httpMethod }))
    },
  },

  UpdateMethod: {
    constraints: patchConstraints,
    keys: ({ patchOperations }) => keysOfMethodChange(patchOperations),
    async handle({ restApiId, resourceId, httpMethod, patchOperations }, call) {
      return shownMethod(
        await changeMethod(call, { restApiId, resourceId, httpMethod }, (method, api) => {
          const changed = applyPatches(method, patchOperations, methodPatches)
          checkModels(api, changed.requestModels)
          checkValidator(api, changed)
          return withAuthorizer(api, changed)
        }),
      )
    },
  },

  DeleteMethod: {
    async handle({ restApiId, resourceId, httpMethod }, call) {
      const change = (api: RestApiRecord) => {
        methodOf(api, resourceId, httpMethod)
        return withMethod(api, resourceId, httpMethod, undefined)
      }
      await updateApi(call, restApiId, change, missing.resource)
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
  message = 'Invalid Method identifier specified',
): SnapshotMethod {
  const { methods: own } = resourceOf(api, resourceId)
  const method = Object.hasOwn(own, httpMethod) ? own[httpMethod] : undefined
  if (method === undefined) throw notFound(message)
  return method
}

/** @throws AwsError NotFoundException  `Invalid Resource identifier specified` for another API too, as AWS has it */
export async function readMethod(
  call: Call,
  { restApiId, resourceId, httpMethod }: MethodKey,
): Promise<SnapshotMethod> {
  const api = await getApi(call.documents, call, restApiId, missing.resource)
  return methodOf(api, resourceId, httpMethod)
}

/** @param message  AWS's words where there is no such method */
export async function changeMethod(
  call: Call,
  { restApiId, resourceId, httpMethod }: MethodKey,
  change: (method: SnapshotMethod, api: RestApiRecord) => SnapshotMethod,
  message?: string,
): Promise<SnapshotMethod> {
  const changeApi = (api: RestApiRecord) => {
    const changed = change(methodOf(api, resourceId, httpMethod, message), api)
    return withMethod(api, resourceId, httpMethod, changed)
  }
  const record = await updateApi(call, restApiId, changeApi, missing.resource)
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

/** @throws AwsError BadRequestException */
export function authorizationType(value: string): AuthorizationType {
  const type = authorizationTypes.find((each) => each === value)
  if (type !== undefined) return type
  throw badRequest(
    'Invalid authorization type specified. Valid options are NONE,AWS_IAM,CUSTOM,COGNITO_USER_POOLS',
  )
}

const noAuthorizer =
  'Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires a valid authorizer.'

const authorizersOf: Readonly<Record<string, readonly SnapshotAuthorizer['type'][]>> = {
  CUSTOM: ['TOKEN', 'REQUEST'],
  COGNITO_USER_POOLS: ['COGNITO_USER_POOLS'],
}

/**
 * The method with what its authorization type goes with: an authorizer of a type that fits, and scopes where tokens have them.
 * A method that asks an authorizer which cannot answer for it would be one that nobody guards.
 *
 * @throws AwsError BadRequestException
 */
export function withAuthorizer(
  { authorizers = {} }: Pick<RestApiRecord, 'authorizers'>,
  { authorizerId, authorizationScopes = [], ...method }: SnapshotMethod,
): SnapshotMethod {
  const { authorizationType: type = 'NONE' } = method
  const fitting = Object.hasOwn(authorizersOf, type) ? authorizersOf[type]! : []
  if (type !== 'COGNITO_USER_POOLS' && authorizationScopes.length > 0)
    throw badRequest(
      'Authorization scopes can only be set for methods with COGNITO_USER_POOLS authorization',
    )
  if (fitting.length === 0) return method
  const id = authorizerId ?? ''
  const found = Object.hasOwn(authorizers, id) ? authorizers[id] : undefined
  if (found === undefined || !fitting.includes(found.type)) throw badRequest(noAuthorizer)
  const scopes = authorizationScopes.length > 0 && { authorizationScopes }
  return { ...method, authorizerId: id, ...scopes }
}

const requestParameter =
  /^method\.request\.(path|querystring|multivaluequerystring|header|multivalueheader)\.[^\s]+$/

function requestParameters(parameters: Readonly<Record<string, boolean>>): Record<string, boolean> {
  for (const expression of Object.keys(parameters))
    if (!requestParameter.test(expression))
      throw invalidMapping(`Invalid mapping expression parameter specified: ${expression}`)
  const names = Object.keys(parameters).map((expression) =>
    expression.split('.').slice(3).join('.'),
  )
  if (new Set(names).size < names.length)
    throw badRequest('Parameter names must be unique across querystring, header and path')
  return { ...parameters }
}

/** @throws AwsError BadRequestException */
function checkValidator(
  { requestValidators = {} }: RestApiRecord,
  { requestValidatorId: id }: SnapshotMethod,
): void {
  if (id !== undefined && !Object.hasOwn(requestValidators, id))
    throw badRequest('Invalid Request Validator identifier specified')
}

/** @throws AwsError BadRequestException */
export function checkModels(
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
  '/authorizerId': textRow(({ authorizerId: _, ...method }, authorizerId) => ({
    ...method,
    ...(authorizerId !== undefined && { authorizerId }),
  })),
  '/apiKeyRequired': {
    ops: ['replace'],
    apply: (method, patch) => ({ ...method, apiKeyRequired: booleanOf(patch, 'apiKeyRequired') }),
  },
  '/operationName': textRow(({ operationName: _, ...method }, operationName) => ({
    ...method,
    ...(operationName !== undefined && { operationName }),
  })),
  '/authorizationScopes': {
    ops: ['add', 'remove'],
    apply({ authorizationScopes = [], ...method }, { op, value }) {
      const others = authorizationScopes.filter((scope) => scope !== value)
      return { ...method, authorizationScopes: op === 'add' ? [...others, value] : others }
    },
  },
  '/requestValidatorId': textRow(({ requestValidatorId: _, ...method }, requestValidatorId) => ({
    ...method,
    ...(requestValidatorId !== undefined && { requestValidatorId }),
  })),
  '/requestParameters/{expression}': entryRow<SnapshotMethod, boolean>(
    (method) => method.requestParameters,
    ({ requestParameters: _, ...method }, entries) => ({
      ...method,
      ...(entries && { requestParameters: requestParameters(entries) }),
    }),
    (patch) => (patch.value === '' ? false : booleanOf(patch, 'requestParameters')),
  ),
  '/requestModels/{type}': entryRow<SnapshotMethod, string>(
    (method) => method.requestModels,
    ({ requestModels: _, ...method }, requestModels) => ({
      ...method,
      ...(requestModels && { requestModels }),
    }),
    ({ value }) => value,
  ),
}

export function shownMethod(method: SnapshotMethod): Sdk.Method {
  return method as Sdk.Method
}
