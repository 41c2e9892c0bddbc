/** Which cached object is asked for? */
import { listOf } from './headers.ts'
import { madeHeader } from './made-headers.ts'
import { chosenCookies, chosenQuery } from './selections.ts'
import type { Admitted } from './viewer.ts'

/**
 * Two requests with one key get one object, so everything that may change an answer has to be in it, and every part ends
 * where no viewer can move the end: none of them holds a line break.
 *
 * @param path      raw, as the origin is asked for it
 * @param encoding  normalised
 */
export function cacheKeyOf(
  admitted: Admitted,
  path: string,
  encoding: string,
  countryOf: (address: string) => string | undefined,
): string {
  const { viewer, behaviour } = admitted
  const { settings, keysEncoding } = behaviour
  const method = viewer.method === 'OPTIONS' ? 'OPTIONS' : 'GET'
  let key = `${behaviour.keyBeginning}${method}\n${path}`
  if (!behaviour.hasPlainKey) {
    const { cache } = settings
    key += `\n${chosenQuery(viewer.rawQuery, cache.query)}`
    key += `\n${chosenCookies(cookiesOf(admitted), cache.cookies)}`
    for (const name of behaviour.keyHeaders) {
      const value = name.startsWith('cloudfront-')
        ? madeHeader(name, viewer, countryOf)
        : listOf(viewer.headers, name)
      key += value === undefined ? '\n-' : `\n=${value}`
    }
  }
  return keysEncoding ? `${key}\n${encoding}` : key
}

export function cookiesOf({ viewer }: Admitted): string | undefined {
  let cookies: string | undefined
  const { headers } = viewer
  for (let at = 0; at + 1 < headers.length; at += 2)
    if (headers[at]!.length === 6 && headers[at]!.toLowerCase() === 'cookie')
      cookies = cookies === undefined ? headers[at + 1]! : `${cookies}; ${headers[at + 1]}`
  return cookies
}

/**
 * What the viewer takes of what the behaviour deals in: `br,gzip`, `gzip`, `br` or nothing.
 *
 * @see CloudFront Developer Guide, "Serve compressed files"
 */
export function encodingOf({ viewer, behaviour }: Admitted): string {
  const { gzip, brotli } = behaviour.settings.cache
  if (!gzip && !brotli) return ''
  const accepted = listOf(viewer.headers, 'accept-encoding')
  if (accepted === undefined) return ''
  const takesBrotli = brotli && takes(accepted, 'br')
  const takesGzip = gzip && takes(accepted, 'gzip')
  return takesBrotli ? (takesGzip ? 'br,gzip' : 'br') : takesGzip ? 'gzip' : ''
}

function takes(accepted: string, coding: string): boolean {
  return accepted.split(',').some((each) => {
    const [name = '', ...parameters] = each.split(';').map((part) => part.trim().toLowerCase())
    const weight = parameters.find((parameter) => parameter.startsWith('q='))
    return name === coding && !(weight !== undefined && Number(weight.slice(2)) === 0)
  })
}
