/** What a document brings beside paths: models, validators, authorizers, gateway responses. */
import type { SnapshotMethod } from '@sekisho/gateway'
import type { Call } from '../service.ts'
import { newAuthorizer } from './authorizers.ts'
import { badRequest } from './errors.ts'
import { checkGatewayResponse } from './gateway-response-rules.ts'
import { responseTypes } from './gateway-responses.ts'
import { partId } from './ids.ts'
import { withAuthorizer } from './methods.ts'
import { checkModel, checkModelName } from './model-rules.ts'
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
  for (const [name, flags] of imported.requestValidators) {
    const { requestValidators = {} } = record
    const id = idOf(requestValidators, name) ?? partId(call.ids, requestValidators)
    record = {
      ...record,
      requestValidators: { ...requestValidators, [id]: { id, name, ...flags } },
    }
  }
  for (const [name, written] of imported.authorizers)
    record = attempt(`create authorizer '${name}'`, record, () => {
      const { authorizers = {} } = record
      const id = idOf(authorizers, name) ?? partId(call.ids, authorizers)
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
  let record: RestApiRecord = { ...before, models }
  for (const name of written.keys())
    record = attempt(`create model '${name}'`, record, () => {
      checkModelName(name)
      checkModel(record, name)
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
