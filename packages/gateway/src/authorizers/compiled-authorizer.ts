/** A Lambda authorizer made ready: where the identity is read, what it has to look like, how long an answer is kept. */
import { compilePattern, type Pattern, PatternError } from '../patterns/match.ts'
import type { SnapshotAuthorizer } from '../snapshot.ts'
import { AnswerCache } from './answer-cache.ts'

/** Where a part of the caller's identity is read. */
export interface IdentitySource {
  readonly place: 'header' | 'querystring' | 'stageVariables' | 'context'
  readonly name: string
}

export interface CompiledAuthorizer {
  readonly definition: SnapshotAuthorizer
  readonly isToken: boolean
  readonly sources: readonly IdentitySource[]
  /** Of a token, the whole of it. */
  readonly validation: Pattern | undefined
  /** 0: nothing is kept. */
  readonly ttlMs: number
  readonly answers: AnswerCache
}

const sourceForm = /^(?:method\.request\.(header|querystring)|(stageVariables|context))\.([^\s,]+)$/

const defaultTtlSeconds = 300

/** @returns undefined  it cannot be read: whoever is asked for it is refused */
export function compileAuthorizer(definition: SnapshotAuthorizer): CompiledAuthorizer | undefined {
  const { type, identitySource, identityValidationExpression, authorizerResultTtlInSeconds } =
    definition
  const isToken = type === 'TOKEN'
  const written = identitySource ?? (isToken ? 'method.request.header.Authorization' : '')
  const sources: IdentitySource[] = []
  for (const part of written.split(',').map((each) => each.trim())) {
    if (part === '') continue
    const [, requestPlace, otherPlace, name] = sourceForm.exec(part) ?? []
    const place = requestPlace ?? otherPlace
    if (place === undefined || name === undefined) return undefined
    sources.push({ place: place as IdentitySource['place'], name })
  }
  if (isToken && sources.length !== 1) return undefined
  try {
    return {
      definition,
      isToken,
      sources,
      validation:
        isToken && identityValidationExpression
          ? compilePattern(identityValidationExpression, { isWhole: true })
          : undefined,
      // Without a source all callers would be one, and what is said of the first would be true of all.
      ttlMs: sources.length === 0 ? 0 : (authorizerResultTtlInSeconds ?? defaultTtlSeconds) * 1_000,
      answers: new AnswerCache(),
    }
  } catch (error) {
    if (!(error instanceof PatternError)) throw error
    return undefined
  }
}
