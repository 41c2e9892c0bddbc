/** What a document brings beside paths: models, validators, authorizers, gateway responses. */
import type { SnapshotMethod } from '@sekisho/gateway'
import type { Call } from '../service.ts'
import { checkRoomForAuthorizer, newAuthorizer } from './authorizers.ts'
import { badRequest, limitExceeded } from './errors.ts'
import { checkGatewayResponse } from './gateway-response-rules.ts'
import { responseTypes } from './gateway-responses.ts'
import { partId } from './ids.ts'
import { withAuthorizer } from './methods.ts'
import { checkModelName, modelCheck } from './model-rules.ts'
import type { ImportedApi, ImportedMethod } from './openapi/import.ts'
import { modelSchema } from './openapi/schemas.ts'
import type { RestApiRecord } from './records.ts'

/** Does it, or notes why not and gives back what was. */
export type Attempt = (
  what: string,
  record: RestApiRecord,
  change: () => RestApiRecord,
) => RestApiRecord

/** Parts of the same name are replaced, and keep their ids. */
export function withParts(
  imported: ImportedApi,
  before: RestApiRecord,
  call: Call,
  attempt: Attempt,
): RestApiRecord {
  let record = withModels(imported, before, call, attempt)
  record = attempt('create request validators', record, () =>
    withValidators(imported, record, call),
  )
  for (const [name, written] of imported.authorizers)
    record = attempt(`create authorizer '${name}'`, record, () => {
      const { authorizers = {} } = record
      const known = idOf(authorizers, name)
      if (known === undefined) checkRoomForAuthorizer(authorizers)
      const id = known ?? partId(call.ids, authorizers)
      return { ...record, authorizers: { ...authorizers, [id]: { ...newAuthorizer(written), id } } }
    })
  for (const [type, response] of imported.gatewayResponses)
    record = attempt(`put gateway response '${type}'`, record, () => {
      if (!responseTypes.includes(type)) throw badRequest(`Invalid response type: ${type}`)
      const gatewayResponses = {
        ...record.gatewayResponses,
        [type]: checkGatewayResponse(response),
      }
      return { ...record, gatewayResponses }
    })
  return record
}

/** Methods look theirs up by name; with as many as there may be resources each could have one of its own. */
const maxValidators = 300

function withValidators(
  { requestValidators: written }: ImportedApi,
  record: RestApiRecord,
  call: Call,
): RestApiRecord {
  if (written.size === 0) return record
  const requestValidators = { ...record.requestValidators }
  const ids = new Map(Object.values(requestValidators).map(({ id, name }) => [name, id]))
  for (const [name, flags] of written) {
    const id = ids.get(name) ?? partId(call.ids, requestValidators)
    requestValidators[id] = { id, name, ...flags }
  }
  if (Object.keys(requestValidators).length > maxValidators)
    throw limitExceeded('Maximum number of request validators for this API has been reached.')
  return { ...record, requestValidators }
}

/** All of them first, then each is looked at: they may refer to each other in a circle. */
function withModels(
  { models: written }: ImportedApi,
  before: RestApiRecord,
  call: Call,
  attempt: Attempt,
): RestApiRecord {
  const models = { ...before.models }
  for (const [name, given] of written) {
    const { schema } = modelSchema(given, before.id)
    const known = Object.hasOwn(models, name) ? models[name] : undefined
    const id = known?.id ?? partId(call.ids)
    models[name] = { id, name, contentType: 'application/json', schema: JSON.stringify(schema) }
  }
  const record: RestApiRecord = { ...before, models }
  const check = modelCheck(record)
  for (const name of written.keys())
    attempt(`create model '${name}'`, record, () => {
      checkModelName(name)
      check(name)
      return record
    })
  return record
}

/** With the ids of what the method names. @throws AwsError BadRequestException */
export function named(
  record: RestApiRecord,
  { authorizer, requestValidator, ...method }: ImportedMethod,
): SnapshotMethod {
  const requestValidatorId = requestValidator && idOf(record.requestValidators, requestValidator)
  if (requestValidator && requestValidatorId === undefined)
    throw badRequest(`Invalid request validator name specified: ${requestValidator}`)
  const authorizerId = authorizer && idOf(record.authorizers, authorizer)
  return withAuthorizer(record, {
    ...method,
    ...(requestValidatorId && { requestValidatorId }),
    ...(authorizerId && { authorizerId }),
  })
}

function idOf(
  parts: Readonly<Record<string, { readonly id: string; readonly name: string }>> | undefined,
  name: string,
): string | undefined {
  return Object.values(parts ?? {}).find((part) => part.name === name)?.id
}
