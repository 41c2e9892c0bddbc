/** Who is behind an access key, and what policies does that principal have? */
import type { PolicySet, Principal } from '@sekisho/policy'
import type { Store } from '@sekisho/store'
import { type AccessKeyRecord, accessKeysCollection } from './accounts.ts'

export interface Identity {
  readonly secretAccessKey: string
  readonly principal: Principal
  readonly accountId: string
  /** The caller's own side: identity policies, boundary, session, organization. */
  readonly policies: PolicySet
}

/** Answers at once: every key is in memory, and a change is heard of before the next request. */
export interface Identities extends Disposable {
  readonly find: (accessKeyId: string) => Identity | undefined
}

/**
 * Loads every key and keeps up with changes. A key that has changed is refused until it is known what has become of it.
 *
 * @param onError  hears of a key that could not be read; it stays refused
 */
export async function openIdentities(
  { documents, changes }: Pick<Store, 'documents' | 'changes'>,
  onError: (error: unknown) => void = rethrow,
): Promise<Identities> {
  const byKey = new Map<string, Identity>()
  /** How often each key has changed: what was read before the last change does not count. */
  const changeCounts = new Map<string, number>()
  const load = async (accessKeyId: string, changeCount: number) => {
    const stored = await documents.get<AccessKeyRecord>(accessKeysCollection, accessKeyId)
    if (stored && changeCounts.get(accessKeyId) === changeCount)
      byKey.set(accessKeyId, identityOf(stored.value))
  }
  const subscription = changes.subscribe((told) => {
    for (const { collection, key } of told) {
      if (collection !== accessKeysCollection) continue
      const changeCount = (changeCounts.get(key) ?? 0) + 1
      changeCounts.set(key, changeCount)
      byKey.delete(key)
      load(key, changeCount).catch(onError)
    }
  })
  for (const { key, value } of await documents.list<AccessKeyRecord>(accessKeysCollection))
    if (!changeCounts.has(key)) byKey.set(key, identityOf(value))
  return {
    find: (accessKeyId) => byKey.get(accessKeyId),
    [Symbol.dispose]: () => subscription[Symbol.dispose](),
  }
}

function rethrow(error: unknown): never {
  throw error
}

function identityOf({ secretAccessKey, accountId }: AccessKeyRecord): Identity {
  const principal: Principal = { type: 'root', accountId, arn: `arn:aws:iam::${accountId}:root` }
  return { secretAccessKey, principal, accountId, policies: {} }
}
