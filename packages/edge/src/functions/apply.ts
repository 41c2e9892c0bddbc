/** Runs a behaviour's functions: on the request before the cache is asked, on the answer before the viewer gets it. */
import type { Headers } from '../headers.ts'
import type { Ports } from '../ports.ts'
import { Refusal } from '../refusal.ts'
import type { Admitted } from '../viewer.ts'
import { eventOf, requestOf, responseOf } from './event.ts'
import { FunctionError, type ReturnedResponse, readResponse, readReturned } from './returned.ts'

export interface Changed {
  readonly admitted: Admitted
  /** The path that the origin is asked for. */
  readonly path: string
}

/** @throws Refusal FUNCTION_FAILED */
export async function onRequest(
  admitted: Admitted,
  path: string,
  ports: Pick<Ports, 'runFunction'>,
): Promise<Changed | ReturnedResponse> {
  const { viewer, behaviour } = admitted
  const code = behaviour.settings.functions?.viewerRequest
  if (code === undefined) return { admitted, path }
  const given = requestOf(admitted, path)
  return failingClosed(async () => {
    const event = eventOf(admitted, 'viewer-request', given)
    const returned = readReturned(await ports.runFunction(code, JSON.stringify(event)), given)
    if ('response' in returned) return returned.response
    const { uri, rawQuery, headers } = returned.request
    return { admitted: { ...admitted, viewer: { ...viewer, rawQuery, headers } }, path: uri }
  })
}

export interface Given {
  readonly status: number
  readonly headers: Headers
}

/** Not asked for errors. @throws Refusal FUNCTION_FAILED */
export async function onResponse(
  admitted: Admitted,
  path: string,
  given: Given,
  ports: Pick<Ports, 'runFunction'>,
): Promise<ReturnedResponse | undefined> {
  const code = admitted.behaviour.settings.functions?.viewerResponse
  if (code === undefined || given.status >= 400) return undefined
  return failingClosed(async () => {
    const response = responseOf(given.status, given.headers)
    const event = eventOf(admitted, 'viewer-response', requestOf(admitted, path), response)
    const returned = await ports.runFunction(code, JSON.stringify(event))
    return spelledAs(readResponse(returned, response), given.headers)
  })
}

/** Names as the origin wrote them. */
function spelledAs(response: ReturnedResponse, headers: Headers): ReturnedResponse {
  const spelling = new Map<string, string>()
  for (let at = 0; at + 1 < headers.length; at += 2)
    spelling.set(headers[at]!.toLowerCase(), headers[at]!)
  return {
    ...response,
    headers: response.headers.map((text, at) =>
      at % 2 === 0 ? (spelling.get(text) ?? text) : text,
    ),
  }
}

/** Whatever goes wrong within a function is the function's. */
async function failingClosed<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof FunctionError)
      throw new Refusal(`FUNCTION_${error.code}`, error.message, { cause: error })
    throw error
  }
}

export function hasFunctions({ behaviour }: Admitted): boolean {
  return behaviour.settings.functions !== undefined
}
