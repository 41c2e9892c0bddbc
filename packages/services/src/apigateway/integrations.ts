/** Integrations: what stands behind a method. */
import type * as Sdk from '@aws-sdk/client-api-gateway'
import type { SnapshotMethod } from '@sekisho/gateway'
import { type GatedOperations, passRole } from '../service.ts'
import { notFound } from './errors.ts'
import {
  checkCacheKeys,
  checkIntegration,
  connectionTypes,
  contentHandlings,
  isProxy,
  type SnapshotIntegration,
} from './integration-rules.ts'
import { changeMethod, readMethod } from './methods.ts'
import {
  applyPatches,
  booleanOf,
  entryRow,
  integerOf,
  type PatchTable,
  patchConstraints,
  textRow,
} from './patch.ts'
import { checkVpcLink } from './vpc-links.ts'

const integrationTypes = ['HTTP', 'MOCK', 'AWS_PROXY', 'HTTP_PROXY', 'AWS']

export const integrations = {
  PutIntegration: {
    constraints: {
      type: { enum: integrationTypes },
      contentHandling: { enum: contentHandlings },
      connectionType: { enum: connectionTypes },
    },
    needs: ({ credentials }) => passRole(credentials, 'apigateway.amazonaws.com'),
    async handle(input, call) {
      const { restApiId, resourceId, httpMethod, integrationHttpMethod, type, ...members } = input
      const integration = newIntegration(
        {
          ...members,
          type,
          ...(integrationHttpMethod !== undefined && { httpMethod: integrationHttpMethod }),
        },
        resourceId,
      )
      await checkVpcLink(call, integration)
      await changeMethod(call, { restApiId, resourceId, httpMethod }, (method) => {
        checkCacheKeys(integration, method)
        return { ...method, methodIntegration: integration }
      })
      return shownIntegration(integration)
    },
  },

  GetIntegration: {
    async handle({ restApiId, resourceId, httpMethod }, call) {
      const method = await readMethod(call, { restApiId, resourceId, httpMethod })
      return shownIntegration(integrationOf(method))
    },
  },

  UpdateIntegration: {
    constraints: patchConstraints,
    needs: ({ patchOperations }) =>
      (patchOperations ?? [])
        .filter(({ path }) => path === '/credentials')
        .flatMap(({ value }) => passRole(value, 'apigateway.amazonaws.com')),
    async handle({ restApiId, resourceId, httpMethod, patchOperations }, call) {
      for (const { path, value } of patchOperations ?? [])
        if (path === '/connectionId')
          await checkVpcLink(call, { connectionType: 'VPC_LINK', connectionId: value })
      const method = await changeMethod(call, { restApiId, resourceId, httpMethod }, (before) => {
        const patched = applyPatches(integrationOf(before), patchOperations, integrationPatches)
        checkCacheKeys(patched, before)
        return { ...before, methodIntegration: checkIntegration(patched) }
      })
      return shownIntegration(integrationOf(method))
    },
  },

  DeleteIntegration: {
    async handle({ restApiId, resourceId, httpMethod }, call) {
      await changeMethod(call, { restApiId, resourceId, httpMethod }, (method) => {
        integrationOf(method)
        const { methodIntegration: _, ...others } = method
        return others
      })
      return {}
    },
  },
} satisfies GatedOperations<typeof Sdk>

/** @throws AwsError NotFoundException */
export function integrationOf(method: SnapshotMethod): SnapshotIntegration {
  if (method.methodIntegration === undefined)
    throw notFound('Invalid Integration identifier specified')
  return method.methodIntegration
}

/** With the defaults that API Gateway fills in. */
export function newIntegration(
  given: Omit<SnapshotIntegration, 'integrationResponses'>,
  resourceId: string,
): SnapshotIntegration {
  const defined = Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined && value !== null),
  ) as SnapshotIntegration
  return checkIntegration({
    passthroughBehavior: 'WHEN_NO_MATCH',
    timeoutInMillis: 29_000,
    cacheNamespace: resourceId,
    cacheKeyParameters: [],
    ...(isProxy(defined) && { responseTransferMode: 'BUFFERED' }),
    ...defined,
  })
}

const templates = (key: 'requestTemplates' | 'requestParameters') =>
  entryRow<SnapshotIntegration, string>(
    (integration) => integration[key],
    ({ [key]: _, ...integration }, entries) => ({
      ...integration,
      ...(entries && { [key]: entries }),
    }),
    ({ value }) => value,
  )

/** One member that `checkIntegration` judges. */
function memberRow(key: keyof SnapshotIntegration): PatchTable<SnapshotIntegration>[string] {
  return textRow((integration, value) => {
    const { [key]: _, ...others } = integration
    return (value === undefined ? others : { ...others, [key]: value }) as SnapshotIntegration
  })
}

const integrationPatches: PatchTable<SnapshotIntegration> = {
  '/cacheNamespace': memberRow('cacheNamespace'),
  '/cacheKeyParameters/{name}': {
    ops: ['add', 'replace', 'remove'],
    apply(integration, { op, parameters }) {
      const others = (integration.cacheKeyParameters ?? []).filter((name) => name !== parameters[0])
      return {
        ...integration,
        cacheKeyParameters: op === 'remove' ? others : [...others, parameters[0]!],
      }
    },
  },
  '/connectionId': memberRow('connectionId'),
  '/connectionType': memberRow('connectionType'),
  '/contentHandling': memberRow('contentHandling'),
  '/credentials': memberRow('credentials'),
  '/httpMethod': memberRow('httpMethod'),
  '/integrationTarget': memberRow('integrationTarget'),
  '/passthroughBehavior': memberRow('passthroughBehavior'),
  '/requestParameters/{expression}': templates('requestParameters'),
  '/requestTemplates/{type}': templates('requestTemplates'),
  '/responseTransferMode': memberRow('responseTransferMode'),
  '/timeoutInMillis': {
    ops: ['replace'],
    apply: (integration, patch) => ({
      ...integration,
      timeoutInMillis: integerOf(patch, 'timeoutInMillis'),
    }),
  },
  '/tlsConfig/insecureSkipVerification': {
    ops: ['replace'],
    apply: (integration, patch) => ({
      ...integration,
      tlsConfig: {
        insecureSkipVerification: booleanOf(patch, 'tlsConfig.insecureSkipVerification'),
      },
    }),
  },
  '/uri': memberRow('uri'),
}

function shownIntegration(integration: SnapshotIntegration): Sdk.Integration {
  return integration as Sdk.Integration
}
