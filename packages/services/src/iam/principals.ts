/** Who is behind an access key, and what policies does that principal have? */
import type { PolicySet, Principal } from '@sekisho/policy'
import type { Documents, Store } from '@sekisho/store'
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

export async function openIdentities({
  documents,
  changes,
}: Pick<Store, 'documents' | 'changes'>): Promise<Identities> {
  const byKey = new Map<string, Identity>()
  const load = async (accessKeyId: string) => {
    const stored = await documents.get<AccessKeyRecord>(accessKeysCollection, accessKeyId)
    if (stored) byKey.set(accessKeyId, identityOf(stored.value))
    else byKey.delete(accessKeyId)
  }
  const subscription = changes.subscribe((told) => {
    for (const { collection, key } of told) {
      if (collection !== accessKeysCollection) continue
      // Refused until it is known what the key has become.
      byKey.delete(key)
      void load(key)
    }
  })
  await loadAll(documents, byKey)
  return {
    find: (accessKeyId) => byKey.get(accessKeyId),
    [Symbol.dispose]: () => subscription[Symbol.dispose](),
  }
}

async function loadAll(documents: Documents, byKey: Map<string, Identity>): Promise<void> {
  for (const { value } of await documents.list<AccessKeyRecord>(accessKeysCollection))
    byKey.set(value.accessKeyId, identityOf(value))
}

function identityOf({ secretAccessKey, accountId }: AccessKeyRecord): Identity {
  const principal: Principal = { type: 'root', accountId, arn: `arn:aws:iam::${accountId}:root` }
  return { secretAccessKey, principal, accountId, policies: {} }
}
