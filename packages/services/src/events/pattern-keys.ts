/** Which condition keys does an event pattern bring? The exact texts that it asks for. */
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

export function patternKeys(pattern: string | undefined): RequestKeys {
  const root = asJson(pattern)
  return Object.fromEntries(
    Object.entries(keys).flatMap(([key, path]) => {
      let at: unknown = root
      for (const name of path) at = (at as Readonly<Record<string, unknown>> | undefined)?.[name]
      const texts = Array.isArray(at) ? at.filter((each) => typeof each === 'string') : []
      return texts.length > 0 ? [[key, texts] as const] : []
    }),
  )
}

/** What is no pattern is refused later; it has no keys. */
function asJson(text: string | undefined): unknown {
  try {
    return parseJson(text ?? '{}') ?? {}
  } catch {
    return {}
  }
}
