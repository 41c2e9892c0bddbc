/** How much waits to be delivered? Where it is too much, no further events are taken. */
import {
  bytesOfDelivery,
  deliveriesCollection,
  isBacklogFull,
  keepBacklogFull,
  mostWaiting,
} from '@sekisho/services'
import type { State } from '@sekisho/store'

/** Read at once when it begins. */
const pageSize = 200
/** What waits is little enough again below this part of what may wait. */
const emptyEnough = 0.9

export class Backlog {
  readonly #documents: State['documents']
  readonly #known = new Set<string>()
  #bytes = 0
  #isFull = false

  constructor(documents: State['documents']) {
    this.#documents = documents
  }

  async begin(): Promise<void> {
    let after: string | undefined
    for (;;) {
      const range = { limit: pageSize, ...(after !== undefined && { after }) }
      const page = await this.#documents.list(deliveriesCollection, range)
      for (const { key } of page) this.#add(key)
      after = page.at(-1)?.key
      if (page.length < pageSize) break
    }
    this.#isFull = await isBacklogFull(this.#documents)
    await this.#tell()
  }

  /** Somebody wrote it or took it away. */
  async look(key: string): Promise<void> {
    const isThere = (await this.#documents.get(deliveriesCollection, key)) !== undefined
    if (isThere) this.#add(key)
    else if (this.#known.delete(key)) this.#bytes -= bytesOfDelivery(key)
    await this.#tell()
  }

  #add(key: string): void {
    if (this.#known.has(key)) return
    this.#known.add(key)
    this.#bytes += bytesOfDelivery(key)
  }

  async #tell(): Promise<void> {
    const part = this.#isFull ? emptyEnough : 1
    const { deliveries, bytes } = mostWaiting
    const isFull = this.#known.size >= deliveries * part || this.#bytes >= bytes * part
    if (isFull === this.#isFull) return
    this.#isFull = isFull
    await keepBacklogFull(this.#documents, isFull)
  }
}
