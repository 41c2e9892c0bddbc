/** Policies and access controls: configurations under an id and a name, which distributions refer to. */
import type { Reader } from '@sekisho/store'
import type { Call } from '../service.ts'
import { type CloudFrontError, checkVersion, fail } from './errors.ts'
import { checkQuantities } from './quantities.ts'
import { type DistributionConfig, distributionsOf, newEtag } from './records.ts'

export interface Kept<Config> {
  readonly id: string
  readonly accountId: string
  readonly etag: string
  /** Epoch milliseconds. */
  readonly createdAt: number
  readonly modifiedAt: number
  readonly config: Config
}

/** One kind of such configurations. */
export interface Kind<Config extends { readonly Name: string | undefined }> {
  readonly collection: string
  /** `cache policy` */
  readonly word: string
  readonly missing: CloudFrontError
  readonly taken: CloudFrontError
  readonly inUse: CloudFrontError
  readonly tooMany: CloudFrontError
  /** How many an account may have. @see CloudFront Developer Guide, "Quotas" */
  readonly most: number
  readonly newId: (ids: Call['ids']) => string
  /** What AWS brings, by id. */
  readonly managed?: ReadonlyMap<string, Config>
  /** Whether a distribution refers to it. */
  readonly refers?: (config: DistributionConfig, id: string) => boolean
  /** Whether something else does. */
  readonly isUsed?: (id: string, accountId: string, reader: Reader) => Promise<boolean>
  /** @throws AwsError  what is wrong with it */
  readonly check: (config: Config) => void
  /** @throws AwsError  what may not change */
  readonly checkChange?: (before: Config, after: Config) => void
}

type Named = { readonly Name: string | undefined }

/** Managed ones have never been changed. */
const managedVersion = 'E23ZP02F085DFQ'
const managedAt = Date.UTC(2021, 2, 16)

export async function findKept<Config extends Named>(
  kind: Kind<Config>,
  id: string,
  accountId: string,
  reader: Reader,
): Promise<Kept<Config> | undefined> {
  const managed = kind.managed?.get(id)
  if (managed !== undefined)
    return {
      id,
      accountId: 'aws',
      etag: managedVersion,
      createdAt: managedAt,
      modifiedAt: managedAt,
      config: managed,
    }
  return (await reader.get<Kept<Config>>(kind.collection, keyOf(accountId, id)))?.value
}

/** @throws AwsError  of the kind's own name */
export async function keptOf<Config extends Named>(
  kind: Kind<Config>,
  id: string | undefined,
  { accountId, documents }: Pick<Call, 'accountId' | 'documents'>,
): Promise<Kept<Config>> {
  const found = await findKept(kind, id ?? '', accountId, documents)
  if (found === undefined) throw missing(kind)
  return found
}

/** Of the account, by id, those of AWS before them. */
export async function listKept<Config extends Named>(
  kind: Kind<Config>,
  { accountId, documents }: Call,
): Promise<readonly Kept<Config>[]> {
  const managed = [...(kind.managed ?? [])].map(([id, config]) => ({
    id,
    accountId: 'aws',
    etag: managedVersion,
    createdAt: managedAt,
    modifiedAt: managedAt,
    config,
  }))
  return [...managed, ...(await ownKept<Config>(kind.collection, accountId, documents))].sort(
    (one, other) => (one.id < other.id ? -1 : 1),
  )
}

export async function createKept<Config extends Named>(
  kind: Kind<Config>,
  config: Config,
  { accountId, ids, now, documents }: Call,
): Promise<Kept<Config>> {
  checkQuantities(config)
  kind.check(config)
  const record: Kept<Config> = {
    id: kind.newId(ids),
    accountId,
    etag: newEtag(ids),
    createdAt: now.getTime(),
    modifiedAt: now.getTime(),
    config,
  }
  await documents.transact(async (transaction) => {
    const own = await ownKept<Config>(kind.collection, accountId, transaction)
    refuseTaken(kind, own, record)
    if (own.length >= kind.most)
      throw fail(kind.tooMany, `You have reached the maximum number of ${plural(kind.word)}.`)
    transaction.put(kind.collection, keyOf(accountId, record.id), record)
  })
  return record
}

export async function updateKept<Config extends Named>(
  kind: Kind<Config>,
  id: string,
  ifMatch: string | undefined,
  config: Config,
  { accountId, ids, now, documents }: Call,
): Promise<Kept<Config>> {
  checkQuantities(config)
  kind.check(config)
  const etag = newEtag(ids)
  return documents.transact(async (transaction) => {
    const before = await changeable(kind, id, 'IllegalUpdate', accountId, transaction)
    checkVersion(ifMatch, before.etag)
    kind.checkChange?.(before.config, config)
    const record: Kept<Config> = { ...before, etag, modifiedAt: now.getTime(), config }
    refuseTaken(kind, await ownKept<Config>(kind.collection, accountId, transaction), record)
    transaction.put(kind.collection, keyOf(accountId, id), record)
    return record
  })
}

export async function deleteKept<Config extends Named>(
  kind: Kind<Config>,
  id: string,
  ifMatch: string | undefined,
  { accountId, documents }: Call,
): Promise<void> {
  await documents.transact(async (transaction) => {
    const before = await changeable(kind, id, 'IllegalDelete', accountId, transaction)
    checkVersion(ifMatch, before.etag)
    if (await isUsed(kind, id, accountId, transaction))
      throw fail(kind.inUse, `The ${kind.word} cannot be deleted because it is in use.`)
    transaction.delete(kind.collection, keyOf(accountId, id))
  })
}

async function isUsed<Config extends Named>(
  { refers, isUsed }: Kind<Config>,
  id: string,
  accountId: string,
  reader: Reader,
): Promise<boolean> {
  if (await isUsed?.(id, accountId, reader)) return true
  if (refers === undefined) return false
  return (await distributionsOf(reader, accountId)).some(({ config }) => refers(config, id))
}

/** @throws AwsError  there is none, or it is AWS's own */
async function changeable<Config extends Named>(
  kind: Kind<Config>,
  id: string,
  illegal: 'IllegalUpdate' | 'IllegalDelete',
  accountId: string,
  reader: Reader,
): Promise<Kept<Config>> {
  if (kind.managed?.has(id)) {
    const what = illegal === 'IllegalUpdate' ? 'updated' : 'deleted'
    throw fail(illegal, `A managed ${kind.word} cannot be ${what}.`)
  }
  const found = await findKept(kind, id, accountId, reader)
  if (found === undefined) throw missing(kind)
  return found
}

export async function ownKept<Config>(
  collection: string,
  accountId: string,
  reader: Reader,
): Promise<readonly Kept<Config>[]> {
  const found = await reader.list<Kept<Config>>(collection, { prefix: `${accountId}/` })
  return found.map(({ value }) => value)
}

function refuseTaken<Config extends Named>(
  kind: Kind<Config>,
  own: readonly Kept<Config>[],
  record: Kept<Config>,
): void {
  const { Name } = record.config
  if (own.some(({ id, config }) => config.Name === Name && id !== record.id))
    throw fail(kind.taken, `A ${kind.word} with this name already exists in your account.`)
}

function missing<Config extends Named>({ missing, word }: Kind<Config>) {
  return fail(missing, `The specified ${word} does not exist.`)
}

function plural(word: string): string {
  return word.endsWith('y') ? `${word.slice(0, -1)}ies` : `${word}s`
}

function keyOf(accountId: string, id: string): string {
  return `${accountId}/${id}`
}

/** As lists of policies call them. */
export function typeOf({ accountId }: Kept<unknown>): 'managed' | 'custom' {
  return accountId === 'aws' ? 'managed' : 'custom'
}
