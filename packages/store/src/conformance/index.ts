/** One suite that says what a storage engine is; an engine's own test calls it. */
import type { Store } from '../store.ts'
import { blobsConformance } from './blobs.ts'
import { countersConformance } from './counters.ts'
import { documentsConformance } from './documents.ts'

export function storeConformance(engine: string, open: () => Promise<Store>): void {
  documentsConformance(engine, open)
  blobsConformance(engine, open)
  countersConformance(engine, open)
}
