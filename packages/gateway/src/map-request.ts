/** From the client's request to the integration's: passthrough or template, parameters, address. */
import type { CompiledIntegration, CompiledTemplate } from './compiled-integration.ts'
import { convertRequest } from './content-handling.ts'
import { environmentOf, isUntouched } from './environment.ts'
import { withForwarded } from './forwarded.ts'
import { GatewayError } from './gateway-responses.ts'
import {
  droppedAtIngress,
  droppedWhenMapped,
  headerOf,
  isHeaderName,
  isHeaderValue,
  notForwarded,
  unmappable,
  unmappableToServices,
} from './headers.ts'
import { MappingError, valueOfSource } from './mappings.ts'
import { overridesOf, withoutHeader } from './overrides.ts'
import type { CallEnvironment, IntegrationRequest, Validated } from './pass.ts'
import { fillStageVariables } from './stage-variables.ts'
import { TemplateInput, templateUtil } from './templates/functions.ts'
import { render, type Variables } from './templates/render.ts'
import { TemplateError } from './templates/syntax.ts'

/** @throws GatewayError UNSUPPORTED_MEDIA_TYPE, BAD_REQUEST_BODY, API_CONFIGURATION_ERROR */
export function mapRequest(validated: Validated): IntegrationRequest {
  const { integration } = validated.method
  if (integration === undefined)
    throw new GatewayError('API_CONFIGURATION_ERROR', {
      detail: 'no integration defined for method',
    })
  const env = environmentOf(validated)
  const { isProxy } = integration
  const contentType = mediaType(validated)
  const body = (isProxy ? passedBody : mappedBody)(integration, contentType, env)
  const mapped = mappedParameters(integration, env)
  const ownQuery = isProxy ? validated.received.rawQuery : ''
  return new MappedRequest(
    validated,
    env,
    isProxy ? undefined : ['Content-Type', contentType, ...mapped.headers],
    mapped.headers,
    mapped.query.length === 0 ? ownQuery : joined(ownQuery, mapped.query),
    addressOf(integration, mapped.path, env),
    body,
  )
}

class MappedRequest implements IntegrationRequest {
  #headers: readonly string[] | undefined
  readonly #mapped: readonly string[]
  readonly for: Validated
  readonly env: CallEnvironment
  readonly rawQuery: string
  readonly uri: string
  readonly body: Uint8Array

  constructor(
    validated: Validated,
    env: CallEnvironment,
    headers: readonly string[] | undefined,
    mapped: readonly string[],
    rawQuery: string,
    uri: string,
    body: Uint8Array,
  ) {
    this.for = validated
    this.env = env
    this.#headers = headers
    this.#mapped = mapped
    this.rawQuery = rawQuery
    this.uri = uri
    this.body = body
  }

  /** Of what goes on as it came made when it is read: functions are told of the client's headers in the event alone. */
  get headers(): readonly string[] {
    if (this.#headers === undefined) {
      const headers = forwardedHeaders(this.for)
      headers.push(...this.#mapped)
      this.#headers = headers
    }
    return this.#headers
  }
}

function joined(ownQuery: string, mapped: [string, string][]): string {
  const added = new URLSearchParams(mapped).toString()
  return ownQuery === '' ? added : `${ownQuery}&${added}`
}

/** No Content-Type counts as JSON; only the media type is compared. */
function mediaType({ received: { headers } }: Validated): string {
  const value = headerOf(headers, 'content-type')?.split(';')[0]?.trim().toLowerCase()
  return value === undefined || value === '' ? 'application/json' : value
}

/** @see API Gateway Developer Guide, "Method request behavior for payloads without mapping templates" */
function mappedBody(
  integration: CompiledIntegration,
  contentType: string,
  env: CallEnvironment,
): Uint8Array {
  const { requestTemplates, passthrough } = integration
  const template = requestTemplates.get(contentType) ?? requestTemplates.get('$default')
  if (template !== undefined)
    return new TextEncoder().encode(renderTemplate(template, variablesOf(env, env.bodyText)))
  const passes =
    passthrough === 'WHEN_NO_MATCH' ||
    (passthrough === 'WHEN_NO_TEMPLATES' && requestTemplates.size === 0)
  if (!passes) throw new GatewayError('UNSUPPORTED_MEDIA_TYPE')
  return passedBody(integration, contentType, env)
}

function passedBody(
  { definition }: CompiledIntegration,
  contentType: string,
  { validated }: CallEnvironment,
): Uint8Array {
  const { binaryMediaTypes } = validated.deployment.snapshot
  return convertRequest(validated.body, contentType, binaryMediaTypes, definition.contentHandling)
}

/** @throws GatewayError API_CONFIGURATION_ERROR  the template cannot be read or passes its bounds */
export function renderTemplate(template: CompiledTemplate, variables: Variables): string {
  if ('fault' in template)
    throw new GatewayError('API_CONFIGURATION_ERROR', {
      detail: `mapping template: ${template.fault}`,
    })
  if (template.constant !== undefined) return template.constant
  try {
    return render(template.parts, variables)
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error
    throw new GatewayError('API_CONFIGURATION_ERROR', {
      detail: `mapping template: ${error.message}`,
    })
  }
}

export function variablesOf(env: CallEnvironment, bodyText: string): Variables {
  const last = (values: readonly string[]) => values.at(-1) ?? ''
  return new Map<string, unknown>([
    [
      'input',
      new TemplateInput({
        body: bodyText,
        path: env.validated.pathParameters,
        querystring: Object.fromEntries(
          Object.entries(env.query).map(([name, values]) => [name, last(values)]),
        ),
        header: Object.fromEntries(
          [...env.headers.values()].map(({ name, values }) => [name, last(values)]),
        ),
      }),
    ],
    ['util', templateUtil],
    ['context', env.context],
    ['stageVariables', { ...env.validated.stage.variables }],
  ])
}

interface MappedParameters {
  readonly headers: string[]
  readonly query: [string, string][]
  readonly path: Readonly<Record<string, string>>
}

const nothingMapped: MappedParameters = { headers: [], query: [], path: {} }

function mappedParameters(
  integration: CompiledIntegration,
  env: CallEnvironment,
): MappedParameters {
  const { requestOverride } = env
  if (integration.requestMappings.length === 0 && isUntouched(requestOverride)) return nothingMapped
  let headers: string[] = []
  let query: [string, string][] = []
  const path: Record<string, string> = {}
  const put = (place: 'header' | 'querystring' | 'path', name: string, value: string) => {
    if (place === 'querystring') query.push([name, value])
    else if (place === 'path') path[name] = value
    else headers.push(...mappedHeader(name, value, integration))
  }
  try {
    for (const { target, source } of integration.requestMappings) {
      const value = valueOfSource(source, env)
      if (value !== undefined) put(target.place, target.name, value)
    }
  } catch (error) {
    if (!(error instanceof MappingError)) throw error
    if (error.message.startsWith('Invalid JSON'))
      throw new GatewayError('BAD_REQUEST_BODY', { message: error.message })
    throw new GatewayError('API_CONFIGURATION_ERROR', { detail: error.message })
  }
  for (const place of ['header', 'querystring', 'path'] as const)
    for (const [name, values] of overridesOf(requestOverride[place])) {
      if (place === 'header') headers = withoutHeader(headers, name)
      if (place === 'querystring') query = query.filter(([each]) => each !== name)
      for (const value of values) put(place, name, value)
    }
  return { headers, query, path }
}

function mappedHeader(
  name: string,
  value: string,
  { type }: CompiledIntegration,
): readonly string[] {
  const lower = name.toLowerCase()
  const isService = type.startsWith('AWS')
  if (isService && lower === 'referer') return []
  const isRefused = unmappable.has(lower) || (isService && unmappableToServices.has(lower))
  if (isRefused || !isHeaderName(name) || !isHeaderValue(value))
    throw new GatewayError('API_CONFIGURATION_ERROR', {
      detail: `header \`${name}\` cannot be mapped`,
    })
  return !isService && droppedWhenMapped.has(lower) ? [] : [name, value]
}

/** What a proxy passes on: nothing that belongs to this connection, and no signature made for this gateway. */
function forwardedHeaders({ method, received }: Validated): string[] {
  const headers = withForwarded(received)
  const passed: string[] = []
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const lower = headers[at]!.toLowerCase()
    if (droppedAtIngress.has(lower) || notForwarded.has(lower)) continue
    if (lower === 'authorization' && (method.authorizationType === 'AWS_IAM' || isSigned(headers)))
      continue
    passed.push(headers[at]!, headers[at + 1]!)
  }
  return passed
}

/** One signature among several credentials takes them all along. */
function isSigned(headers: readonly string[]): boolean {
  for (let at = 0; at + 1 < headers.length; at += 2)
    if (headers[at]!.toLowerCase() === 'authorization' && headers[at + 1]!.startsWith('AWS4-'))
      return true
  return false
}

/** Stage variables and path parameters put into the address; what has no value becomes nothing. */
function addressOf(
  { definition }: CompiledIntegration,
  path: Readonly<Record<string, string>>,
  env: CallEnvironment,
): string {
  const { uri = '' } = definition
  if (!uri.includes('{')) return uri
  const withVariables = fillStageVariables(uri, env.validated.stage.variables)
  const query = withVariables.search(queryBegins)
  return withVariables.replace(/\{([^{}]+?)\+?\}/g, (_, name: string, at: number) => {
    if (!Object.hasOwn(path, name)) return ''
    const value = encodePath(path[name]!)
    return query < 0 || at < query ? value : encodeInQuery(value)
  })
}

/** Of a web server's address, or of a service's action. */
const queryBegins = /\?|:action\/\w+&/

/** What ends a parameter in a query, and begins another, is no more than a character in a path. */
function encodeInQuery(value: string): string {
  return value.replace(/[&;=+]/g, (char) => encodeURIComponent(char))
}

/**
 * Already encoded text stays as it is; nothing can leave the path (`?`, `#`).
 * @throws GatewayError BAD_REQUEST_PARAMETERS  dot segments, encoded or not: whoever reads the address next would climb
 */
function encodePath(value: string): string {
  if (value.split(/[/\\]|%2f|%5c/i).some((part) => /^(?:\.|%2e){1,2}$/i.test(part)))
    throw new GatewayError('BAD_REQUEST_PARAMETERS', { message: 'Invalid path parameter' })
  return value.replace(/[^A-Za-z0-9\-._~!$&'()*+,;=:@%/]/gu, (char) => encodeURIComponent(char))
}
