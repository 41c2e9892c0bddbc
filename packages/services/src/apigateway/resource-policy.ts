/** Is this a resource policy that API Gateway would take, and how is it stored? */
import { normalizeExecuteApiPolicy, PolicyError, parsePolicy } from '@sekisho/policy'
import { badRequest } from './errors.ts'
import type { RestApiRecord } from './records.ts'

/** @see API Gateway Developer Guide, "Quotas for configuring and running a REST API" */
const maxLength = 8_192

/**
 * Validates and writes short forms out.
 *
 * @returns undefined for an empty text: the policy is taken off
 * @throws AwsError BadRequestException  AWS's sentence, and after it where and why
 */
export function readResourcePolicy(
  text: string,
  api: Pick<RestApiRecord, 'id' | 'accountId' | 'region'>,
): string | undefined {
  if (text.trim() === '') return undefined
  try {
    if (text.length > maxLength) parsePolicy(text, { type: 'resource', maxLength })
    const place = {
      partition: 'aws',
      region: api.region,
      accountId: api.accountId,
      restApiId: api.id,
    }
    const normalized = normalizeExecuteApiPolicy(text, place)
    parsePolicy(normalized, { type: 'resource' })
    return normalized
  } catch (error) {
    throw badRequest(
      `Invalid policy document. Please check the policy syntax and ensure that Principals are valid. (${reasonOf(text, error)})`,
    )
  }
}

/** Positions are those of the text as it was given, so it is read once more for them. */
function reasonOf(text: string, error: unknown): string {
  try {
    parsePolicy(text, { type: 'resource' })
  } catch (cause) {
    if (cause instanceof PolicyError) {
      const own = cause.faults.find(({ message }) => !message.includes('`execute-api:'))
      if (own) return `line ${own.line}, column ${own.column}: ${own.message}`
    }
  }
  if (error instanceof PolicyError) return error.faults[0]?.message ?? error.message
  throw error
}

/** As GetRestApi shows it: a string whose quotes are escaped once more. */
export function shownPolicy(policy: string): string {
  return JSON.stringify(policy).slice(1, -1)
}
