/** API Gateway's control plane (REST APIs) on one screen. */
import type { OperationModel, Values } from '@sekisho/protocols'
import { type Call, defineGatedService, type Needs, resourceTags } from '../service.ts'
import { account } from './account.ts'
import { apiKeyImport } from './api-key-import.ts'
import { apiKeys } from './api-keys.ts'
import { authorizers } from './authorizers.ts'
import { basePathMappings } from './base-path-mappings.ts'
import { clientCertificates } from './client-certificates.ts'
import { deployments } from './deployments.ts'
import { documentationParts } from './documentation-parts.ts'
import { documentationVersions } from './documentation-versions.ts'
import { domainNames } from './domain-names.ts'
import { gatewayResponses } from './gateway-responses.ts'
import { importExport } from './import-export.ts'
import { integrationResponses } from './integration-responses.ts'
import { integrations } from './integrations.ts'
import { methodResponses } from './method-responses.ts'
import { methods } from './methods.ts'
import { models } from './models.ts'
import { requestValidators } from './request-validators.ts'
import { keysOfExisting } from './resource-keys.ts'
import { resources } from './resources.ts'
import { restApis } from './rest-apis.ts'
import { stages } from './stages.ts'
import { tagging, tagsAt } from './tagging.ts'
import { testAuthorizer } from './test-authorizer.ts'
import { testMethod } from './test-method.ts'
import { usage } from './usage.ts'
import { usagePlanKeys } from './usage-plan-keys.ts'
import { usagePlans } from './usage-plans.ts'
import { vpcLinks } from './vpc-links.ts'

export const apigateway = defineGatedService('apigateway', {
  sdk: () => import('@aws-sdk/client-api-gateway'),
  validation: {
    code: 'ValidationException',
    prefix: (operation) => `${operation.charAt(0).toLowerCase()}${operation.slice(1)}Input`,
  },
  gate: httpVerbOnPath,
  operations: {
    ...restApis,
    ...resources,
    ...methods,
    ...methodResponses,
    ...integrations,
    ...integrationResponses,
    ...authorizers,
    ...gatewayResponses,
    ...models,
    ...requestValidators,
    ...deployments,
    ...stages,
    ...testMethod,
    ...testAuthorizer,
    ...account,
    ...tagging,
    ...importExport,
    ...apiKeys,
    ...apiKeyImport,
    ...usagePlans,
    ...usagePlanKeys,
    ...usage,
    ...domainNames,
    ...basePathMappings,
    ...vpcLinks,
    ...documentationParts,
    ...documentationVersions,
    ...clientCertificates,
  },
})

/**
 * The action is the request's verb, the resource its path, with the tags and settings of what is there.
 * @see Service Authorization Reference, "Actions, resources, and condition keys for Amazon API Gateway Management"
 */
async function httpVerbOnPath({ http }: OperationModel, input: Values, call: Call): Promise<Needs> {
  const verb = http?.method ?? 'GET'
  const at = pathOf(http, input, String)
  const keys = {
    ...resourceTags(await tagsAt(at, call)),
    ...(await keysOfExisting(verb, at, call)),
  }
  return [
    {
      action: `apigateway:${verb}`,
      resource: `arn:aws:apigateway:${call.region}::${pathOf(http, input, encodeURIComponent)}`,
      ...(Object.keys(keys).length > 0 && { keys }),
    },
  ]
}

function pathOf(http: OperationModel['http'], input: Values, written: (label: string) => string) {
  return (http?.path ?? '/').replace(/\{(\w+)\+?\}/g, (_, label: string) =>
    written(String(input[label] ?? '')),
  )
}
