/** Trying a method before anything is deployed. */
import type * as Sdk from '@aws-sdk/client-api-gateway'
import type { GatewayReply } from '@sekisho/gateway'
import type { Reader } from '@sekisho/store'
import type { Call, GatedOperations } from '../service.ts'
import { connectionCollections } from './connection-records.ts'
import { freeze } from './deployments.ts'
import { badRequest, notFound } from './errors.ts'
import { methodOf } from './methods.ts'
import { getApi, missing, resourceOf } from './records.ts'

/** @see API Gateway Developer Guide, "Amazon API Gateway quotas and important notes" (payload size) */
const largestBody = 10_485_760

export const testMethod = {
  TestInvokeMethod: {
    async handle(input, call) {
      const { restApiId, resourceId, body = '', stageVariables = {} } = input
      const api = await getApi(call.documents, call, restApiId, missing.resource)
      const { path: resourcePath, methods } = resourceOf(api, resourceId)
      const takesAll = !Object.hasOwn(methods, input.httpMethod) && isHttpMethod(input.httpMethod)
      methodOf(api, resourceId, takesAll ? 'ANY' : input.httpMethod)
      // One for all methods is tried with that which changes nothing.
      const httpMethod = input.httpMethod === 'ANY' ? 'GET' : input.httpMethod
      await checkCertificate(call.documents, call, input.clientCertificateId)
      if (Buffer.byteLength(body) > largestBody)
        throw badRequest('HTTP content length exceeded 10485760 bytes.')
      const [path = '', ...query] = asOnTheWire(input.pathWithQueryString ?? '').split('?')
      const answer = await call.testMethod({
        snapshot: freeze(api, 'test-invoke'),
        resourceId,
        httpMethod,
        path: path.startsWith('/') ? path : resourcePath,
        rawQuery: query.join('?'),
        headers: headersOf(input.headers, input.multiValueHeaders),
        body,
        stageVariables,
        clientCertificateId: input.clientCertificateId,
        caller: call.principal,
        requestId: call.requestId,
      })
      if (answer === undefined) throw notFound('Invalid Method identifier specified')
      const { reply, log, latencyMs } = answer
      return { status: reply.status, ...shownAnswer(reply), log, latency: latencyMs }
    },
  },
} satisfies GatedOperations<typeof Sdk>

function isHttpMethod(name: string): boolean {
  return /^(?:DELETE|GET|HEAD|OPTIONS|PATCH|POST|PUT)$/.test(name)
}

/** What no client could send in a request line is encoded. */
export function asOnTheWire(address: string): string {
  return address.toWellFormed().replace(/[^\x21-\x7e]+/g, encodeURIComponent)
}

async function checkCertificate(
  reader: Reader,
  { accountId, region }: Call,
  id: string | undefined,
): Promise<void> {
  const key = `${accountId}/${region}/${id}`
  if (id !== undefined && !(await reader.get(connectionCollections.clientCertificates, key)))
    throw badRequest('Invalid client certificate identifier specified')
}

/** Of a name that is in both maps the several values count. */
export function headersOf(
  headers: Readonly<Record<string, string>> = {},
  multiValueHeaders: Readonly<Record<string, readonly string[]>> = {},
): readonly string[] {
  const several = new Set(Object.keys(multiValueHeaders).map((name) => name.toLowerCase()))
  const pairs = [
    ...Object.entries(headers).filter(([name]) => !several.has(name.toLowerCase())),
    ...Object.entries(multiValueHeaders).flatMap(([name, values]) =>
      values.map((value): [string, string] => [name, value]),
    ),
  ]
  for (const [name, value] of pairs)
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) || /[\r\n\0]/.test(value))
      throw badRequest(`Invalid header specified: ${name}`)
  return pairs.flat()
}

function shownAnswer({ headers, body }: GatewayReply) {
  const multiValueHeaders: Record<string, string[]> = {}
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at]!
    multiValueHeaders[name] = [...(multiValueHeaders[name] ?? []), headers[at + 1]!]
  }
  const lastValues = Object.entries(multiValueHeaders).map(([name, all]) => [name, all.at(-1)!])
  return {
    body: typeof body === 'string' ? body : Buffer.from(body).toString(),
    headers: Object.fromEntries(lastValues) as Record<string, string>,
    multiValueHeaders,
  }
}
