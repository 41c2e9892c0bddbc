/** Trying an authorizer before anything is deployed. */
import type * as Sdk from '@aws-sdk/client-api-gateway'
import type { GatedOperations } from '../service.ts'
import { authorizerOf } from './authorizers.ts'
import { freeze } from './deployments.ts'
import { badRequest } from './errors.ts'
import { getApi } from './records.ts'
import { asOnTheWire, headersOf } from './test-method.ts'

export const testAuthorizer = {
  TestInvokeAuthorizer: {
    async handle(input, call) {
      const api = await getApi(call.documents, call, input.restApiId)
      authorizerOf(api, input.authorizerId)
      const [path = '', ...query] = asOnTheWire(input.pathWithQueryString ?? '').split('?')
      const { status, latencyMs, claims, ...said } = await call.testAuthorizer({
        snapshot: freeze(api, 'test-invoke'),
        authorizerId: input.authorizerId,
        path: path.startsWith('/') ? path : '/',
        rawQuery: query.join('?'),
        headers: headersOf(input.headers, input.multiValueHeaders),
        stageVariables: input.stageVariables ?? {},
        // Authorizers are not shown the body.
        additionalContext: contextVariables(input.additionalContext),
        requestId: call.requestId,
      })
      return {
        // What a client would get; 0: it would be let by.
        clientStatus: status === 200 ? 0 : status,
        latency: latencyMs,
        ...said,
        ...(claims && { claims: { ...claims } }),
      }
    },
  },
} satisfies GatedOperations<typeof Sdk>

/** By their names as identity sources have them: `identity.sourceIp`, with or without `context.` before it. */
function contextVariables(given: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => {
      const [, variable] = /^\$?(?:context\.)?([A-Za-z]\w*(?:\.[A-Za-z]\w*){0,3})$/.exec(name) ?? []
      if (variable === undefined) throw badRequest(`Invalid context variable specified: ${name}`)
      return [variable, value]
    }),
  )
}
