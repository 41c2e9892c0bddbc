/** Trying an authorizer before anything is deployed. */
import type * as Sdk from '@aws-sdk/client-api-gateway'
import type { GatedOperations } from '../service.ts'
import { authorizerOf } from './authorizers.ts'
import { freeze } from './deployments.ts'
import { refuseMembers } from './errors.ts'
import { getApi } from './records.ts'
import { asOnTheWire, headersOf } from './test-method.ts'

export const testAuthorizer = {
  TestInvokeAuthorizer: {
    async handle(input, call) {
      // Authorizers are shown neither the body nor what is not of the request.
      refuseMembers({ ...input, additionalContext: Object.keys(input.additionalContext ?? {}) }, [
        'additionalContext',
      ])
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
        requestId: call.requestId,
      })
      return {
        clientStatus: status,
        latency: latencyMs,
        ...said,
        ...(claims && { claims: { ...claims } }),
      }
    },
  },
} satisfies GatedOperations<typeof Sdk>
