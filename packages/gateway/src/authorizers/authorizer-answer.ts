/** What a Lambda authorizer answers: who the caller is, what that caller may, and what else is known. */

import { type CompiledPolicy, compilePolicy, parseJson } from '@sekisho/policy'

export interface AuthorizerAnswer {
  readonly principalId: string
  readonly policy: CompiledPolicy
  /** As the function wrote it. */
  readonly policyText: string
  /** Values as text. */
  readonly context: Readonly<Record<string, string>>
  readonly usageIdentifierKey: string | undefined
  /** How long the function took. */
  readonly latencyMs: number
  /** By which the function knows the call. */
  readonly requestId?: string
}

/** Not an answer of the form that is asked for. */
export class AuthorizerAnswerError extends Error {
  override readonly name = 'AuthorizerAnswerError'
}

/** Most answers are one of a few policies. */
const compiledPolicies = new Map<string, CompiledPolicy>()
const mostPolicies = 1_000

/**
 * @param name  of the authorizer
 * @throws AuthorizerAnswerError
 * @see API Gateway Developer Guide, "Output from an API Gateway Lambda authorizer"
 */
export function readAuthorizerAnswer(
  payload: Uint8Array,
  name: string,
  latencyMs: number,
): AuthorizerAnswer {
  const { principalId, policyDocument, context, usageIdentifierKey } = parsed(payload)
  if (typeof principalId !== 'string' || principalId === '')
    throw new AuthorizerAnswerError('it names no principalId')
  if (typeof policyDocument !== 'object' || policyDocument === null)
    throw new AuthorizerAnswerError('it has no policyDocument')
  if (usageIdentifierKey !== undefined && usageIdentifierKey !== null)
    if (typeof usageIdentifierKey !== 'string')
      throw new AuthorizerAnswerError('its usageIdentifierKey is no string')
  const policyText = JSON.stringify(policyDocument)
  return {
    principalId,
    policy: compiled(policyText, name),
    policyText,
    context: contextOf(context),
    usageIdentifierKey: usageIdentifierKey ?? undefined,
    latencyMs,
  }
}

function parsed(payload: Uint8Array): Readonly<Record<string, unknown>> {
  let answer: unknown
  try {
    answer = parseJson(new TextDecoder('utf-8', { fatal: true }).decode(payload))
  } catch {
    throw new AuthorizerAnswerError('it is no JSON')
  }
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer))
    throw new AuthorizerAnswerError('it is no object')
  return answer as Readonly<Record<string, unknown>>
}

function compiled(document: string, name: string): CompiledPolicy {
  const key = `${name} ${document}`
  let policy = compiledPolicies.get(key)
  if (policy !== undefined) return policy
  try {
    policy = compilePolicy(document, { type: 'identity', name: `policy of authorizer ${name}` })
  } catch (error) {
    throw new AuthorizerAnswerError(`its policyDocument: ${(error as Error).message}`)
  }
  if (compiledPolicies.size >= mostPolicies) compiledPolicies.clear()
  compiledPolicies.set(key, policy)
  return policy
}

function contextOf(context: unknown): Readonly<Record<string, string>> {
  if (context === undefined || context === null) return {}
  if (typeof context !== 'object' || Array.isArray(context))
    throw new AuthorizerAnswerError('its context is no map')
  return Object.fromEntries(
    Object.entries(context).map(([name, value]) => {
      if (typeof value === 'object' && value !== null)
        throw new AuthorizerAnswerError(`\`${name}\` of its context is no plain value`)
      return [name, String(value)]
    }),
  )
}
