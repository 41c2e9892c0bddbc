/** Documentation parts: what is said of an API and of what it is made of. */
import type * as Sdk from '@aws-sdk/client-api-gateway'
import type { Constraints } from '@sekisho/protocols'
import type { GatedOperations } from '../service.ts'
import { importDocumentation, readDocumentation } from './documentation-import.ts'
import {
  checkAmount,
  checkLocation,
  checkProperties,
  documentationCollections,
  type PartRecord,
  partOf,
  partsOf,
  placeOf,
  putPart,
} from './documentation-records.ts'
import { badRequest, conflict, notSupported } from './errors.ts'
import { partId } from './ids.ts'
import { OpenApiError } from './openapi/open-api-error.ts'
import { parseOpenApi } from './openapi/parse.ts'
import { page } from './paging.ts'
import { applyPatches, listingWording, type PatchTable, patchConstraints } from './patch.ts'
import { getApi, missing } from './records.ts'

/** In the order in which AWS lists them. */
const types = [
  'RESPONSE_BODY',
  'RESPONSE',
  'METHOD',
  'MODEL',
  'AUTHORIZER',
  'RESPONSE_HEADER',
  'RESOURCE',
  'PATH_PARAMETER',
  'REQUEST_BODY',
  'QUERY_PARAMETER',
  'API',
  'REQUEST_HEADER',
]
const ofType = (at: string): Constraints => ({ [at]: { enum: types } })

export const documentationParts: GatedOperations<typeof Sdk> = {
  CreateDocumentationPart: {
    constraints: ofType('location.type'),
    async handle({ restApiId, location: given, properties }, call) {
      const location = checkLocation(given)
      checkProperties(properties)
      return call.documents.transact(async (transaction) => {
        const api = await getApi(transaction, call, restApiId, missing.parent)
        const present = await partsOf(transaction, api.id)
        if (present.some((each) => placeOf(each.location) === placeOf(location)))
          throw conflict('Documentation part already exists for the specified location')
        const taken = Object.fromEntries(present.map(({ id }) => [id, true]))
        const part: PartRecord = { id: partId(call.ids, taken), location, properties }
        checkAmount([...present, part])
        putPart(transaction, api.id, part)
        return shownPart(part)
      })
    },
  },

  GetDocumentationPart: {
    async handle({ restApiId, documentationPartId }, call) {
      const api = await getApi(call.documents, call, restApiId)
      return shownPart(await partOf(call.documents, api.id, documentationPartId))
    },
  },

  GetDocumentationParts: {
    constraints: ofType('type'),
    async handle({ restApiId, type, nameQuery, path, locationStatus, ...paging }, call) {
      if (locationStatus === 'UNDOCUMENTED') throw notSupported("locationStatus 'UNDOCUMENTED'")
      const api = await getApi(call.documents, call, restApiId)
      const found = (await partsOf(call.documents, api.id)).filter(
        ({ location }) =>
          (type === undefined || location.type === type) &&
          (nameQuery === undefined || (location.name ?? '').includes(nameQuery)) &&
          (path === undefined || location.path === path),
      )
      const { items, position } = page(found, paging, ({ id }) => id)
      return { items: items.map(shownPart), ...(position && { position }) }
    },
  },

  UpdateDocumentationPart: {
    constraints: patchConstraints,
    async handle({ restApiId, documentationPartId, patchOperations }, call) {
      return call.documents.transact(async (transaction) => {
        const api = await getApi(transaction, call, restApiId)
        const before = await partOf(transaction, api.id, documentationPartId)
        const changed = applyPatches(before, patchOperations, patches, listingWording)
        const others = (await partsOf(transaction, api.id)).filter(({ id }) => id !== changed.id)
        checkAmount([...others, changed])
        putPart(transaction, api.id, changed)
        return shownPart(changed)
      })
    },
  },

  DeleteDocumentationPart: {
    async handle({ restApiId, documentationPartId }, call) {
      await call.documents.transact(async (transaction) => {
        const api = await getApi(transaction, call, restApiId)
        const { id } = await partOf(transaction, api.id, documentationPartId)
        transaction.delete(documentationCollections.parts, `${api.id}/${id}`)
      })
      return {}
    },
  },

  ImportDocumentationParts: {
    constraints: { mode: { enum: ['merge', 'overwrite'] } },
    async handle({ restApiId, mode = 'merge', failOnWarnings = false, body }, call) {
      const { parts, warnings } = partsIn(body as Uint8Array)
      if (failOnWarnings && warnings.length > 0)
        throw badRequest(`Warnings found during import:\n\t${warnings.join('\n\t')}`)
      return call.documents.transact(async (transaction) => {
        const api = await getApi(transaction, call, restApiId)
        const ids = await importDocumentation(transaction, call, api.id, parts, mode)
        return { ids: [...ids], warnings: [...warnings] }
      })
    },
  },
}

/** @throws AwsError BadRequestException */
function partsIn(body: Uint8Array) {
  try {
    const parts = readDocumentation(parseOpenApi(body).root)
    return parts === undefined
      ? {
          parts: { parts: [] },
          warnings: ['The document has no x-amazon-apigateway-documentation.'],
        }
      : { parts, warnings: [] }
  } catch (error) {
    throw error instanceof OpenApiError
      ? badRequest('Unable to build importer with provided input.')
      : error
  }
}

const patches: PatchTable<PartRecord> = {
  '/properties': {
    ops: ['replace'],
    apply: (part, { value }) => ({ ...part, properties: checkProperties(value) }),
  },
}

function shownPart({ id, location, properties }: PartRecord): Sdk.DocumentationPart {
  return { id, location, properties }
}
