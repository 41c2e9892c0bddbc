/** Names that CloudFront gives to requests and to its machines. */
import { randomBytes, randomFillSync } from 'node:crypto'

const idBytes = 40
const pool = Buffer.alloc(idBytes * 128)
let used = pool.length

/** The form of `X-Amz-Cf-Id`: 54 characters of URL-safe base64 and `==`. Randomness is fetched for many at once. */
export function edgeRequestId(): string {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  const id = pool.toString('base64url', used, used + idBytes)
  used += idBytes
  // One that begins so would be taken for an option by whoever is asked to explain it.
  return id.startsWith('-') ? edgeRequestId() : `${id}==`
}

/** Of one process: 32 hexadecimal digits, as `Via` has them. */
export const nodeId = randomBytes(16).toString('hex')
