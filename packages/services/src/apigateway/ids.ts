/** Ids as API Gateway makes them. */
import type { IdSource } from '../service.ts'

const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789'

/** @see recorded answers of AWS: APIs have ten characters, what is below them six */
export const apiId = (ids: IdSource) => ids.text(alphabet, 10)

/** @see recorded answers of AWS: API keys have ten characters too */
export const keyId = apiId

/** An id that nothing in `taken` has. */
export function partId(ids: IdSource, taken: object = {}): string {
  for (;;) {
    const id = ids.text(alphabet, 6)
    if (!Object.hasOwn(taken, id)) return id
  }
}
