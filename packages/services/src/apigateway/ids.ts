/** Ids as API Gateway makes them. */
import type { IdSource } from '../service.ts'

const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789'

/** @see recorded answers of AWS: APIs have ten characters, what is below them six */
export const apiId = (ids: IdSource) => ids.text(alphabet, 10)
export const partId = (ids: IdSource) => ids.text(alphabet, 6)
