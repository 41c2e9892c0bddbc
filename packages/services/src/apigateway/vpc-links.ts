/** VPC links: by which load balancers are HTTP backends within a VPC reached? */
import type * as Sdk from '@aws-sdk/client-api-gateway'
import type { Reader } from '@sekisho/store'
import { type Call, type GatedOperations, requestTags } from '../service.ts'
import {
  connectionsOf,
  dropConnection,
  getConnection,
  putConnection,
  type VpcLinkRecord,
} from './connection-records.ts'
import { badRequest, limitExceeded } from './errors.ts'
import { partId } from './ids.ts'
import type { SnapshotIntegration } from './integration-rules.ts'
import { page } from './paging.ts'
import { applyPatches, type PatchTable, patchConstraints, textRow } from './patch.ts'
import { collections, type RestApiRecord } from './records.ts'
import { checkTags, tagNeeds } from './tags.ts'

/** @see API Gateway Developer Guide, "Quotas for configuring and running a REST API" */
const maxLinks = 20

export const vpcLinks = {
  CreateVpcLink: {
    keys: ({ tags }) => requestTags(tags),
    needs: ({ tags }, call) => tagNeeds(call, '/vpclinks/*', tags),
    async handle({ name, description, targetArns, tags }, call) {
      if (name === '') throw badRequest('Name cannot be empty')
      checkTargets(targetArns)
      const { accountId, region, now } = call
      const record = await call.documents.transact(async (transaction) => {
        const present = await connectionsOf(transaction, 'vpcLinks', call)
        if (present.length >= maxLinks)
          throw limitExceeded('Maximum number of VPC links has been reached.')
        const link: VpcLinkRecord = {
          id: partId(call.ids, Object.fromEntries(present.map(({ id }) => [id, true]))),
          accountId,
          region,
          name,
          ...(description !== undefined && { description }),
          targetArns,
          createdAt: now.getTime(),
          tags: checkTags(tags),
        }
        putConnection(transaction, 'vpcLinks', link)
        return link
      })
      // Clients wait for the link that they have just made.
      return { ...shownLink(record), status: 'PENDING' as const, statusMessage: undefined }
    },
  },

  GetVpcLink: {
    handle: async ({ vpcLinkId }, call) =>
      shownLink(await getConnection(call.documents, 'vpcLinks', call, vpcLinkId)),
  },

  GetVpcLinks: {
    async handle(paging, call) {
      const links = await connectionsOf(call.documents, 'vpcLinks', call)
      const { items, position } = page(links, paging, ({ id }) => id)
      return { items: items.map(shownLink), ...(position && { position }) }
    },
  },

  UpdateVpcLink: {
    constraints: patchConstraints,
    async handle({ vpcLinkId, patchOperations }, call) {
      const record = await call.documents.transact(async (transaction) => {
        const before = await getConnection(transaction, 'vpcLinks', call, vpcLinkId)
        const changed = applyPatches(before, patchOperations, patches)
        putConnection(transaction, 'vpcLinks', changed)
        return changed
      })
      return shownLink(record)
    },
  },

  DeleteVpcLink: {
    async handle({ vpcLinkId }, call) {
      await call.documents.transact(async (transaction) => {
        const record = await getConnection(transaction, 'vpcLinks', call, vpcLinkId)
        const users = await usersOf(transaction, record)
        if (users.length > 0)
          throw badRequest(
            `Cannot delete vpc link. Vpc link '${record.id}', is referenced in [${users.join(', ')}] in format of [Method:Resource:Api].`,
          )
        dropConnection(transaction, 'vpcLinks', record)
      })
      return {}
    },
  },
} satisfies GatedOperations<typeof Sdk>

/** @throws AwsError  the integration names a link that is not there; one that a stage variable names is looked for at each call */
export async function checkVpcLink(
  call: Call,
  { connectionType, connectionId = '' }: Partial<SnapshotIntegration>,
): Promise<void> {
  if (connectionType === 'VPC_LINK' && !connectionId.includes('${'))
    await getConnection(call.documents, 'vpcLinks', call, connectionId)
}

function checkTargets(targetArns: readonly string[]): void {
  if (targetArns.length !== 1) throw badRequest('Only one Network Load Balancer ARN is allowed.')
  for (const arn of targetArns)
    if (!/^arn:aws[a-z-]*:elasticloadbalancing:[a-z0-9-]+:\d{12}:loadbalancer\/.+$/.test(arn))
      throw badRequest(`Invalid ARN. ARN is not well formed ${arn}`)
}

async function usersOf(reader: Reader, link: VpcLinkRecord): Promise<readonly string[]> {
  const prefix = `${link.accountId}/${link.region}/`
  const apis = await reader.list<RestApiRecord>(collections.apis, { prefix })
  return apis.flatMap(({ value: api }) =>
    Object.values(api.resources).flatMap(({ id, methods }) =>
      Object.entries(methods)
        .filter(([, { methodIntegration }]) => methodIntegration?.connectionId === link.id)
        .map(([method]) => `${method}:${id}:${api.id}`),
    ),
  )
}

const patches: PatchTable<VpcLinkRecord> = {
  '/name': textRow((record, name) => {
    if (name === undefined) throw badRequest('Name cannot be empty')
    return { ...record, name }
  }),
  '/description': textRow(({ description: _, ...record }, description) => ({
    ...record,
    ...(description !== undefined && { description }),
  })),
}

function shownLink({ id, name, description, targetArns, tags }: VpcLinkRecord): Sdk.VpcLink {
  return {
    id,
    name,
    description,
    targetArns: [...targetArns],
    status: 'AVAILABLE',
    statusMessage: 'Your vpc link is ready for use',
    tags: Object.keys(tags).length > 0 ? { ...tags } : undefined,
  }
}
