/** Integration responses: which answer of the integration becomes which of the method. */
import type * as Sdk from '@aws-sdk/client-api-gateway'
import type { SnapshotMethod } from '@sekisho/gateway'
import type { GatedOperations } from '../service.ts'
import { invalidMapping, notFound } from './errors.ts'
import { checkOneOf, checkPattern, checkTemplates, contentHandlings } from './integration-rules.ts'
import { integrationOf } from './integrations.ts'
import { statusConstraint } from './method-responses.ts'
import { changeMethod, readMethod } from './methods.ts'
import { applyPatches, entryRow, type PatchTable, patchConstraints, textRow } from './patch.ts'

export const integrationResponses = {
  PutIntegrationResponse: {
    constraints: { ...statusConstraint, contentHandling: { enum: contentHandlings } },
    async handle(input, call) {
      const {
        restApiId,
        resourceId,
        httpMethod,
        statusCode,
        selectionPattern,
        responseParameters,
        responseTemplates,
        contentHandling,
      } = input
      const response: Sdk.IntegrationResponse = {
        statusCode,
        ...(selectionPattern !== undefined && { selectionPattern }),
        ...(responseParameters && { responseParameters }),
        ...(responseTemplates && { responseTemplates }),
        ...(contentHandling && { contentHandling }),
      }
      await changeMethod(call, { restApiId, resourceId, httpMethod }, (method) => {
        checkResponse(method, response)
        return withResponse(method, statusCode, response)
      })
      return response
    },
  },

  GetIntegrationResponse: {
    constraints: statusConstraint,
    async handle({ restApiId, resourceId, httpMethod, statusCode }, call) {
      const method = await readMethod(call, { restApiId, resourceId, httpMethod })
      return responseOf(method, statusCode)
    },
  },

  UpdateIntegrationResponse: {
    constraints: { ...patchConstraints, ...statusConstraint },
    async handle({ restApiId, resourceId, httpMethod, statusCode, patchOperations }, call) {
      const method = await changeMethod(call, { restApiId, resourceId, httpMethod }, (before) => {
        const response = applyPatches(responseOf(before, statusCode), patchOperations, patches)
        checkResponse(before, response)
        return withResponse(before, statusCode, response)
      })
      return responseOf(method, statusCode)
    },
  },

  DeleteIntegrationResponse: {
    constraints: statusConstraint,
    async handle({ restApiId, resourceId, httpMethod, statusCode }, call) {
      const remove = (method: SnapshotMethod) => {
        responseOf(method, statusCode)
        return withResponse(method, statusCode, undefined)
      }
      // AWS misses the integration here, not the method.
      const message = 'Invalid Integration identifier specified'
      await changeMethod(call, { restApiId, resourceId, httpMethod }, remove, message)
      return {}
    },
  },
} satisfies GatedOperations<typeof Sdk>

function responseOf(method: SnapshotMethod, statusCode: string): Sdk.IntegrationResponse {
  const response = integrationOf(method).integrationResponses?.[statusCode]
  if (response === undefined) throw notFound('Invalid Response status code specified')
  return response
}

function withResponse(
  method: SnapshotMethod,
  statusCode: string,
  response: Sdk.IntegrationResponse | undefined,
): SnapshotMethod {
  const integration = integrationOf(method)
  const { [statusCode]: _, ...others } = integration.integrationResponses ?? {}
  const { integrationResponses: __, ...rest } = integration
  const integrationResponses = response ? { ...others, [statusCode]: response } : others
  return {
    ...method,
    // AWS shows the member only where it has something in it.
    methodIntegration:
      Object.keys(integrationResponses).length > 0 ? { ...rest, integrationResponses } : rest,
  }
}

const responseSource =
  /^(?:integration\.response\.(?:(?:header|multivalueheader)\.[^\s]+|body(?:\..+)?)|stageVariables\.[A-Za-z0-9_]+|context\.[A-Za-z0-9_.]+|'[^']*')$/

/** @throws AwsError  the status has no method response, or a header that the method response does not declare */
export function checkResponse(method: SnapshotMethod, response: Sdk.IntegrationResponse): void {
  integrationOf(method)
  const declared = method.methodResponses?.[response.statusCode ?? '']
  if (declared === undefined) throw notFound('Invalid Response status code specified')
  checkTemplates(response.responseTemplates)
  checkOneOf('contentHandling', response.contentHandling, contentHandlings)
  checkPattern('selection pattern', response.selectionPattern)
  for (const [target, source] of Object.entries(response.responseParameters ?? {})) {
    if (!Object.hasOwn(declared.responseParameters ?? {}, target))
      throw invalidMapping(`Invalid mapping expression parameter specified: ${target}`)
    if (!responseSource.test(source))
      throw invalidMapping(`Invalid mapping expression specified: ${source}`)
  }
}

const responseEntries = (key: 'responseTemplates' | 'responseParameters') =>
  entryRow<Sdk.IntegrationResponse, string>(
    (response) => response[key],
    ({ [key]: _, ...response }, entries) => ({ ...response, ...(entries && { [key]: entries }) }),
    ({ value }) => value,
  )

const patches: PatchTable<Sdk.IntegrationResponse> = {
  '/contentHandling': textRow(({ contentHandling: _, ...response }, value) => ({
    ...response,
    ...(value && { contentHandling: value as Sdk.ContentHandlingStrategy }),
  })),
  '/selectionPattern': textRow(({ selectionPattern: _, ...response }, value) => ({
    ...response,
    ...(value && { selectionPattern: value }),
  })),
  '/responseParameters/{expression}': responseEntries('responseParameters'),
  '/responseTemplates/{type}': responseEntries('responseTemplates'),
}
