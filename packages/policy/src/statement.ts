/** One statement made ready: its elements, each of which can be asked by itself. */
import { compileArnPattern, matchesArn } from './arn-pattern.ts'
import { type CompiledCondition, compileCondition } from './condition.ts'
import type { ResourceElement, Statement } from './document.ts'
import { compilePrincipal, type Naming, type PrincipalMatcher } from './principal.ts'
import type { AuthorizationRequest, ContextValues } from './request.ts'
import { resolveTemplate, type Template, variableKeys } from './variables.ts'
import { compilePattern, matchesWhole } from './wildcard.ts'

export interface CompiledStatement {
  readonly statement: Statement
  readonly matchesAction: (action: string) => boolean
  readonly naming: PrincipalMatcher
  /** One for each value that the statement lists; any of them suffices. */
  readonly resources: readonly ResourceMatcher[]
  readonly conditions: readonly CompiledCondition[]
  readonly keys: readonly string[]
}

export function compileStatement(statement: Statement): CompiledStatement {
  const conditions = statement.conditions.map((condition) =>
    compileCondition(condition, statement.effect),
  )
  const templates = statement.resource?.templates ?? []
  return {
    statement,
    matchesAction: actionMatcher(statement),
    naming: compilePrincipal(statement.principal, statement.effect),
    resources: compileResource(statement.resource),
    conditions,
    keys: [...conditions.flatMap(({ keys }) => keys), ...templates.flatMap(variableKeys)],
  }
}

/** A head for the index, and what is left to ask once it was found there. */
export interface ResourceMatcher {
  /** What every resource begins with that is meant. */
  readonly head: string
  readonly rest: (resource: string, at: number, context: ContextValues) => boolean
}

export function matchesResource(
  { resources }: CompiledStatement,
  resource: string,
  context: ContextValues,
): boolean {
  return matchesAny(resources, resource, context)
}

/**
 * Who asks and under which circumstances; action and resource have been asked before.
 * @returns how the caller is named, `nobody` when the statement does not apply
 */
export function applies(
  compiled: CompiledStatement,
  request: AuthorizationRequest,
  hasBoundary: boolean,
): Naming {
  const naming = compiled.naming(request.principal, hasBoundary)
  if (naming === 'nobody') return naming
  const { conditions } = compiled
  for (let index = 0; index < conditions.length; index++)
    if (!conditions[index]!.holds(request.context)) return 'nobody'
  return naming
}

/** Names and prefixes alike are compared without regard to case. */
function actionMatcher({ action }: Statement): (action: string) => boolean {
  const patterns = action.values.map((value) => compilePattern(value.toLowerCase()))
  return (asked) => {
    const lower = asked.toLowerCase()
    return patterns.some((pattern) => matchesWhole(pattern, lower)) !== action.isNegated
  }
}

function compileResource(element: ResourceElement | undefined): readonly ResourceMatcher[] {
  if (element === undefined) return [{ head: '', rest: () => true }]
  const matchers = element.templates.map(templateMatcher)
  if (!element.isNegated) return matchers
  return [{ head: '', rest: (resource, _at, context) => !matchesAny(matchers, resource, context) }]
}

function matchesAny(
  matchers: readonly ResourceMatcher[],
  resource: string,
  context: ContextValues,
): boolean {
  return matchers.some(
    ({ head, rest }) => resource.startsWith(head) && rest(resource, head.length, context),
  )
}

function templateMatcher(template: Template): ResourceMatcher {
  if (!template.hasVariables)
    return compileArnPattern(
      template.parts.filter((part) => typeof part === 'string' || 'literal' in part),
    )
  // A variable that has no value makes the element match nothing.
  const first = template.parts[0]
  return {
    head: typeof first === 'object' && 'literal' in first ? first.literal : '',
    rest(resource, _at, context) {
      const parts = resolveTemplate(template, context)
      return parts !== undefined && matchesArn(compileArnPattern(parts), resource)
    },
  }
}
