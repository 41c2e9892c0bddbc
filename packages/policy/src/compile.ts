/** A policy made ready to answer quickly, again and again. */
import type { Decision, PolicyType } from './decision.ts'
import type { PolicyDocument } from './document.ts'
import { type IndexNode, indexTree } from './index-tree.ts'
import { parsePolicy } from './parse.ts'
import type { Naming } from './principal.ts'
import type { AuthorizationRequest } from './request.ts'
import {
  applies,
  type CompiledStatement,
  compileStatement,
  type ResourceMatcher,
} from './statement.ts'

export interface CompiledPolicy {
  readonly type: PolicyType
  /** What explanations call it: an ARN, or words such as `resource policy of API abc123`. */
  readonly name: string
  /** The document as written (after normalisation). */
  readonly source: string
  /** Lower-cased condition keys (and policy variables) that any statement reads. */
  readonly conditionKeys: ReadonlySet<string>
  readonly document: PolicyDocument
  readonly statements: readonly CompiledStatement[]
  /**
   * What the policy alone says: the first statement found that denies, else the one that allows (naming the caller as
   * directly as any does), else undefined.
   */
  readonly evaluate: (request: AuthorizationRequest, hasBoundary: boolean) => Verdict | undefined
}

/** A statement that applies. One object a statement and naming, made once: deciding allocates nothing. */
export interface Verdict {
  readonly policy: CompiledPolicy
  readonly index: number
  readonly effect: 'Allow' | 'Deny'
  readonly naming: Naming
  /** What is decided where this statement decides. */
  readonly decision: Decision
}

/**
 * @param source  JSON text
 * @throws PolicyError
 */
export function compilePolicy(
  source: string,
  options: { type: PolicyType; name: string },
): CompiledPolicy {
  return compileDocument(parsePolicy(source, options), source, options.name)
}

export function compileDocument(
  document: PolicyDocument,
  source: string,
  name: string,
): CompiledPolicy {
  const statements = document.statements.map(compileStatement)
  const views = new Map<string, View>()
  const policy: CompiledPolicy = {
    type: document.type,
    name,
    source,
    conditionKeys: new Set(statements.flatMap(({ keys }) => keys)),
    document,
    statements,
    evaluate(request, hasBoundary) {
      let view = views.get(request.action)
      if (view === undefined) {
        view = viewOf(policy, request.action)
        // Callers choose actions (in simulations): what they can fill is bounded.
        if (views.size >= mostViews) views.clear()
        views.set(request.action, view)
      }
      return evaluateView(view, request, hasBoundary)
    },
  }
  return policy
}

const mostViews = 1_000

/** The statements that speak of one action, found by what their resources begin with. */
type View = IndexNode<Candidate>

/** One resource value of one statement. */
interface Candidate {
  readonly compiled: CompiledStatement
  readonly rest: ResourceMatcher['rest']
  readonly denies: boolean
  readonly verdicts: Readonly<Record<Exclude<Naming, 'nobody'>, Verdict>>
}

function viewOf(policy: CompiledPolicy, action: string): View {
  const speaking = policy.statements.filter((compiled) => compiled.matchesAction(action))
  return indexTree(speaking.flatMap((compiled) => candidatesOf(policy, compiled)))
}

function candidatesOf(
  policy: CompiledPolicy,
  compiled: CompiledStatement,
): (readonly [string, Candidate])[] {
  const { effect, index } = compiled.statement
  const decision: Decision = {
    allowed: effect === 'Allow',
    effect: effect === 'Allow' ? 'Allow' : 'ExplicitDeny',
    decidedBy: effect === 'Allow' ? undefined : policy.type,
    determining: [{ policyType: policy.type, policy, index }],
  }
  const verdict = (naming: Naming): Verdict => ({ policy, index, effect, naming, decision })
  const verdicts = {
    everybody: verdict('everybody'),
    account: verdict('account'),
    role: verdict('role'),
    direct: verdict('direct'),
  }
  const denies = effect === 'Deny'
  return compiled.resources.map(({ head, rest }) => [head, { compiled, rest, denies, verdicts }])
}

/**
 * A denial ends the search. Among allowances it goes on after one that names no more than the account or the role, for
 * another may name the caller more directly.
 */
function evaluateView(
  root: View,
  request: AuthorizationRequest,
  hasBoundary: boolean,
): Verdict | undefined {
  const { resource, context } = request
  let best: Verdict | undefined
  let at = 0
  for (let node: View | undefined = root; node !== undefined; ) {
    const { items } = node
    for (let index = 0; index < items.length; index++) {
      const candidate = items[index]!
      if (!candidate.denies && best !== undefined && isFinal(best)) continue
      if (!candidate.rest(resource, at, context)) continue
      const naming = applies(candidate.compiled, request, hasBoundary)
      if (naming === 'nobody') continue
      if (candidate.denies) return candidate.verdicts[naming]
      best = better(best, candidate.verdicts[naming])
    }
    node = node.child(resource, at)
    if (node !== undefined) at += node.label.length
  }
  return best
}

/** How much an allowance is worth: an account only delegates; a role stays under boundaries; the rest stands by itself. */
const worth = { nobody: 0, account: 1, role: 2, everybody: 3, direct: 3 } as const satisfies Record<
  Naming,
  number
>

function better(one: Verdict | undefined, other: Verdict): Verdict {
  return one === undefined || worth[other.naming] > worth[one.naming] ? other : one
}

function isFinal({ naming }: Verdict): boolean {
  return worth[naming] === worth.direct
}
