/** Which path is meant, and does a pattern match it? */

const unreserved = /^[A-Za-z0-9\-._~]$/

/**
 * For matching only: the origin is sent the path as it came.
 *
 * @see CloudFront Developer Guide, "Path pattern" (RFC 3986 normalisation)
 */
export function normalizedPath(rawPath: string): string {
  if (!/%|\/\/|\/\./.test(rawPath)) return rawPath
  const segments: string[] = []
  const parts = unescaped(rawPath).split('/').slice(1)
  for (const [at, part] of parts.entries()) {
    const isLast = at === parts.length - 1
    if (part === '..') segments.pop()
    else if (part !== '.' && (part !== '' || isLast)) segments.push(part)
    if (isLast && (part === '.' || part === '..')) segments.push('')
  }
  return `/${segments.join('/')}`
}

/** Each character written in one way. */
function unescaped(text: string): string {
  return text.replace(/%([0-9a-fA-F]{2})/g, (whole, digits: string) => {
    const character = String.fromCharCode(Number.parseInt(digits, 16))
    return unreserved.test(character) ? character : whole.toUpperCase()
  })
}

/**
 * @param pattern  `*` is any run of characters, `?` exactly one; case counts, the first slash may be missing
 */
export function compilePattern(pattern: string): (path: string) => boolean {
  if (pattern === '*' || pattern === '/*') return () => true
  const written = unescaped(pattern)
  const whole = /^[/*]/.test(written) ? written : `/${written}`
  if (!/[*?]/.test(whole)) return (path) => path === whole
  const star = whole.indexOf('*')
  if (star === whole.length - 1 && !whole.includes('?')) {
    const prefix = whole.slice(0, -1)
    return (path) => path.startsWith(prefix)
  }
  return (path) => matchesPattern(whole, path)
}

/** Two pointers and the last star: never more than pattern times path. */
export function matchesPattern(pattern: string, path: string): boolean {
  let at = 0
  let next = 0
  let star = -1
  let restart = 0
  while (at < path.length) {
    const wanted = pattern[next]
    if (wanted === '*') {
      star = next++
      restart = at
    } else if (wanted === '?' || (wanted !== undefined && wanted === path[at])) {
      next++
      at++
    } else if (star >= 0) {
      next = star + 1
      at = ++restart
    } else return false
  }
  while (pattern[next] === '*') next++
  return next === pattern.length
}
