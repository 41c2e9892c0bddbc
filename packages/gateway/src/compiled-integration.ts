/** An integration made ready: templates parsed, mappings read, patterns compiled. */
import type { IntegrationResponse } from '@aws-sdk/client-api-gateway'
import { isAnswered } from './headers.ts'
import { compileMappings, type Mapping } from './mappings.ts'
import { compilePattern, isMatch, type Pattern, PatternError } from './patterns/match.ts'
import type { SnapshotMethod } from './snapshot.ts'
import { parseTemplate } from './templates/parse.ts'
import type { Part } from './templates/syntax.ts'

export type SnapshotIntegration = NonNullable<SnapshotMethod['methodIntegration']>

/** A template, or why it cannot be used. */
export type CompiledTemplate =
  | { readonly parts: readonly Part[]; readonly constant?: string }
  | { readonly fault: string }

export interface CompiledIntegration {
  readonly definition: SnapshotIntegration
  readonly type: string
  /** Request and answer pass as they are. */
  readonly isProxy: boolean
  /** The answer is passed on as it comes. */
  readonly streams: boolean
  readonly httpMethod: string
  readonly timeoutMs: number
  readonly passthrough: 'WHEN_NO_MATCH' | 'WHEN_NO_TEMPLATES' | 'NEVER'
  readonly requestTemplates: ReadonlyMap<string, CompiledTemplate>
  readonly requestMappings: readonly Mapping[]
  readonly responses: readonly CompiledResponse[]
  /** A MOCK whose answer depends on nothing: made once. */
  readonly constantReply: ConstantReply | undefined
}

export interface CompiledResponse {
  readonly definition: IntegrationResponse
  readonly status: number
  /** Undefined: the default response. */
  readonly pattern: Pick<Pattern, 'test'> | undefined
  readonly templates: ReadonlyMap<string, CompiledTemplate>
  readonly mappings: readonly Mapping[]
  /** The method response of this status is declared. */
  readonly isDeclared: boolean
}

export interface ConstantReply {
  readonly status: number
  readonly headers: readonly string[]
  readonly body: string
}

const passthroughs = ['WHEN_NO_MATCH', 'WHEN_NO_TEMPLATES', 'NEVER'] as const

export function compileIntegration(
  method: SnapshotMethod,
  definition: SnapshotIntegration,
): CompiledIntegration {
  const requestTemplates = compileTemplates(definition.requestTemplates)
  const requestMappings = compileMappings(definition.requestParameters)
  const responses = Object.values(definition.integrationResponses ?? {}).map((response) =>
    compileResponse(method, response),
  )
  const passthrough =
    passthroughs.find((name) => name === definition.passthroughBehavior?.toUpperCase()) ??
    'WHEN_NO_MATCH'
  const type = definition.type ?? ''
  return {
    definition,
    type,
    isProxy: type.endsWith('_PROXY'),
    streams: type.endsWith('_PROXY') && definition.responseTransferMode === 'STREAM',
    httpMethod: definition.httpMethod ?? '',
    timeoutMs: definition.timeoutInMillis ?? 29_000,
    passthrough,
    requestTemplates,
    requestMappings,
    responses,
    constantReply:
      type === 'MOCK' ? constantReply(requestTemplates, requestMappings, responses) : undefined,
  }
}

function compileTemplates(
  templates: Readonly<Record<string, string>> | undefined,
): ReadonlyMap<string, CompiledTemplate> {
  return new Map(
    Object.entries(templates ?? {}).map(([type, text]) => [
      type.toLowerCase(),
      compileTemplate(text),
    ]),
  )
}

function compileTemplate(text: string): CompiledTemplate {
  try {
    const parts = parseTemplate(text)
    const constant = parts.every((part) => part.kind === 'text')
      ? parts.map((part) => (part.kind === 'text' ? part.text : '')).join('')
      : undefined
    return { parts, ...(constant !== undefined && { constant }) }
  } catch (error) {
    return { fault: (error as Error).message }
  }
}

function compileResponse(
  method: SnapshotMethod,
  definition: IntegrationResponse,
): CompiledResponse {
  const { statusCode = '200', selectionPattern } = definition
  return {
    definition,
    status: Number(statusCode),
    pattern: selectionPattern ? compileSelection(selectionPattern) : undefined,
    templates: compileTemplates(definition.responseTemplates),
    mappings: compileMappings(definition.responseParameters),
    isDeclared: method.methodResponses?.[statusCode] !== undefined,
  }
}

/** The whole text has to match. What cannot be read, or takes too long, matches nothing. */
function compileSelection(expression: string): Pick<Pattern, 'test'> {
  try {
    const pattern = compilePattern(expression, { isWhole: true })
    return { test: (text) => isMatch(pattern, text) }
  } catch (error) {
    if (!(error instanceof PatternError)) throw error
    return { test: () => false }
  }
}

/** Only where the client sends no body and everything is fixed: then what it sends cannot matter. */
function constantReply(
  requestTemplates: ReadonlyMap<string, CompiledTemplate>,
  requestMappings: readonly Mapping[],
  responses: readonly CompiledResponse[],
): ConstantReply | undefined {
  const request = requestTemplates.get('application/json')
  if (
    request === undefined ||
    !('constant' in request) ||
    request.constant === undefined ||
    requestMappings.length > 0
  )
    return undefined
  const status = statusOfMock(request.constant)
  const response = status === undefined ? undefined : selectResponse(responses, String(status))
  if (
    response === undefined ||
    !response.isDeclared ||
    response.status < 200 ||
    response.mappings.some(
      ({ target, source }) => source.kind !== 'static' || !isAnswered(target.name, source.value),
    )
  )
    return undefined
  if (response.templates.size > 1) return undefined
  const [type = 'application/json', template] = [...response.templates][0] ?? []
  if (template !== undefined && (!('constant' in template) || template.constant === undefined))
    return undefined
  const mapped = response.mappings.flatMap(({ target, source }) =>
    source.kind === 'static' ? [target.name, source.value] : [],
  )
  const hasType = mapped.some((name, at) => at % 2 === 0 && name.toLowerCase() === 'content-type')
  return {
    status: response.status,
    headers: hasType ? mapped : [...mapped, 'Content-Type', type],
    body: template !== undefined && 'constant' in template ? (template.constant ?? '') : '',
  }
}

/**
 * `statusCode` of a MOCK's rendered request template: JSON, or its lenient form `{statusCode: 200}`.
 * @returns undefined when there is none
 */
export function statusOfMock(text: string): number | undefined {
  const lenient = /^\s*\{[\s\S]*?["']?statusCode["']?\s*:\s*["']?(\d{3})["']?\s*[,}]/.exec(text)
  return lenient ? Number(lenient[1]) : undefined
}

/**
 * The first pattern that matches, else the response without one.
 *
 * @param text  undefined: nothing is compared, as for functions that succeed
 */
export function selectResponse(
  responses: readonly CompiledResponse[],
  text: string | undefined,
): CompiledResponse | undefined {
  return (
    responses.find(({ pattern }) => text !== undefined && pattern?.test(text)) ??
    responses.find(({ pattern }) => pattern === undefined)
  )
}
