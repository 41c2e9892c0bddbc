/** Back to an empty server: everything goes but the first account and its root key. */
import { accessKeysCollection, accountsCollection, apigatewayCollections } from '@sekisho/services'
import type { Store } from '@sekisho/store'
import { policiesCollection } from './trail/policies.ts'

/** Whatever belongs to somebody; the accounts themselves are dealt with by name. */
const emptied: readonly string[] = [...Object.values(apigatewayCollections), policiesCollection]

/**
 * One transaction for the records, so that nobody sees half of them gone; then the bytes that no record names any more.
 *
 * @param keptAccountId  the first account's number
 */
export async function reset(
  { documents, blobs }: Pick<Store, 'documents' | 'blobs'>,
  keptAccountId: string,
): Promise<void> {
  await documents.transact(async (transaction) => {
    for (const collection of emptied)
      for (const { key } of await transaction.list(collection)) transaction.delete(collection, key)
    for (const { key } of await transaction.list(accountsCollection))
      if (key !== keptAccountId) transaction.delete(accountsCollection, key)
    for (const { key, value } of await transaction.list<{ accountId: string }>(
      accessKeysCollection,
    ))
      if (value.accountId !== keptAccountId) transaction.delete(accessKeysCollection, key)
  })
  for await (const name of blobs.list('')) await blobs.delete(name)
}
