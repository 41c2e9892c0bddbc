/** Lists in pages: tokens say after which key the next page begins. */
import type { Documents, Stored } from '@sekisho/store'
import { validation } from './errors.ts'

const largestPage = 100

interface Asked {
  readonly MaxResults?: number | undefined
  readonly NextToken?: string | undefined
}

interface Page<T> {
  readonly items: readonly T[]
  readonly NextToken?: string
}

/** Reads on until a page is full: of a store with many records, only so many as it takes. */
export async function pageOf<T>(
  documents: Documents,
  collection: string,
  prefix: string,
  { MaxResults: limit = largestPage, NextToken }: Asked,
  isShown: (value: T) => boolean,
): Promise<Page<T>> {
  let after = NextToken === undefined ? undefined : readToken(NextToken, prefix)
  const items: Stored<T>[] = []
  for (;;) {
    const range = { prefix, limit: limit + 1, ...(after !== undefined && { after }) }
    const found = await documents.list<T>(collection, range)
    items.push(...found.filter(({ value }) => isShown(value)))
    if (items.length > limit || found.length <= limit) break
    after = found.at(-1)!.key
  }
  const shown = items.slice(0, limit)
  return {
    items: shown.map(({ value }) => value),
    ...(items.length > limit && {
      NextToken: Buffer.from(shown.at(-1)!.key).toString('base64url'),
    }),
  }
}

/** @throws AwsError ValidationException  no token of ours */
function readToken(token: string, prefix: string): string {
  const key = Buffer.from(token, 'base64url').toString()
  if (!key.startsWith(prefix) || Buffer.from(key).toString('base64url') !== token)
    throw validation('Invalid pagination token provided.')
  return key
}
