/** Authorizers: who says whether a caller may call, where IAM does not. */
import type * as Sdk from '@aws-sdk/client-api-gateway'
import type { SnapshotAuthorizer } from '@sekisho/gateway'
import { type GatedOperations, passRole, type RequestKeys } from '../service.ts'
import { authorizerTypes, checkAuthorizer, defaultTtl } from './authorizer-rules.ts'
import { badRequest, conflict, limitExceeded, notFound } from './errors.ts'
import { partId } from './ids.ts'
import { page } from './paging.ts'
import { applyPatches, integerOf, type PatchTable, patchConstraints, textRow } from './patch.ts'
import { getApi, methodsOf, type RestApiRecord, updateApi } from './records.ts'

/** @see API Gateway Developer Guide, "Quotas for configuring and running a REST API" */
const maxAuthorizers = 10

/** @throws AwsError LimitExceededException */
export function checkRoomForAuthorizer(present: NonNullable<RestApiRecord['authorizers']>): void {
  if (Object.keys(present).length >= maxAuthorizers)
    throw limitExceeded('Maximum number of Authorizers for this API has been reached')
}

export const authorizers = {
  CreateAuthorizer: {
    constraints: { type: { enum: authorizerTypes } },
    keys: ({ type, authorizerUri }) => requestKeys(type, authorizerUri),
    needs: ({ authorizerCredentials }) =>
      passRole(authorizerCredentials, 'apigateway.amazonaws.com'),
    async handle({ restApiId, ...input }, call) {
      const created = newAuthorizer(input)
      let id = ''
      const change = (api: RestApiRecord): RestApiRecord => {
        const { authorizers: present = {} } = api
        checkRoomForAuthorizer(present)
        checkName(api, created.name)
        id = partId(call.ids, present)
        return { ...api, authorizers: { ...present, [id]: { ...created, id } } }
      }
      const record = await updateApi(call, restApiId, change).catch((error) => {
        throw error?.code === 'NotFoundException'
          ? conflict(
              'Unable to complete operation due to concurrent modification. Please try again later.',
            )
          : error
      })
      return shownAuthorizer(authorizerOf(record, id))
    },
  },

  GetAuthorizer: {
    async handle({ restApiId, authorizerId }, call) {
      const api = await getApi(call.documents, call, restApiId)
      return shownAuthorizer(authorizerOf(api, authorizerId))
    },
  },

  GetAuthorizers: {
    async handle(input, call) {
      const api = await getApi(call.documents, call, input.restApiId)
      const { items, position } = page(Object.values(api.authorizers ?? {}), input, ({ id }) => id)
      return { items: items.map(shownAuthorizer), ...(position && { position }) }
    },
  },

  UpdateAuthorizer: {
    constraints: patchConstraints,
    keys: ({ patchOperations = [] }) => {
      const last = (wanted: string) =>
        patchOperations.findLast(({ path }) => path === wanted)?.value
      return requestKeys(last('/type'), last('/authorizerUri'))
    },
    needs: ({ patchOperations = [] }) =>
      patchOperations.flatMap(({ path, value }) =>
        path === '/authorizerCredentials' ? passRole(value, 'apigateway.amazonaws.com') : [],
      ),
    async handle({ restApiId, authorizerId, patchOperations }, call) {
      const change = (api: RestApiRecord): RestApiRecord => {
        const before = authorizerOf(api, authorizerId)
        const changed = checkAuthorizer(applyPatches(before, patchOperations, patches))
        if (changed.name !== before.name) checkName(api, changed.name)
        return { ...api, authorizers: { ...api.authorizers, [authorizerId]: changed } }
      }
      return shownAuthorizer(authorizerOf(await updateApi(call, restApiId, change), authorizerId))
    },
  },

  DeleteAuthorizer: {
    async handle({ restApiId, authorizerId }, call) {
      await updateApi(call, restApiId, (api) => {
        const { name } = authorizerOf(api, authorizerId)
        const user = methodsOf(api).find(({ method }) => method.authorizerId === authorizerId)
        if (user !== undefined)
          throw conflict(`Cannot delete authorizer '${name}', is referenced in method: ${user.at}`)
        const { [authorizerId]: _, ...others } = api.authorizers ?? {}
        return { ...api, authorizers: others }
      })
      return {}
    },
  },
} satisfies GatedOperations<typeof Sdk>

/** @throws AwsError NotFoundException */
export function authorizerOf({ authorizers: present = {} }: RestApiRecord, id: string) {
  const found = Object.hasOwn(present, id) ? present[id] : undefined
  if (found === undefined) throw notFound('Invalid Authorizer identifier specified')
  return found
}

/** What an authorizer is when it is new; its id comes later. @throws AwsError BadRequestException */
export function newAuthorizer(input: Sdk.Authorizer): SnapshotAuthorizer {
  const type = authorizerTypes.find((each) => each === input.type)
  if (type === undefined) throw badRequest(`Invalid authorizer type: ${input.type}`)
  const isLambda = type !== 'COGNITO_USER_POOLS'
  const {
    name = '',
    providerARNs,
    authType = isLambda ? 'custom' : 'cognito_user_pools',
    authorizerUri,
    authorizerCredentials,
    identitySource,
    identityValidationExpression,
    authorizerResultTtlInSeconds: ttl = isLambda ? defaultTtl : undefined,
  } = input
  return checkAuthorizer({
    id: '',
    name,
    type,
    ...(providerARNs !== undefined && providerARNs.length > 0 && { providerARNs }),
    authType,
    ...(authorizerUri && { authorizerUri }),
    ...(authorizerCredentials && { authorizerCredentials }),
    ...(identitySource && { identitySource }),
    ...(identityValidationExpression && { identityValidationExpression }),
    ...(ttl !== undefined && { authorizerResultTtlInSeconds: ttl }),
  })
}

/** @see Service Authorization Reference, "Condition keys for Amazon API Gateway Management" */
function requestKeys(type: string | undefined, uri: string | undefined): RequestKeys {
  return {
    ...(type !== undefined && { 'apigateway:Request/AuthorizerType': type }),
    ...(uri !== undefined && { 'apigateway:Request/AuthorizerUri': uri }),
  }
}

function checkName({ authorizers: present = {} }: RestApiRecord, name: string): void {
  if (Object.values(present).some((each) => each.name === name))
    throw badRequest(
      `Authorizer name must be unique. Authorizer ${name} already exists in this RestApi.`,
    )
}

type TextMember =
  | 'authorizerUri'
  | 'authorizerCredentials'
  | 'identitySource'
  | 'identityValidationExpression'
  | 'authType'

function memberRow(
  member: TextMember,
  ops: readonly ('add' | 'replace' | 'remove')[] = ['replace'],
) {
  return textRow<SnapshotAuthorizer>(({ [member]: _, ...authorizer }, value) => {
    return { ...authorizer, ...(value !== undefined && { [member]: value }) }
  }, ops)
}

const patches: PatchTable<SnapshotAuthorizer> = {
  '/name': {
    ops: ['replace'],
    apply: (authorizer, { value }) => ({ ...authorizer, name: value }),
  },
  '/type': {
    ops: ['replace'],
    apply(authorizer, { value }) {
      const type = authorizerTypes.find((each) => each === value)
      if (type === undefined) throw badRequest(`Invalid authorizer type: ${value}`)
      return { ...authorizer, type }
    },
  },
  '/authorizerUri': memberRow('authorizerUri'),
  '/authorizerCredentials': memberRow('authorizerCredentials'),
  '/authType': memberRow('authType'),
  '/identitySource': memberRow('identitySource', ['add', 'replace', 'remove']),
  '/identityValidationExpression': memberRow('identityValidationExpression'),
  '/authorizerResultTtlInSeconds': {
    ops: ['replace'],
    apply: (authorizer, patch) => ({
      ...authorizer,
      authorizerResultTtlInSeconds: integerOf(patch, 'authorizerResultTtlInSeconds'),
    }),
  },
  '/providerARNs': {
    ops: ['add', 'remove'],
    apply({ providerARNs = [], ...authorizer }, { op, value }) {
      const others = providerARNs.filter((arn) => arn !== value)
      return { ...authorizer, providerARNs: op === 'add' ? [...others, value] : others }
    },
  },
}

export function shownAuthorizer(authorizer: SnapshotAuthorizer): Sdk.Authorizer {
  return authorizer
}
