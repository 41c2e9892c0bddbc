/** What an API says instead of the gateway's own answers: status, headers and body of its gateway responses. */
import type { GatewayResponseType } from '@aws-sdk/client-api-gateway'
import { contextOf, headersOf, queryOf } from './environment.ts'
import {
  errorContextOf,
  type GatewayError,
  gatewayResponses,
  type RenderedResponse,
  renderRefusal,
} from './gateway-responses.ts'
import { isHeaderName, isHeaderValue } from './headers.ts'
import { type MappingEnvironment, readSource, type Source, valueOfSource } from './mappings.ts'
import type { Progress } from './progress.ts'
import type { SnapshotGatewayResponse } from './snapshot.ts'

export type CustomResponses = ReadonlyMap<string, CustomResponse>

interface CustomResponse {
  /** Undefined: that of the type. */
  readonly status: number | undefined
  readonly headers: readonly { readonly name: string; readonly source: Source }[]
  /** By media type; none: the body stays. */
  readonly templates: ReadonlyMap<string, string>
}

const target = 'gatewayresponse.header.'

export function compileCustomResponses(
  definitions: Readonly<Record<string, SnapshotGatewayResponse>> = {},
): CustomResponses {
  return new Map(
    Object.entries(definitions).map(([type, definition]) => {
      const { statusCode, responseParameters = {}, responseTemplates = {} } = definition
      return [
        type,
        {
          // What ends no call is no answer.
          status: Number(statusCode) >= 200 ? Number(statusCode) : undefined,
          headers: Object.entries(responseParameters)
            .map(([name, text]) => ({ name: name.slice(target.length), source: readSource(text) }))
            .filter(({ name }) => isHeaderName(name) && !ofTheConnection.has(name.toLowerCase())),
          templates: new Map(
            Object.entries(responseTemplates).map(([type, text]) => [type.toLowerCase(), text]),
          ),
        },
      ]
    }),
  )
}

/** No answer may say these by itself: they are about how it is sent. */
export const ofTheConnection: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/**
 * The answer to a refusal, as the API has it: by its own type, else by the default of its class, else the gateway's.
 * @see API Gateway Developer Guide, "Gateway responses for REST APIs in API Gateway"
 */
export function answerRefusal(refusal: GatewayError, progress: Progress): RenderedResponse {
  const plain = renderRefusal(refusal)
  const { customResponses } = progress.deployment
  if (customResponses.size === 0 || refusal.type === 'REQUEST_TOO_LARGE') return plain
  const custom = customResponses.get(refusal.type) ?? customResponses.get(classOf(refusal.type))
  return custom === undefined ? plain : customised(plain, custom, refusal, progress)
}

function classOf(type: GatewayResponseType): GatewayResponseType {
  return gatewayResponses[type].status >= 500 ? 'DEFAULT_5XX' : 'DEFAULT_4XX'
}

function customised(
  plain: RenderedResponse,
  { status, headers, templates }: CustomResponse,
  refusal: GatewayError,
  progress: Progress,
): RenderedResponse {
  const env = environmentOf(refusal, progress)
  const mapped = headers.flatMap(({ name, source }) => {
    const value = textOf(source, env)
    // A value that would begin another line is left out: what refuses cannot refuse once more.
    return value !== undefined && isHeaderValue(value) ? [name, value] : []
  })
  const isMapped = (name: string) =>
    mapped.some((each, at) => at % 2 === 0 && each.toLowerCase() === name.toLowerCase())
  const type = typeFor(templates, env)
  const own = type === undefined ? plain.headers : withType(plain.headers, type)
  return {
    status: status ?? plain.status,
    headers: [
      ...pairs(own)
        .filter(([name]) => !isMapped(name))
        .flat(),
      ...mapped,
    ],
    body: type === undefined ? plain.body : filled(templates.get(type)!, env),
  }
}

/** The template for what the client accepts, else the JSON one, else the first. */
function typeFor(
  templates: ReadonlyMap<string, string>,
  { headers }: MappingEnvironment,
): string | undefined {
  const accepted = headers.get('accept')?.values[0] ?? ''
  const wanted = accepted.split(',').map((each) => each.split(';')[0]!.trim().toLowerCase())
  return [...wanted, 'application/json', ...templates.keys()].find((type) => templates.has(type))
}

function withType(headers: readonly string[], type: string): readonly string[] {
  return pairs(headers).flatMap(([name, value]) => [
    name,
    name.toLowerCase() === 'content-type' ? type : value,
  ])
}

function pairs(flat: readonly string[]): readonly (readonly [string, string])[] {
  return flat.flatMap((name, at) => (at % 2 === 0 ? [[name, flat[at + 1]!] as const] : []))
}

const name = /(?:context|stageVariables|method\.request)(?:\.[A-Za-z0-9_-]+)+/.source
const variable = new RegExp(`\\$(?:\\{(${name})\\}|(${name}))`, 'g')

/** No template language: variables alone are replaced, and what has no value by nothing. */
function filled(template: string, env: MappingEnvironment): string {
  return template.replace(
    variable,
    (_, inBraces: string | undefined, bare: string | undefined) =>
      textOf(readSource(inBraces ?? bare ?? ''), env) ?? '',
  )
}

function textOf(source: Source, env: MappingEnvironment): string | undefined {
  return source.kind === 'unknown' || source.kind === 'body'
    ? undefined
    : valueOfSource(source, env)
}

/** As far as the call has come. */
function environmentOf(refusal: GatewayError, progress: Progress): MappingEnvironment {
  const { received, deployment, stage, matched, authorized, admitted } = progress
  return {
    context: {
      ...contextOf({ received, deployment, stage, ...matched, ...authorized, ...admitted }),
      error: errorContextOf(refusal),
    },
    query: queryOf(received.rawQuery),
    headers: headersOf(received.headers),
    bodyText: '',
    validated: { stage, pathParameters: matched?.pathParameters ?? {} },
  }
}
