/** Does a bucket policy let the public in? */
import type { PolicyDocument, Statement } from '@sekisho/policy'

/**
 * A policy is public unless everybody whom it allows anything is named by fixed values.
 *
 * @see Amazon S3 User Guide, "Blocking public access to your Amazon S3 storage", "The meaning of public"
 */
export function isPublicPolicy({ statements }: PolicyDocument): boolean {
  return statements.some(isPublicStatement)
}

function isPublicStatement({ effect, principal, conditions }: Statement): boolean {
  if (effect !== 'Allow' || principal === undefined) return false
  // Everybody but some is the public, too.
  if (!principal.isNegated && !principal.isEverybody) return false
  return !conditions.some(isFixed)
}

/** Keys that say who or from where, in lower case. */
const fixingKeys: ReadonlySet<string> = new Set([
  'aws:sourcearn',
  'aws:sourceaccount',
  'aws:sourceowner',
  'aws:sourcevpc',
  'aws:sourcevpce',
  'aws:sourceip',
  'aws:principalarn',
  'aws:principalaccount',
  'aws:principalorgid',
  'aws:principalorgpaths',
  'aws:userid',
  'aws:username',
  's3:dataaccesspointarn',
  's3:dataaccesspointaccount',
])

/** Values that hold only for those who are named; a missing key must not let anybody through. */
function isFixed({
  key,
  isNegated,
  ifExists,
  positive,
  set,
  values,
}: Statement['conditions'][number]): boolean {
  const name = key.toLowerCase()
  if (isNegated || ifExists || set === 'ForAllValues' || !fixingKeys.has(name)) return false
  if (positive === 'Null' || values.length === 0) return false
  return values.every(({ text }) =>
    name === 'aws:sourceip' ? !isWholeInternet(text) : isFixedText(name, text),
  )
}

/** Wildcards leave it open who is meant, but in the session's part of an id and behind an ARN's account. */
function isFixedText(name: string, text: string): boolean {
  if (text.includes('${')) return false
  if (!/[*?]/.test(text)) return true
  if (name === 'aws:userid') return /^[A-Z0-9]{16,}:\*$/.test(text)
  return /^arn:[^:*?]+:[^:*?]+:[^:*?]*:\d{12}:/.test(text)
}

/** Ranges that hold more than any one owner's addresses. */
function isWholeInternet(range: string): boolean {
  const [address = '', bits] = range.split('/')
  if (bits === undefined) return false
  return Number(bits) < (address.includes(':') ? 32 : 8)
}
