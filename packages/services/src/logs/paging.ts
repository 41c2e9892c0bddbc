/** Lists in pages: tokens say after which name the next page begins. */
import { invalidParameter } from './errors.ts'

/** @throws AwsError InvalidParameterException  no token of ours */
export function readToken(token: string | undefined): string | undefined {
  if (token === undefined) return undefined
  const text = Buffer.from(token, 'base64url').toString()
  if (text === '' || makeToken(text) !== token)
    throw invalidParameter('The specified nextToken is invalid.')
  return text
}

export function makeToken(text: string): string {
  return Buffer.from(text).toString('base64url')
}
