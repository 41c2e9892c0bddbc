/** Method responses: what a client may get, by status. */
import type * as Sdk from '@aws-sdk/client-api-gateway'
import type { SnapshotMethod } from '@sekisho/gateway'
import type { Constraints } from '@sekisho/protocols'
import type { GatedOperations } from '../service.ts'
import { conflict, invalidMapping, notFound } from './errors.ts'
import { changeMethod, checkModels, readMethod } from './methods.ts'
import { applyPatches, booleanOf, entryRow, type PatchTable, patchConstraints } from './patch.ts'

/** What the model says of a response's status. */
export const statusConstraint: Constraints = { statusCode: { pattern: /[1-5]\d\d/ } }

export const methodResponses = {
  PutMethodResponse: {
    constraints: statusConstraint,
    async handle(
      { restApiId, resourceId, httpMethod, statusCode, responseParameters, responseModels },
      call,
    ) {
      const response: Sdk.MethodResponse = {
        statusCode,
        ...(responseParameters && {
          responseParameters: checkedResponseParameters(responseParameters),
        }),
        ...(responseModels && { responseModels }),
      }
      await changeMethod(call, { restApiId, resourceId, httpMethod }, (method, api) => {
        checkModels(api, responseModels)
        if (method.methodResponses?.[statusCode])
          throw conflict('Response already exists for this resource')
        return { ...method, methodResponses: { ...method.methodResponses, [statusCode]: response } }
      })
      return response
    },
  },

  GetMethodResponse: {
    constraints: statusConstraint,
    async handle({ restApiId, resourceId, httpMethod, statusCode }, call) {
      const method = await readMethod(call, { restApiId, resourceId, httpMethod })
      return methodResponseOf(method, statusCode)
    },
  },

  UpdateMethodResponse: {
    constraints: { ...patchConstraints, ...statusConstraint },
    async handle({ restApiId, resourceId, httpMethod, statusCode, patchOperations }, call) {
      const method = await changeMethod(
        call,
        { restApiId, resourceId, httpMethod },
        (before, api) => {
          const response = applyPatches(
            methodResponseOf(before, statusCode),
            patchOperations,
            patches,
          )
          checkModels(api, response.responseModels)
          return {
            ...before,
            methodResponses: { ...before.methodResponses, [statusCode]: response },
          }
        },
      )
      return methodResponseOf(method, statusCode)
    },
  },

  DeleteMethodResponse: {
    constraints: statusConstraint,
    async handle({ restApiId, resourceId, httpMethod, statusCode }, call) {
      await changeMethod(call, { restApiId, resourceId, httpMethod }, (method) => {
        methodResponseOf(method, statusCode)
        const { [statusCode]: _, ...methodResponses } = method.methodResponses ?? {}
        return { ...method, methodResponses }
      })
      return {}
    },
  },
} satisfies GatedOperations<typeof Sdk>

function methodResponseOf(method: SnapshotMethod, statusCode: string): Sdk.MethodResponse {
  const response = method.methodResponses?.[statusCode]
  if (response === undefined) throw notFound('Invalid Response status code specified')
  return response
}

function checkedResponseParameters(
  parameters: Readonly<Record<string, boolean>>,
): Record<string, boolean> {
  for (const expression of Object.keys(parameters))
    if (!/^method\.response\.(?:multivalue)?header\.[^\s]+$/.test(expression))
      throw invalidMapping(`Invalid mapping expression parameter specified: ${expression}`)
  return { ...parameters }
}

const patches: PatchTable<Sdk.MethodResponse> = {
  '/responseModels/{type}': entryRow<Sdk.MethodResponse, string>(
    (response) => response.responseModels,
    ({ responseModels: _, ...response }, responseModels) => ({
      ...response,
      ...(responseModels && { responseModels }),
    }),
    ({ value }) => value,
    'Content-Type specified was not found',
  ),
  '/responseParameters/{expression}': entryRow<Sdk.MethodResponse, boolean>(
    (response) => response.responseParameters,
    ({ responseParameters: _, ...response }, entries) => ({
      ...response,
      ...(entries && { responseParameters: checkedResponseParameters(entries) }),
    }),
    (patch) => (patch.value === '' ? false : booleanOf(patch, 'responseParameters')),
    'Invalid parameter name specified',
  ),
}
