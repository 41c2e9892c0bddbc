/** Parameter mappings: where a value comes from and where it goes. */
import { parseJson } from '@sekisho/policy'
import type { CallEnvironment } from './pass.ts'
import { findJson } from './templates/json-path.ts'
import { WorkLimitError } from './work.ts'

export interface Mapping {
  readonly target: { readonly place: 'header' | 'querystring' | 'path'; readonly name: string }
  readonly source: Source
}

export type Source =
  | { readonly kind: 'static'; readonly value: string }
  | {
      readonly kind: 'method'
      readonly place:
        | 'path'
        | 'querystring'
        | 'multivaluequerystring'
        | 'header'
        | 'multivalueheader'
      readonly name: string
    }
  | { readonly kind: 'body'; readonly path: string }
  | { readonly kind: 'response'; readonly isMultivalued: boolean; readonly name: string }
  | { readonly kind: 'stageVariables'; readonly name: string }
  | { readonly kind: 'context'; readonly path: string }
  /** Written in a form that is not known: the call fails, nothing is guessed. */
  | { readonly kind: 'unknown'; readonly text: string }

/** @see API Gateway Developer Guide, "Parameter mapping source reference for REST APIs" */
export function compileMappings(
  parameters: Readonly<Record<string, string>> | undefined,
): readonly Mapping[] {
  return Object.entries(parameters ?? {}).map(([target, source]) => ({
    target: readTarget(target),
    source: readSource(source),
  }))
}

function readTarget(text: string): Mapping['target'] {
  const [, , place = '', ...name] = text.split('.')
  return {
    place: place.includes('query') ? 'querystring' : place === 'path' ? 'path' : 'header',
    name: name.join('.'),
  }
}

const methodSource =
  /^method\.request\.(path|querystring|multivaluequerystring|header|multivalueheader)\.(.+)$/
const responseSource = /^integration\.response\.(multivalueheader|header)\.(.+)$/
const bodySource = /^(?:method\.request|integration\.response)\.body(?:\.(.+))?$/

export function readSource(text: string): Source {
  const quoted = /^'([\s\S]*)'$/.exec(text)
  if (quoted) return { kind: 'static', value: quoted[1]! }
  const method = methodSource.exec(text)
  if (method) return { kind: 'method', place: method[1] as 'path', name: method[2]! }
  const response = responseSource.exec(text)
  if (response)
    return {
      kind: 'response',
      isMultivalued: response[1] === 'multivalueheader',
      name: response[2]!.toLowerCase(),
    }
  const body = bodySource.exec(text)
  if (body) return { kind: 'body', path: body[1] === undefined ? '$' : `$.${body[1]}` }
  if (text.startsWith('stageVariables.'))
    return { kind: 'stageVariables', name: text.slice('stageVariables.'.length) }
  if (text.startsWith('context.')) return { kind: 'context', path: text.slice('context.'.length) }
  return { kind: 'unknown', text }
}

/** What of a call mappings read. */
export type MappingEnvironment = Pick<
  CallEnvironment,
  'context' | 'query' | 'headers' | 'bodyText'
> & {
  readonly validated: Pick<CallEnvironment['validated'], 'stage' | 'pathParameters'>
}

/** What of a response mappings read. */
export interface ResponseValues {
  readonly headers: ReadonlyMap<string, readonly string[]>
  readonly bodyText: string
}

/** The mapping's text is not one that can be evaluated. */
export class MappingError extends Error {
  override readonly name = 'MappingError'
  readonly code = 'MAPPING'
}

/** @returns undefined when the source has no value: nothing is mapped then */
export function valueOfSource(
  source: Source,
  env: MappingEnvironment,
  response?: ResponseValues,
): string | undefined {
  switch (source.kind) {
    case 'static':
      return source.value
    case 'stageVariables':
      return env.validated.stage.variables[source.name]
    case 'context':
      return textOf(source.path.split('.').reduce<unknown>(memberOf, env.context))
    case 'method':
      return methodValue(source.place, source.name, env)
    case 'body':
      return bodyValue(response ? response.bodyText : env.bodyText, source.path)
    case 'response': {
      const values = response?.headers.get(source.name)
      return source.isMultivalued ? values?.join(',') : values?.at(-1)
    }
    case 'unknown':
      throw new MappingError(`\`${source.text}\` is no source of a mapping`)
  }
}

function methodValue(
  place: (Source & { kind: 'method' })['place'],
  name: string,
  env: MappingEnvironment,
): string | undefined {
  if (place === 'path') {
    const { pathParameters } = env.validated
    return Object.hasOwn(pathParameters, name) ? pathParameters[name] : undefined
  }
  const isQuery = place === 'querystring' || place === 'multivaluequerystring'
  const values = isQuery
    ? Object.hasOwn(env.query, name)
      ? env.query[name]
      : undefined
    : env.headers.get(name.toLowerCase())?.values
  return place.startsWith('multivalue') ? values?.join(',') : values?.at(-1)
}

/** JSON is read only where the text begins like it; anything else maps to nothing. */
function bodyValue(bodyText: string, path: string): string | undefined {
  if (path === '$') return bodyText
  if (!/^\s*[[{"']/.test(bodyText)) return undefined
  let json: unknown
  try {
    json = parseJson(bodyText)
  } catch {
    throw new MappingError('Invalid JSON in request body')
  }
  try {
    return textOf(findJson(json, path))
  } catch (error) {
    throw error instanceof WorkLimitError ? new MappingError(`\`${path}\` ${error.message}`) : error
  }
}

function textOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** Its own alone. */
export function memberOf(holder: unknown, name: string): unknown {
  return typeof holder === 'object' && holder !== null && Object.hasOwn(holder, name)
    ? (holder as Record<string, unknown>)[name]
    : undefined
}
