/** Random names: of requests and of resources. */
import { randomFillSync, randomUUID } from 'node:crypto'
import type { IdSource } from '@sekisho/services'

/** Randomness is fetched for many at once. What was used is overwritten: it may be a secret. */
const random = Buffer.alloc(4_096)
let drawn = random.length

function draw(): number {
  if (drawn === random.length) {
    randomFillSync(random)
    drawn = 0
  }
  const byte = random[drawn]!
  random[drawn++] = 0
  return byte
}

/** @returns unbiased characters: bytes beyond the last whole multiple of the alphabet are thrown away. */
function text(alphabet: string, length: number): string {
  const usable = 256 - (256 % alphabet.length)
  let made = ''
  while (made.length < length) {
    const byte = draw()
    if (byte < usable) made += alphabet[byte % alphabet.length]
  }
  return made
}

export const randomIds: IdSource = { text, uuid: () => randomUUID() }

/** Texts of so many random characters, as base64 for URLs has them; they are made for some hundreds at once. */
export function createRandomText(length: number): () => string {
  // Three bytes are four characters, without a rest.
  const pool = Buffer.alloc(length * 192)
  let text = ''
  let used = 0
  return () => {
    if (used === text.length) {
      text = randomFillSync(pool).toString('base64url')
      used = 0
    }
    used += length
    return text.slice(used - length, used)
  }
}

const fifteen = createRandomText(15)

/** The form of `x-amz-apigw-id`: fifteen characters of base64 as URLs have it, and `=`. */
export function extendedRequestId(): string {
  return `${fifteen()}=`
}
