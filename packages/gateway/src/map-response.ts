/** From the integration's answer to the client's. */
import { type CompiledResponse, selectResponse } from './compiled-integration.ts'
import { convertResponse } from './content-handling.ts'
import { GatewayError } from './gateway-responses.ts'
import { droppedAtEgress, isHeaderName, isHeaderValue, remapPrefix, remapped } from './headers.ts'
import { renderTemplate, variablesOf } from './map-request.ts'
import { type ResponseValues, valueOfSource } from './mappings.ts'
import { overridesOf, withoutHeader } from './overrides.ts'
import type { IntegrationResponse } from './pass.ts'
import type { BodyStream } from './ports.ts'

export interface MappedResponse {
  readonly status: number
  readonly headers: readonly string[]
  readonly body: string | Uint8Array
  /** Instead of the body. */
  readonly stream?: BodyStream
}

/** @throws GatewayError API_CONFIGURATION_ERROR  no integration response fits, or it names a status the method has not */
export function mapResponse(response: IntegrationResponse): MappedResponse {
  return response.to.for.method.integration!.isProxy ? proxied(response) : mapped(response)
}

function proxied({ status, headers, body, stream, to }: IntegrationResponse): MappedResponse {
  const passed: string[] = []
  let hasType = false
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at]!
    const lower = name.toLowerCase()
    if (droppedAtEgress.has(lower)) continue
    if (lower === 'content-type') hasType = true
    passed.push(remapped.has(lower) ? `${remapPrefix}${name}` : name, headers[at + 1]!)
  }
  if (!hasType) passed.push('Content-Type', 'application/json')
  return {
    status: overriddenStatus(to.env.responseOverride.status, status),
    headers: passed,
    body,
    ...(stream && { stream }),
  }
}

function mapped(response: IntegrationResponse): MappedResponse {
  const { to, status } = response
  const { env } = to
  const { functionResult } = response
  const selected = selectResponse(
    to.for.method.integration!.responses,
    functionResult ? functionResult.errorMessage : String(status),
  )
  if (selected === undefined)
    throw new GatewayError('API_CONFIGURATION_ERROR', {
      detail: `No match for output mapping and no default output mapping configured. Endpoint Response Status Code: ${status}`,
    })
  if (!selected.isDeclared)
    throw new GatewayError('API_CONFIGURATION_ERROR', {
      detail: `Output mapping refers to an invalid method response: ${selected.status}`,
    })
  if (selected.status < leastFinalStatus)
    throw new GatewayError('API_CONFIGURATION_ERROR', {
      detail: `the status ${selected.status} ends no call`,
    })
  const values = valuesOf(response)
  const { type, body } = mappedBody(selected, response, values)
  let headers = mappedHeaders(selected, response, values)
  for (const [name, overrides] of overridesOf(env.responseOverride.header)) {
    headers = withoutHeader(headers, name)
    for (const value of overrides) headers.push(...checkedHeader(name, value))
  }
  return {
    status: overriddenStatus(env.responseOverride.status, selected.status),
    headers: withContentType(headers, type),
    body,
  }
}

/** Below it a client goes on to wait for the answer, and takes the next one for it. */
const leastFinalStatus = 200

/** Only whole numbers up to 599 override, and only with what ends a call. */
function overriddenStatus(override: unknown, status: number): number {
  if (override === undefined) return status
  const value = Number(override)
  return Number.isInteger(value) && value >= leastFinalStatus && value <= 599 ? value : status
}

/** The template for what the client accepts, else the JSON one, else the first; without any the body passes. */
function mappedBody(
  selected: CompiledResponse,
  { to, body }: IntegrationResponse,
  values: ResponseValues,
): { type: string; body: string | Uint8Array } {
  const accepted =
    to.env.headers.get('accept')?.values[0]?.split(',')[0]?.split(';')[0]?.trim().toLowerCase() ??
    ''
  const type = [accepted, 'application/json', ...selected.templates.keys()].find((each) =>
    selected.templates.has(each),
  )
  if (type === undefined) {
    const own = values.headers.get('content-type')?.at(-1)
    const accept = to.env.headers.get('accept')?.values[0] ?? ''
    const { binaryMediaTypes } = to.for.deployment.snapshot
    const { contentHandling } = selected.definition
    const converted = convertResponse(body, own ?? '', accept, binaryMediaTypes, contentHandling)
    return { type: own ?? 'application/json', body: converted }
  }
  return {
    type,
    body: renderTemplate(selected.templates.get(type)!, variablesOf(to.env, values.bodyText)),
  }
}

function mappedHeaders(
  selected: CompiledResponse,
  { to }: IntegrationResponse,
  values: ResponseValues,
): string[] {
  return selected.mappings.flatMap(({ target, source }) => {
    const value = valueOfSource(source, to.env, values)
    return value === undefined ? [] : [...checkedHeader(target.name, value)]
  })
}

function checkedHeader(name: string, value: string): readonly string[] {
  if (!isHeaderName(name) || !isHeaderValue(value))
    throw new GatewayError('API_CONFIGURATION_ERROR', {
      detail: `header \`${name}\` cannot be mapped`,
    })
  const lower = name.toLowerCase()
  if (lower === 'transfer-encoding') return []
  return [remapped.has(lower) ? `${remapPrefix}${name}` : name, value]
}

function valuesOf({ headers, body }: IntegrationResponse): ResponseValues {
  const grouped = new Map<string, string[]>()
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const lower = headers[at]!.toLowerCase()
    grouped.set(lower, [...(grouped.get(lower) ?? []), headers[at + 1]!])
  }
  return { headers: grouped, bodyText: new TextDecoder().decode(body) }
}

function withContentType(headers: string[], type: string): readonly string[] {
  const hasType = headers.some((name, at) => at % 2 === 0 && name.toLowerCase() === 'content-type')
  return hasType ? headers : [...headers, 'Content-Type', type]
}
