/** Names that CloudFront gives to requests and to its machines. */
import { randomBytes } from 'node:crypto'
import { createRandomText } from '../ids.ts'

const fiftyFour = createRandomText(54)

/** The form of `X-Amz-Cf-Id`: 54 characters of URL-safe base64 and `==`. */
export function edgeRequestId(): string {
  const id = fiftyFour()
  // One that begins so would be taken for an option by whoever is asked to explain it.
  return id.startsWith('-') ? edgeRequestId() : `${id}==`
}

/** Of one process: 32 hexadecimal digits, as `Via` has them. */
export const nodeId = randomBytes(16).toString('hex')
