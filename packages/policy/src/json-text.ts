/** What does this JSON say? */

/**
 * As `JSON.parse`, but that a name means itself however it is written. V8 may take a name with escapes for another that
 * begins with the same letters as they stand in the text, if one such has been read before: whoever sends both could
 * hide a member from a request's validation, or change what others have sent.
 *
 * @throws SyntaxError
 * @see https://github.com/nodejs/node/issues/63785
 */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text)
  if (!text.includes('\\')) return value
  const plain = withPlainNames(text)
  return plain === text ? value : JSON.parse(plain)
}

/** Names are written with escapes only where they need them. @param text  known to be JSON */
function withPlainNames(text: string): string {
  let plain = ''
  let from = 0
  for (let start = text.indexOf('"'); start >= 0; ) {
    const end = endOfString(text, start)
    const token = text.slice(start, end)
    if (token.includes('\\') && isName(text, end)) {
      plain += text.slice(from, start) + token.replace(escapes, unescaped)
      from = end
    }
    start = text.indexOf('"', end)
  }
  return plain + text.slice(from)
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; ; at++) {
    const char = text[at]
    if (char === '"') return at + 1
    if (char === '\\') at++
  }
}

function isName(text: string, end: number): boolean {
  let at = end
  while (text[at] === ' ' || text[at] === '\n' || text[at] === '\r' || text[at] === '\t') at++
  return text[at] === ':'
}

const escapes = /\\(?:u[0-9a-fA-F]{4}|[^u])/g

function unescaped(written: string): string {
  const char = JSON.parse(`"${written}"`) as string
  return char < ' ' || char === '"' || char === '\\' ? written : char
}
