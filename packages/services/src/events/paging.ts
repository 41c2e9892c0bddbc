/** Lists in pages: tokens say after which name the next page begins. */
import { validation } from './errors.ts'

const largestPage = 100

/** @throws AwsError ValidationException  no token of ours */
export function page<T>(
  items: readonly T[],
  given: { readonly Limit?: number | undefined; readonly NextToken?: string | undefined },
  nameOf: (item: T) => string,
): { readonly items: readonly T[]; readonly NextToken?: string } {
  const after = given.NextToken === undefined ? undefined : readToken(given.NextToken)
  const rest = after === undefined ? items : items.filter((item) => nameOf(item) > after)
  const limit = given.Limit ?? largestPage
  const shown = rest.slice(0, limit)
  const last = shown.at(-1)
  return {
    items: shown,
    ...(rest.length > limit &&
      last !== undefined && { NextToken: Buffer.from(nameOf(last)).toString('base64url') }),
  }
}

function readToken(token: string): string {
  const text = Buffer.from(token, 'base64url').toString()
  if (text === '' || Buffer.from(text).toString('base64url') !== token)
    throw validation('The specified nextToken is invalid.')
  return text
}
