/** Request validators: what of a method's requests is looked at before they go on. */
import type * as Sdk from '@aws-sdk/client-api-gateway'
import type { SnapshotRequestValidator } from '@sekisho/gateway'
import type { GatedOperations } from '../service.ts'
import { badRequest, conflict, notFound } from './errors.ts'
import { partId } from './ids.ts'
import { page } from './paging.ts'
import {
  applyPatches,
  booleanOf,
  listingWording,
  type PatchTable,
  patchConstraints,
} from './patch.ts'
import { getApi, methodsOf, missing, type RestApiRecord, updateApi } from './records.ts'

export const requestValidators = {
  CreateRequestValidator: {
    async handle(
      { restApiId, name = '', validateRequestBody = false, validateRequestParameters = false },
      call,
    ) {
      let id = ''
      const record = await updateApi(
        call,
        restApiId,
        (api) => {
          id = partId(call.ids, api.requestValidators)
          return withValidator(api, { id, name, validateRequestBody, validateRequestParameters })
        },
        missing.parent,
      ).catch((error) => {
        throw error?.code === 'NotFoundException' ? badRequest(error.message) : error
      })
      return validatorOf(record, id)
    },
  },

  GetRequestValidator: {
    async handle({ restApiId, requestValidatorId }, call) {
      return validatorOf(await getApi(call.documents, call, restApiId), requestValidatorId)
    },
  },

  GetRequestValidators: {
    async handle(input, call) {
      const { requestValidators: present = {} } = await getApi(
        call.documents,
        call,
        input.restApiId,
      )
      const { items, position } = page(Object.values(present), input, ({ id }) => id)
      return { items, ...(position && { position }) }
    },
  },

  UpdateRequestValidator: {
    constraints: patchConstraints,
    async handle({ restApiId, requestValidatorId, patchOperations }, call) {
      const record = await updateApi(call, restApiId, (api) =>
        withValidator(
          api,
          applyPatches(
            validatorOf(api, requestValidatorId),
            patchOperations,
            patches,
            listingWording,
          ),
        ),
      )
      return validatorOf(record, requestValidatorId)
    },
  },

  DeleteRequestValidator: {
    async handle({ restApiId, requestValidatorId: id }, call) {
      await updateApi(call, restApiId, (api) => {
        const { name } = validatorOf(api, id)
        const user = methodsOf(api).find(({ method }) => method.requestValidatorId === id)
        if (user !== undefined)
          throw conflict(
            `Cannot delete request validator '${name}', is referenced in method request: ${user.at}`,
          )
        const { [id]: _, ...others } = api.requestValidators ?? {}
        return { ...api, requestValidators: others }
      })
      return {}
    },
  },
} satisfies GatedOperations<typeof Sdk>

/** @throws AwsError NotFoundException */
function validatorOf(
  { requestValidators: present = {} }: RestApiRecord,
  id: string,
): SnapshotRequestValidator {
  const found = Object.hasOwn(present, id) ? present[id] : undefined
  if (found === undefined) throw notFound('Invalid Request Validator identifier specified')
  return found
}

function withValidator(api: RestApiRecord, validator: SnapshotRequestValidator): RestApiRecord {
  if (validator.name.trim() === '') throw badRequest('Request Validator name cannot be blank')
  return { ...api, requestValidators: { ...api.requestValidators, [validator.id]: validator } }
}

const patches: PatchTable<SnapshotRequestValidator> = {
  '/name': { ops: ['replace'], apply: (validator, { value }) => ({ ...validator, name: value }) },
  '/validateRequestParameters': {
    ops: ['replace'],
    apply: (validator, patch) => ({
      ...validator,
      validateRequestParameters: booleanOf(patch, 'validateRequestParameters'),
    }),
  },
  '/validateRequestBody': {
    ops: ['replace'],
    apply: (validator, patch) => ({
      ...validator,
      validateRequestBody: booleanOf(patch, 'validateRequestBody'),
    }),
  },
}
