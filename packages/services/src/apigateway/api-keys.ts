/** API keys: who may call methods that require one? */
import type * as Sdk from '@aws-sdk/client-api-gateway'
import type { Reader } from '@sekisho/store'
import { type Call, type GatedOperations, requestTags } from '../service.ts'
import { badRequest, conflict, notSupported, refuseMembers } from './errors.ts'
import { keyId } from './ids.ts'
import {
  type ApiKeyRecord,
  dropKey,
  fileKey,
  findKey,
  getKey,
  keyCollections,
  keyIn,
  keyOfValue,
  type OrderRow,
  putKey,
} from './key-records.ts'
import { pageSize, positionOf, startAfter } from './paging.ts'
import {
  applyPatches,
  booleanOf,
  listingWording,
  type PatchTable,
  patchConstraints,
  textRow,
} from './patch.ts'
import { shownTime } from './records.ts'
import { checkTags, tagNeeds } from './tags.ts'

const valueAlphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const valueLength = 40

export const apiKeys = {
  CreateApiKey: {
    keys: ({ tags }) => requestTags(tags),
    needs: ({ tags }, call) => tagNeeds(call, '/apikeys/*', tags),
    async handle(input, call) {
      // `generateDistinctId` has had no effect since keys have ids of their own.
      refuseMembers(input, ['stageKeys'])
      const { value = call.ids.text(valueAlphabet, valueLength) } = input
      checkValue(value)
      checkTexts(input)
      const record = newKey(call, { ...input, value, tags: checkTags(input.tags) })
      await call.documents.transact(async (transaction) => {
        if (await keyOfValue(transaction, call, value)) throw conflict('API Key already exists')
        await fileKey(transaction, record)
      })
      return shownKey(record, true)
    },
  },

  GetApiKey: {
    handle: async ({ apiKey, includeValue }, call) =>
      shownKey(await getKey(call.documents, call, apiKey), includeValue === true),
  },

  GetApiKeys: {
    async handle({ nameQuery = '', customerId, includeValues, ...paging }, call) {
      const matches = (row: OrderRow) =>
        (row.name ?? '').startsWith(nameQuery) &&
        (customerId === undefined || row.customerId === customerId)
      const size = pageSize(paging.limit)
      const { rows, position } = await filtered(call.documents, call, paging, size, matches)
      const keys = await Promise.all(rows.map(({ id }) => findKey(call.documents, call, id)))
      return {
        items: keys.flatMap((key) => (key ? [shownKey(key, includeValues === true)] : [])),
        ...(position && { position }),
      }
    },
  },

  UpdateApiKey: {
    constraints: patchConstraints,
    async handle({ apiKey, patchOperations }, call) {
      const record = await call.documents.transact(async (transaction) => {
        const before = await getKey(transaction, call, apiKey)
        const changed = applyPatches(before, patchOperations, patches, listingWording)
        checkTexts(changed)
        const updated = { ...changed, updatedAt: call.now.getTime() }
        putKey(transaction, updated)
        return updated
      })
      return shownKey(record, false)
    },
  },

  DeleteApiKey: {
    async handle({ apiKey }, call) {
      await call.documents.transact(async (transaction) =>
        dropKey(transaction, await getKey(transaction, call, apiKey)),
      )
      return {}
    },
  },
} satisfies GatedOperations<typeof Sdk>

export function newKey(
  { accountId, region, now, ids }: Call,
  given: {
    readonly value: string
    readonly tags: Readonly<Record<string, string>>
    readonly name?: string | undefined
    readonly description?: string | undefined
    readonly customerId?: string | undefined
    readonly enabled?: boolean | undefined
  },
): ApiKeyRecord {
  const { value, tags, name, description, customerId, enabled = false } = given
  const at = now.getTime()
  return {
    id: keyId(ids),
    accountId,
    region,
    value,
    ...(name !== undefined && { name }),
    ...(description !== undefined && { description }),
    ...(customerId !== undefined && { customerId }),
    enabled,
    createdAt: at,
    updatedAt: at,
    tags,
    planIds: [],
  }
}

function checkValue(value: string): void {
  if (value.length < 20) throw badRequest('API Key value should be at least 20 characters')
  if (value.length > 128) throw badRequest('API Key value exceeds maximum size of 128 characters')
}

function checkTexts({
  name = '',
  description = '',
}: {
  readonly name?: string | undefined
  readonly description?: string | undefined
}): void {
  if (name.length > 1_024) throw badRequest('Invalid API Key name, can be at most 1024 characters.')
  if (description.length > 125_000) throw badRequest('Invalid API Key description specified.')
}

/** A page of what matches, read in pieces: the rest of ten thousand keys is not looked at. */
async function filtered(
  reader: Reader,
  call: Call,
  { position }: { readonly position?: string | undefined },
  size: number,
  matches: (row: OrderRow) => boolean,
): Promise<{ rows: readonly OrderRow[]; position?: string }> {
  const prefix = `${keyIn(call)}/`
  const rows: { readonly row: OrderRow; readonly key: string }[] = []
  let after = startAfter(prefix, position)
  for (;;) {
    const piece = await reader.list<OrderRow>(keyCollections.order, {
      prefix,
      ...(after !== undefined && { after }),
      limit: 500,
    })
    for (const { key, value: row } of piece) if (matches(row)) rows.push({ row, key })
    after = piece.at(-1)?.key
    if (piece.length < 500 || rows.length > size) break
  }
  const found = rows.slice(0, size)
  return {
    rows: found.map(({ row }) => row),
    ...(rows.length > size && { position: positionOf(prefix, found.at(-1)!.key) }),
  }
}

const unsupported = {
  ops: ['add', 'remove'],
  apply(): never {
    throw notSupported('Linking API keys to stages without a usage plan')
  },
} as const

/** @see API Gateway API Reference, "Patch operations" (UpdateApiKey) */
const patches: PatchTable<ApiKeyRecord> = {
  '/description': textRow(({ description: _, ...key }, description) => ({
    ...key,
    ...(description !== undefined && { description }),
  })),
  '/enabled': {
    ops: ['replace'],
    apply: (key, patch) => ({ ...key, enabled: booleanOf(patch, 'enabled') }),
  },
  '/name': textRow(({ name: _, ...key }, name) => ({
    ...key,
    ...(name !== undefined && { name }),
  })),
  '/customerId': textRow(({ customerId: _, ...key }, customerId) => ({
    ...key,
    ...(customerId !== undefined && { customerId }),
  })),
  '/stages': unsupported,
  '/labels': unsupported,
}

export function shownKey(key: ApiKeyRecord, withValue: boolean): Sdk.ApiKey {
  return {
    id: key.id,
    ...(withValue && { value: key.value }),
    name: key.name,
    customerId: key.customerId,
    description: key.description,
    enabled: key.enabled,
    createdDate: shownTime(key.createdAt),
    lastUpdatedDate: shownTime(key.updatedAt),
    stageKeys: [],
    tags: Object.keys(key.tags).length > 0 ? { ...key.tags } : undefined,
  }
}
