/** What must not be read in a log: only its end is shown, so that one can be told from another. */

const shownEnd = 6
/** Shorter secrets would be told by their end. */
const shortest = 20

export function masked(secret: string): string {
  return secret.length < shortest
    ? '*'.repeat(secret.length)
    : `${'*'.repeat(secret.length - shownEnd)}${secret.slice(-shownEnd)}`
}

const secretNames: ReadonlySet<string> = new Set([
  'authorization',
  'proxy-authorization',
  'x-amz-credential',
  'x-amz-security-token',
  'x-amz-signature',
  'x-api-key',
])

/** Headers and query parameters alike. */
export function maskedValue(name: string, value: string): string {
  return secretNames.has(name.toLowerCase()) ? masked(value) : value
}

/** An address whose query holds no secret any more. */
export function maskedUrl(url: string): string {
  const mark = url.indexOf('?')
  if (mark < 0) return url
  const query = url
    .slice(mark + 1)
    .split('&')
    .map((pair) => {
      const [name = '', value] = pair.split('=', 2)
      return value === undefined ? pair : `${name}=${maskedValue(name, value)}`
    })
  return `${url.slice(0, mark)}?${query.join('&')}`
}
