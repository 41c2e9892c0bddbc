/** Which condition keys does an event pattern bring? What it asks for of the fields that policies may speak of. */
import { parseJson } from '@sekisho/policy'
import type { RequestKeys } from '../service.ts'

/** @see EventBridge User Guide, "Using IAM policy conditions in Amazon EventBridge" */
const keys = {
  'events:source': ['source'],
  'events:detail-type': ['detail-type'],
  'events:detail.service': ['detail', 'service'],
  'events:detail.eventTypeCode': ['detail', 'eventTypeCode'],
  'events:detail.userIdentity.principalId': ['detail', 'userIdentity', 'principalId'],
} as const satisfies Readonly<Record<string, readonly string[]>>

/**
 * What is asked for in any other form than an exact text, or as one of several choices, is a value as well: the JSON that
 * says so, which is none that a policy means. A condition that holds for some of a rule's events must not hold for all.
 */
export function patternKeys(pattern: string | undefined): RequestKeys {
  const root = asJson(pattern)
  return Object.fromEntries(
    Object.entries(keys).flatMap(([key, path]) => {
      const texts = textsAt(root, path)
      return texts.length > 0 ? [[key, texts] as const] : []
    }),
  )
}

function textsAt(pattern: unknown, path: readonly string[]): readonly string[] {
  const [name, ...rest] = path
  if (name === undefined)
    return Array.isArray(pattern)
      ? pattern.map((each) => (typeof each === 'string' ? each : JSON.stringify(each)))
      : []
  const { [name]: inner, $or } = (pattern ?? {}) as Readonly<Record<string, unknown>>
  const choices = Array.isArray($or) ? $or : []
  const isChosen = choices.some((choice) => textsAt(choice, path).length > 0)
  return [...textsAt(inner, rest), ...(isChosen ? [JSON.stringify({ $or })] : [])]
}

/** What is no pattern is refused later; it has no keys. */
function asJson(text: string | undefined): unknown {
  try {
    return parseJson(text ?? '{}') ?? {}
  } catch {
    return {}
  }
}
