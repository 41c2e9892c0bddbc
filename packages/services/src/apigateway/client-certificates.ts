/** Client certificates: how do backends know that it is API Gateway that calls? */
import type * as Sdk from '@aws-sdk/client-api-gateway'
import type { Reader } from '@sekisho/store'
import { type GatedOperations, requestTags } from '../service.ts'
import {
  type ClientCertificateRecord,
  connectionsOf,
  dropConnection,
  getConnection,
  putConnection,
} from './connection-records.ts'
import { badRequest, limitExceeded } from './errors.ts'
import { partId } from './ids.ts'
import { page } from './paging.ts'
import { applyPatches, type PatchTable, patchConstraints, textRow } from './patch.ts'
import { collections, type RestApiRecord, type StageRecord, shownTime } from './records.ts'
import { checkTags, tagNeeds } from './tags.ts'

/** @see API Gateway Developer Guide, "Quotas for configuring and running a REST API" */
const maxCertificates = 60
/** @see API Gateway Developer Guide, "Generate and configure an SSL certificate for backend authentication" */
const validMs = 365 * 86_400_000

export const clientCertificates = {
  GenerateClientCertificate: {
    keys: ({ tags }) => requestTags(tags),
    needs: ({ tags }, call) => tagNeeds(call, '/clientcertificates/*', tags),
    async handle({ description, tags }, call) {
      const createdAt = call.now.getTime()
      const { accountId, region } = call
      const pair = await call.certify('ApiGateway', call.now, new Date(createdAt + validMs))
      const record = await call.documents.transact(async (transaction) => {
        const present = await connectionsOf(transaction, 'clientCertificates', call)
        if (present.length >= maxCertificates)
          throw limitExceeded('Maximum number of client certificates has been reached.')
        const certificate: ClientCertificateRecord = {
          id: partId(call.ids, Object.fromEntries(present.map(({ id }) => [id, true]))),
          accountId,
          region,
          ...(description !== undefined && { description }),
          createdAt,
          expiresAt: createdAt + validMs,
          tags: checkTags(tags),
          ...pair,
        }
        putConnection(transaction, 'clientCertificates', certificate)
        return certificate
      })
      return shownCertificate(record)
    },
  },

  GetClientCertificate: {
    handle: async ({ clientCertificateId }, call) =>
      shownCertificate(
        await getConnection(call.documents, 'clientCertificates', call, clientCertificateId),
      ),
  },

  GetClientCertificates: {
    async handle(paging, call) {
      const present = await connectionsOf(call.documents, 'clientCertificates', call)
      const { items, position } = page(present, paging, ({ id }) => id)
      return { items: items.map(shownCertificate), ...(position && { position }) }
    },
  },

  UpdateClientCertificate: {
    constraints: patchConstraints,
    async handle({ clientCertificateId, patchOperations }, call) {
      const record = await call.documents.transact(async (transaction) => {
        const before = await getConnection(
          transaction,
          'clientCertificates',
          call,
          clientCertificateId,
        )
        const changed = applyPatches(before, patchOperations, patches)
        putConnection(transaction, 'clientCertificates', changed)
        return changed
      })
      return shownCertificate(record)
    },
  },

  DeleteClientCertificate: {
    async handle({ clientCertificateId }, call) {
      await call.documents.transact(async (transaction) => {
        const record = await getConnection(
          transaction,
          'clientCertificates',
          call,
          clientCertificateId,
        )
        const [user] = await stagesWith(transaction, record)
        if (user !== undefined)
          throw badRequest(
            `Client certificate ${record.id} is used by stage ${user}: set another one there first.`,
          )
        dropConnection(transaction, 'clientCertificates', record)
      })
      return {}
    },
  },
} satisfies GatedOperations<typeof Sdk>

async function stagesWith(
  reader: Reader,
  { id, accountId, region }: ClientCertificateRecord,
): Promise<readonly string[]> {
  const users: string[] = []
  const apis = await reader.list<RestApiRecord>(collections.apis, {
    prefix: `${accountId}/${region}/`,
  })
  for (const { value: api } of apis)
    for (const { value } of await reader.list<StageRecord>(collections.stages, {
      prefix: `${api.id}/`,
    }))
      if (value.clientCertificateId === id) users.push(`${api.id}/${value.stageName}`)
  return users
}

const patches: PatchTable<ClientCertificateRecord> = {
  '/description': textRow(({ description: _, ...record }, description) => ({
    ...record,
    ...(description !== undefined && { description }),
  })),
}

function shownCertificate(record: ClientCertificateRecord): Sdk.ClientCertificate {
  return {
    clientCertificateId: record.id,
    description: record.description,
    pemEncodedCertificate: record.certificate,
    createdDate: shownTime(record.createdAt),
    expirationDate: shownTime(record.expiresAt),
    tags: Object.keys(record.tags).length > 0 ? { ...record.tags } : undefined,
  }
}
