/** Policy documents as IAM takes, keeps and shows them. */
import { PolicyError, type PolicyFaultCode, type PolicyType, parsePolicy } from '@sekisho/policy'
import { limitExceeded, malformedPolicy } from './errors.ts'

/** Characters without white space. @see IAM User Guide, "IAM and AWS STS quotas" */
export const quotas = {
  managed: 6_144,
  user: 2_048,
  group: 5_120,
  role: 10_240,
  trust: 2_048,
} as const

/** IAM words a fault by its kind, not by its place. */
const wordings: Partial<Record<PolicyFaultCode, string>> = {
  INVALID_VERSION: 'Policy document must be version 2012-10-17 or greater.',
  INVALID_ACTION: 'Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.',
  DUPLICATE_SID: 'Statement IDs (SID) in a single policy must be unique.',
  INVALID_CONDITION_VALUE: 'The policy failed legacy parsing',
}

/**
 * @throws AwsError MalformedPolicyDocument
 * @see IAM User Guide, "Grammar of the IAM JSON policy language"
 */
export function checkDocument(text: string, type: PolicyType): void {
  try {
    parsePolicy(text, { type })
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error
    throw malformedPolicy(wordingOf(error, type))
  }
}

function wordingOf({ faults }: PolicyError, type: PolicyType): string {
  const [fault] = faults
  if (fault === undefined) return 'Syntax errors in policy.'
  const { code, message } = fault
  if (type === 'trust') {
    if (code === 'INVALID_JSON') return 'This policy contains invalid Json'
    if (code === 'PROHIBITED_ELEMENT' && message.includes('Resource'))
      return 'Has prohibited field Resource.'
    if (code === 'INVALID_ACTION')
      return 'AssumeRole policy may only specify STS AssumeRole actions.'
    if (code === 'INVALID_PRINCIPAL') return 'Invalid principal in policy.'
  }
  if (code === 'MISSING_ELEMENT' && message.includes('`Action`'))
    return 'Policy statement must contain actions.'
  if (code === 'MISSING_ELEMENT' && message.includes('`Resource`'))
    return 'Policy statement must contain resources.'
  if (code === 'INVALID_RESOURCE') {
    const [, given] = /`([^`]*)`/.exec(message) ?? []
    return `Resource ${given ?? ''} must be in ARN format or "*".`
  }
  return wordings[code] ?? 'Syntax errors in policy.'
}

/** What counts to the quotas: everything but the white space outside of strings. */
export function sizeOf(text: string): number {
  return text.replace(/("(?:[^"\\]|\\.)*")|\s+/g, '$1').length
}

/** @param name  as the quota is called: `PolicySize`, `ACLSizePerRole` */
export function checkSize(size: number, most: number, name: string): void {
  if (size > most) throw limitExceeded(`Cannot exceed quota for ${name}: ${most}`)
}

/** Documents travel percent-encoded (RFC 3986). */
export function shownDocument(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
