/** Back to an empty server: everything goes but the first account and its root key. */
import { accessKeysCollection, accountsCollection } from '@sekisho/services'
import type { State } from '@sekisho/store'

interface Kept {
  readonly accountId?: string
  readonly userName?: string
}

/**
 * One transaction for the records, so that nobody sees half of them gone; then the bytes that no record names any more.
 *
 * @param keptAccountId  the first account's number
 */
export async function reset(
  { documents, blobs, counters }: Pick<State, 'documents' | 'blobs' | 'counters'>,
  keptAccountId: string,
): Promise<void> {
  const isKept: Readonly<Record<string, (key: string, value: Kept) => boolean>> = {
    [accountsCollection]: (key) => key === keptAccountId,
    [accessKeysCollection]: (_, { accountId, userName }) =>
      accountId === keptAccountId && userName === undefined,
  }
  // Asked of the store, so that no collection can be forgotten here.
  const collections = await documents.collections()
  await documents.transact(async (transaction) => {
    for (const collection of collections)
      for (const { key, value } of await transaction.list<Kept>(collection))
        if (!isKept[collection]?.(key, value)) transaction.delete(collection, key)
  })
  await counters.forget('')
  for await (const name of blobs.list('')) await blobs.delete(name)
}
