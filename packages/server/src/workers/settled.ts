/** A write is acknowledged when every process of this server has heard of it, not when it is on disk. */
import type { Documents } from '@sekisho/store'

/**
 * The same documents, but what was written counts as done only after `settle`: no other process then decides by what
 * stood there before. Writes that fail, and transactions that only read, wait for nobody.
 */
export function settled(documents: Documents, settle: () => Promise<void>): Documents {
  return {
    get: (...args) => documents.get(...args),
    list: (...args) => documents.list(...args),
    collections: () => documents.collections(),
    async transact(work) {
      let hasWritten = false
      const result = await documents.transact((transaction) => {
        hasWritten = false
        return work({
          get: (...args) => transaction.get(...args),
          list: (...args) => transaction.list(...args),
          put(...args) {
            hasWritten = true
            transaction.put(...args)
          },
          delete(...args) {
            hasWritten = true
            transaction.delete(...args)
          },
        })
      })
      if (hasWritten) await settle()
      return result
    },
  }
}
