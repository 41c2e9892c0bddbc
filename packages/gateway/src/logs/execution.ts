/** The lines that an execution log writes of a call, in API Gateway's words. */
import { isUtf8 } from 'node:buffer'
import type { GatewayResponseType } from '@aws-sdk/client-api-gateway'
import { messageOf } from '../gateway-responses.ts'
import { sentHeaders } from '../integrations/http.ts'
import type { GatewayReply } from '../pass.ts'
import type { Progress } from '../progress.ts'
import { masked, maskedUrl, maskedValue } from './masked.ts'

export interface Line {
  /** Errors are written at every level, steps from INFO on, data where the whole request is traced. */
  readonly kind: 'error' | 'step' | 'data'
  /** Epoch milliseconds. */
  readonly at: number
  readonly text: string
}

/** @see API Gateway Developer Guide, "Set up CloudWatch logging for REST APIs in API Gateway" */
export const longestLine = 1_024
const cut = ' [TRUNCATED]'

export function* executionLines(progress: Progress, reply: GatewayReply): Generator<Line> {
  const end = progress.times?.now() ?? 0
  const { begun = end, sent = begun, answered = end } = progress.times ?? {}
  const of =
    (at: number) =>
    ([kind, text]: Said): Line => ({ kind, at, text: shortened(text) })
  yield* admission(progress).map(of(begun))
  if (progress.admitted) yield* methodRequest(progress).map(of(begun))
  if (progress.request && progress.request.for.method.integration?.type !== 'MOCK') {
    yield* endpointRequest(progress.request).map(of(sent))
    if (progress.response)
      yield* endpointResponse(progress.response, answered - sent).map(of(answered))
  }
  yield* (progress.refusal ? refused(progress, reply) : methodResponse(reply)).map(of(end))
  yield of(end)(['step', `Method completed with status: ${reply.status}`])
}

type Said = readonly [Line['kind'], string]

function shortened(text: string): string {
  return text.length <= longestLine ? text : `${text.slice(0, longestLine - cut.length)}${cut}`
}

function admission(progress: Progress): Said[] {
  const { received, deployment, stage, matched, authorized, admitted } = progress
  const { requestId, extendedRequestId } = received
  const lines: Said[] = [['step', `Extended Request Id: ${extendedRequestId}`]]
  const { authorizationType, authorizerId } = matched?.method.definition ?? {}
  if (authorizationType === 'CUSTOM') {
    lines.push(['step', `Starting authorizer: ${authorizerId} for request: ${requestId}`])
    if (authorized) lines.push(['step', 'Successfully completed authorizer execution'])
  }
  if (matched === undefined || authorized === undefined) return lines
  const key = admitted?.apiKey ? masked(admitted.apiKey.value) : ''
  const apiStage = `${deployment.snapshot.restApiId}/${stage.stageName}`
  lines.push([
    'step',
    `Verifying Usage Plan for request: ${requestId}. API Key: ${key} API Stage: ${apiStage}`,
  ])
  if (admitted === undefined) return lines
  if (!matched.method.apiKeyRequired)
    lines.push([
      'step',
      `API Key ${key} authorized because method '${methodOf(progress)}' does not require API Key. Request will not contribute to throttle or quota limits`,
    ])
  lines.push(['step', `Usage Plan check succeeded for API Key ${key} and API Stage ${apiStage}`])
  return lines
}

function methodOf({ matched }: Progress): string {
  return `${matched?.httpMethod} ${matched?.method.resource.path}`
}

function methodRequest({ received, matched, body }: Progress): Said[] {
  return [
    ['step', `Starting execution for request: ${received.requestId}`],
    [
      'step',
      `HTTP Method: ${matched?.httpMethod}, Resource Path: ${received.stagePath === '' ? '/' : received.stagePath}`,
    ],
    ['data', `Method request path: ${mapOf(Object.entries(matched?.pathParameters ?? {}))}`],
    [
      'data',
      `Method request query string: ${mapOf([...new URLSearchParams(received.rawQuery.replaceAll(';', '&'))])}`,
    ],
    ['data', `Method request headers: ${mapOf(pairsOf(received.headers))}`],
    ['data', `Method request body before transformations: ${textOf(body ?? '')}`],
  ]
}

function endpointRequest(request: NonNullable<Progress['request']>): Said[] {
  const { uri, rawQuery, body } = request
  const isHttp = request.for.method.integration?.type.startsWith('HTTP') === true
  const headers = isHttp ? sentHeaders(request) : request.headers
  const whole = rawQuery === '' ? uri : `${uri}${uri.includes('?') ? '&' : '?'}${rawQuery}`
  const url = maskedUrl(whole)
  return [
    ['data', `Endpoint request URI: ${url}`],
    ['data', `Endpoint request headers: ${mapOf(pairsOf(headers))}`],
    ['data', `Endpoint request body after transformations: ${textOf(body)}`],
    ['step', `Sending request to ${url}`],
  ]
}

function endpointResponse(
  { status, headers, body }: NonNullable<Progress['response']>,
  latencyMs: number,
): Said[] {
  return [
    ['step', `Received response. Status: ${status}, Integration latency: ${latencyMs} ms`],
    ['data', `Endpoint response headers: ${mapOf(pairsOf(headers))}`],
    ['data', `Endpoint response body before transformations: ${textOf(body)}`],
  ]
}

function methodResponse({ headers, body }: GatewayReply): Said[] {
  return [
    ['data', `Method response body after transformations: ${textOf(body)}`],
    ['data', `Method response headers: ${mapOf(pairsOf(headers))}`],
    ['step', 'Successfully completed execution'],
  ]
}

function refused(progress: Progress, { status, headers, body }: GatewayReply): Said[] {
  const type = progress.refusal!.type
  const said = reasons[type]?.(progress)
  return [
    ...(said === undefined ? [] : [['error', said] as const]),
    ['error', `Gateway response type: ${type} with status code: ${status}`],
    ['data', `Gateway response body: ${textOf(body)}`],
    ['data', `Gateway response headers: ${mapOf(pairsOf(headers))}`],
  ]
}

/** Some say it all in AWS's words already; what only we understand stays with us. */
const inItsWords =
  (words: (detail: string) => string) =>
  ({ refusal }: Progress) => {
    const detail = refusal?.details.detail ?? ''
    return /^(?:Execution failed|Lambda )/.test(detail) ? detail : words(detail)
  }
const configuration = inItsWords(
  (detail) => `Execution failed due to configuration error: ${detail}`,
)
const unauthorized = ({ received }: Progress) => `Unauthorized request: ${received.requestId}`
const itsMessage = ({ refusal }: Progress) => refusal && messageOf(refusal)

/** What AWS says before it names the gateway response. */
const reasons: Partial<Record<GatewayResponseType, (progress: Progress) => string | undefined>> = {
  ACCESS_DENIED: (progress) =>
    progress.matched?.method.authorizationType === 'CUSTOM'
      ? unauthorized(progress)
      : 'The client is not authorized to perform this operation.',
  API_CONFIGURATION_ERROR: configuration,
  AUTHORIZER_CONFIGURATION_ERROR: configuration,
  AUTHORIZER_FAILURE: configuration,
  BAD_REQUEST_PARAMETERS: itsMessage,
  BAD_REQUEST_BODY: ({ received, refusal }) =>
    `Request body does not match model schema for content type ${contentTypeOf(received.headers)}: ${refusal?.details.validationError ?? ''}`,
  DEFAULT_5XX: inItsWords(() => 'Execution failed due to an internal error'),
  INTEGRATION_FAILURE: inItsWords(
    () => 'Execution failed due to a network error communicating with endpoint',
  ),
  INTEGRATION_TIMEOUT: () => 'Execution failed due to a timeout error',
  INVALID_API_KEY: (progress) => {
    const { deployment, stage } = progress
    return `API Key not authorized because method '${methodOf(progress)}' requires API Key and API Key is not associated with a Usage Plan for API Stage ${deployment.snapshot.restApiId}/${stage.stageName}: No Usage Plan found for key and API Stage`
  },
  UNAUTHORIZED: unauthorized,
  UNSUPPORTED_MEDIA_TYPE: itsMessage,
}

function contentTypeOf(headers: readonly string[]): string {
  const type = pairsOf(headers).find(([name]) => /^content-type$/i.test(name))?.[1]
  return type ?? 'application/json'
}

/** As Java writes a map; names that come several times have their values in a row. */
function mapOf(pairs: readonly (readonly [string, string])[]): string {
  const values = new Map<string, string>()
  for (const [name, value] of pairs) {
    const before = values.get(name)
    const shown = maskedValue(name, value)
    values.set(name, before === undefined ? shown : `${before}, ${shown}`)
  }
  return `{${[...values].map(([name, value]) => `${name}=${value}`).join(', ')}}`
}

function pairsOf(flat: readonly string[]): readonly (readonly [string, string])[] {
  return flat.flatMap((name, at) => (at % 2 === 0 ? [[name, flat[at + 1] ?? ''] as const] : []))
}

function textOf(body: string | Uint8Array): string {
  if (typeof body === 'string') return body.slice(0, longestLine)
  // As much as can be shown: bodies may be large.
  const shown = body.subarray(0, 4 * longestLine)
  return isUtf8(body) ? Buffer.from(shown).toString() : '[Binary Data]'
}
