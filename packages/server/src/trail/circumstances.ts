/** What of a decision is kept, so that it can be explained later? */
import {
  type AuthorizationRequest,
  type ContextValue,
  type PolicySet,
  type Trace,
  trace,
} from '@sekisho/policy'
import { type PolicyArchive, policiesOf } from './policies.ts'
import { isRedacted, redactTrace } from './redact.ts'

interface Asked {
  readonly ids: readonly string[]
  readonly keys: readonly string[]
  /** A key is read whose value is not kept. */
  readonly readsRedacted: boolean
}

/** By the resource policy, where it is the only one: the same for every call. */
const askedOfOne = new WeakMap<object, Asked>()

function askedOf(policies: PolicySet, archive: PolicyArchive): Asked {
  const list = policiesOf(policies)
  const only = list.length === 1 ? list[0]!.policy : undefined
  const known = only && askedOfOne.get(only)
  if (known !== undefined) return known
  const keys = [...new Set(list.flatMap(({ policy }) => [...policy.conditionKeys]))]
  const asked: Asked = {
    ids: list.map(({ policy, level }) =>
      level === undefined ? archive.idOf(policy) : `${archive.idOf(policy)}#${level}`,
    ),
    keys: keys.filter((key) => !isRedacted(key)),
    readsRedacted: keys.some(isRedacted),
  }
  if (only !== undefined) askedOfOne.set(only, asked)
  return asked
}

/** Enough to ask again later, or else the answer itself. */
export function circumstancesOf(
  { request, policies }: { readonly request: AuthorizationRequest; readonly policies: PolicySet },
  archive: PolicyArchive,
) {
  const { ids, keys, readsRedacted } = askedOf(policies, archive)
  const context: Record<string, ContextValue> = {}
  for (const key of keys) {
    const value = request.context.get(key)
    if (value !== undefined) context[key] = value
  }
  const made: { trace?: Trace } = readsRedacted
    ? { trace: redactTrace(trace(request, policies)) }
    : {}
  return { context, policies: ids, ...made }
}
