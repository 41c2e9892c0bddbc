/** Documentation versions: what was said of an API at one moment, for its stages to publish. */
import type * as Sdk from '@aws-sdk/client-api-gateway'
import type { GatedOperations } from '../service.ts'
import {
  documentationCollections,
  fileVersion,
  loadVersion,
  type VersionRecord,
  versionOf,
  versionsOf,
} from './documentation-records.ts'
import { badRequest, conflict } from './errors.ts'
import { page } from './paging.ts'
import { applyPatches, type PatchTable, patchConstraints, textRow } from './patch.ts'
import { collections, getApi, missing, type StageRecord, shownTime } from './records.ts'
import { stageOf } from './stages.ts'

export const documentationVersions = {
  CreateDocumentationVersion: {
    async handle({ restApiId, documentationVersion: version, stageName, description }, call) {
      if (!/^[A-Za-z0-9_.-]{1,64}$/.test(version))
        throw badRequest('Invalid documentation version: only a-zA-Z0-9_.- are allowed')
      const createdAt = call.now.getTime()
      return call.documents.transact(async (transaction) => {
        const api = await getApi(transaction, call, restApiId, missing.parent)
        if (await loadVersion(transaction, api.id, version))
          throw conflict('Documentation version already exists')
        const record = await fileVersion(transaction, api.id, {
          version,
          ...(description !== undefined && { description }),
          createdAt,
        })
        if (stageName !== undefined) {
          const stage = await stageOf(transaction, call, api.id, stageName)
          transaction.put(collections.stages, `${api.id}/${stageName}`, {
            ...stage,
            documentationVersion: version,
            updatedAt: createdAt,
          })
        }
        return shownVersion(record)
      })
    },
  },

  GetDocumentationVersion: {
    async handle({ restApiId, documentationVersion }, call) {
      const api = await getApi(call.documents, call, restApiId)
      return shownVersion(await versionOf(call.documents, api.id, documentationVersion))
    },
  },

  GetDocumentationVersions: {
    async handle({ restApiId, ...paging }, call) {
      const api = await getApi(call.documents, call, restApiId)
      const present = await versionsOf(call.documents, api.id)
      const { items, position } = page(present, paging, ({ version }) => version)
      return { items: items.map(shownVersion), ...(position && { position }) }
    },
  },

  UpdateDocumentationVersion: {
    constraints: patchConstraints,
    async handle({ restApiId, documentationVersion, patchOperations }, call) {
      return call.documents.transact(async (transaction) => {
        const api = await getApi(transaction, call, restApiId)
        const before = await versionOf(transaction, api.id, documentationVersion)
        const changed = applyPatches(before, patchOperations, patches)
        transaction.put(
          documentationCollections.versions,
          `${api.id}/${documentationVersion}`,
          changed,
        )
        return shownVersion(changed)
      })
    },
  },

  DeleteDocumentationVersion: {
    async handle({ restApiId, documentationVersion }, call) {
      await call.documents.transact(async (transaction) => {
        const api = await getApi(transaction, call, restApiId)
        await versionOf(transaction, api.id, documentationVersion)
        const stages = await transaction.list<StageRecord>(collections.stages, {
          prefix: `${api.id}/`,
        })
        const user = stages.find(({ value }) => value.documentationVersion === documentationVersion)
        if (user !== undefined)
          throw badRequest(
            `Documentation version ${documentationVersion} is published by stage ${user.value.stageName}: set another one there first.`,
          )
        transaction.delete(documentationCollections.versions, `${api.id}/${documentationVersion}`)
      })
      return {}
    },
  },
} satisfies GatedOperations<typeof Sdk>

const patches: PatchTable<VersionRecord> = {
  '/description': textRow(({ description: _, ...record }, description) => ({
    ...record,
    ...(description !== undefined && { description }),
  })),
}

function shownVersion({
  version,
  description,
  createdAt,
}: VersionRecord): Sdk.DocumentationVersion {
  return { version, description, createdDate: shownTime(createdAt) }
}
