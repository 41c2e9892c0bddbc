/** Log groups: what streams belong to, and how long events are kept. */
import type * as Sdk from '@aws-sdk/client-cloudwatch-logs'
import type { Reader, Stored } from '@sekisho/store'
import { type Call, type Operations, requestTags } from '../service.ts'
import { alreadyExists, invalidParameter, noGroup, notSupported } from './errors.ts'
import { groupNeed } from './gate.ts'
import { makeToken, readToken } from './paging.ts'
import {
  type GroupRecord,
  groupArn,
  groupKey,
  groupOf,
  identifiedGroup,
  logsCollections,
  type StreamRecord,
} from './records.ts'
import { sweepGone } from './sweep.ts'
import { checkTags } from './tag-rules.ts'

/** @see CloudWatch Logs API Reference, "CreateLogGroup", "PutRetentionPolicy" */
const retentionDays = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288,
  3653,
] as const

const largestPage = 50

export const groupName = {
  logGroupName: [{ minLength: 1, maxLength: 512 }, { pattern: /[.\-_/#A-Za-z0-9]+/ }],
} as const

const classes = { logGroupClass: { enum: ['STANDARD', 'INFREQUENT_ACCESS', 'DELIVERY'] } } as const
const page = { limit: { min: 1, max: largestPage } } as const

export const groups = {
  CreateLogGroup: {
    constraints: { ...groupName, ...classes },
    needs: async ({ logGroupName: name, tags }, call) => {
      const keys = requestTags(tags)
      const creating = await groupNeed('CreateLogGroup', { ...call, name }, call, keys)
      if (Object.keys(tags ?? {}).length === 0) return [creating]
      return [creating, await groupNeed('TagResource', { ...call, name }, call, keys)]
    },
    async handle({ logGroupName: name, tags, ...rest }, call) {
      if (rest.deletionProtectionEnabled) throw notSupported('Deletion protection')
      if (rest.kmsKeyId !== undefined) throw notSupported('Encryption with a KMS key')
      if (rest.logGroupClass !== undefined && rest.logGroupClass !== 'STANDARD')
        throw notSupported(`The log group class ${rest.logGroupClass}`)
      if (/^aws\//i.test(name))
        throw invalidParameter('Log groups starting with AWS/ are reserved for AWS.')
      checkTags(tags)
      const record: GroupRecord = {
        ...newGroup({ ...call, name }, call, call.now.getTime()),
        tags: { ...tags },
      }
      await call.documents.transact(async (transaction) => {
        const key = groupKey(record)
        if (await transaction.get(logsCollections.groups, key))
          throw alreadyExists('The specified log group already exists')
        transaction.put(logsCollections.groups, key, record)
      })
      return {}
    },
  },

  DeleteLogGroup: {
    constraints: groupName,
    needs: async ({ logGroupName: name }, call) => [
      await groupNeed('DeleteLogGroup', { ...call, name }, call),
    ],
    async handle({ logGroupName: name }, call) {
      await call.documents.transact(async (transaction) => {
        const group = await groupOf(transaction, { ...call, name })
        const streams = await transaction.list<StreamRecord>(logsCollections.streams, {
          prefix: `${group.id}/`,
        })
        for (const { key, value } of streams) {
          transaction.delete(logsCollections.streams, key)
          transaction.put(logsCollections.gone, value.id, null)
        }
        transaction.delete(logsCollections.sizes, group.id)
        transaction.delete(logsCollections.groups, groupKey(group))
      })
      await sweepGone(call.documents)
      return {}
    },
  },

  DescribeLogGroups: {
    constraints: {
      ...page,
      ...classes,
      logGroupNamePrefix: groupName.logGroupName,
      logGroupNamePattern: { pattern: /[.\-_/#A-Za-z0-9]*/ },
    },
    needs: (_input, { accountId, region }) => [
      {
        action: 'logs:DescribeLogGroups',
        resource: `arn:aws:logs:${region}:${accountId}:log-group::log-stream:`,
      },
    ],
    async handle(input, call) {
      const { logGroupNamePrefix: prefix, logGroupNamePattern: pattern, limit } = input
      if (prefix !== undefined && pattern !== undefined)
        throw invalidParameter(
          'LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.',
        )
      if (input.includeLinkedAccounts || (input.accountIdentifiers?.length ?? 0) > 0)
        throw notSupported('Observability across accounts')
      const isShown = input.logGroupClass === undefined || input.logGroupClass === 'STANDARD'
      const query: GroupQuery = {
        identifiers: input.logGroupIdentifiers ?? [],
        prefix: prefix ?? '',
        pattern: pattern?.toLowerCase() ?? '',
        after: readToken(input.nextToken),
        limit: limit ?? largestPage,
      }
      const { items, token } = isShown ? await pageOfGroups(query, call) : { items: [] }
      const logGroups = await Promise.all(items.map((group) => shownGroup(call.documents, group)))
      return { logGroups, ...(token !== undefined && { nextToken: makeToken(token) }) }
    },
  },

  PutRetentionPolicy: {
    constraints: groupName,
    needs: async ({ logGroupName: name }, call) => [
      await groupNeed('PutRetentionPolicy', { ...call, name }, call),
    ],
    async handle({ logGroupName, retentionInDays }, call) {
      if (!retentionDays.some((days) => days === retentionInDays))
        throw invalidParameter(
          `1 validation error detected: Value '${retentionInDays}' at 'retentionInDays' failed to satisfy constraint: Member must satisfy enum value set: [${retentionDays.join(', ')}]`,
        )
      await changeGroup(call, logGroupName, (group) => ({ ...group, retentionInDays }))
      return {}
    },
  },

  DeleteRetentionPolicy: {
    constraints: groupName,
    needs: async ({ logGroupName: name }, call) => [
      await groupNeed('DeleteRetentionPolicy', { ...call, name }, call),
    ],
    async handle({ logGroupName }, call) {
      await changeGroup(call, logGroupName, ({ retentionInDays: _, ...group }) => group)
      return {}
    },
  },
} satisfies Operations<typeof Sdk>

export function newGroup(
  { accountId, region, name }: Pick<GroupRecord, 'accountId' | 'region' | 'name'>,
  { ids }: Pick<Call, 'ids'>,
  nowMs: number,
): GroupRecord {
  return { id: newId(ids), accountId, region, name, createdAt: nowMs, tags: {} }
}

/** No two groups or streams have the same, not even when one takes the name of another. */
export function newId(ids: Call['ids']): string {
  return ids.text('0123456789abcdefghijklmnopqrstuvwxyz', 20)
}

/** @throws AwsError ResourceNotFoundException */
export async function changeGroup(
  call: Call,
  name: string,
  change: (group: GroupRecord) => GroupRecord,
): Promise<void> {
  await call.documents.transact(async (transaction) => {
    const group = await groupOf(transaction, { ...call, name })
    transaction.put(logsCollections.groups, groupKey(group), change(group))
  })
}

interface GroupQuery {
  readonly identifiers: readonly string[]
  readonly prefix: string
  /** Lower case; stands anywhere in the name. */
  readonly pattern: string
  readonly after: string | undefined
  readonly limit: number
}

interface GroupPage {
  readonly items: readonly GroupRecord[]
  /** The last name of the page, where another follows. */
  readonly token?: string | undefined
}

async function pageOfGroups(query: GroupQuery, call: Call): Promise<GroupPage> {
  const { pattern, after, limit } = query
  const found =
    query.identifiers.length > 0 ? await identified(query, call) : await listed(query, call)
  const from = found
    .map(({ value }) => value)
    .filter(({ name }) => name.toLowerCase().includes(pattern))
    .filter(({ name }) => after === undefined || name > after)
  const items = from.slice(0, limit)
  return { items, token: from.length > limit ? items.at(-1)?.name : undefined }
}

/** Only as many as the page needs, unless a pattern says which of them are meant. */
function listed(
  { prefix, pattern, after, limit }: GroupQuery,
  call: Call,
): Promise<readonly Stored<GroupRecord>[]> {
  return call.documents.list<GroupRecord>(logsCollections.groups, {
    prefix: groupKey({ ...call, name: prefix }),
    ...(after !== undefined && { after: groupKey({ ...call, name: after }) }),
    ...(pattern === '' && { limit: limit + 1 }),
  })
}

/** @throws AwsError ResourceNotFoundException */
async function identified(
  { identifiers }: GroupQuery,
  call: Call,
): Promise<readonly Stored<GroupRecord>[]> {
  const keys = identifiers.map((identifier) => groupKey(identifiedGroup(identifier, call)))
  const found = await Promise.all(
    keys.sort().map((key) => call.documents.get<GroupRecord>(logsCollections.groups, key)),
  )
  return found.map((group) => {
    if (group === undefined) throw noGroup()
    return group
  })
}

async function shownGroup(reader: Reader, group: GroupRecord): Promise<Sdk.LogGroup> {
  const size = await reader.get<number>(logsCollections.sizes, group.id)
  const arn = groupArn(group)
  return {
    logGroupName: group.name,
    creationTime: group.createdAt,
    retentionInDays: group.retentionInDays,
    metricFilterCount: 0,
    arn: `${arn}:*`,
    storedBytes: size?.value ?? 0,
    logGroupClass: 'STANDARD',
    logGroupArn: arn,
    deletionProtectionEnabled: false,
  }
}
