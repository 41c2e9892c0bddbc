/** What may policies ask of what a change brings? */
import type { Authorizer, PatchOperation } from '@aws-sdk/client-api-gateway'
import type { SnapshotMethod } from '@sekisho/gateway'
import type { RequestKeys } from '../service.ts'
import type { ImportedApi } from './openapi/import.ts'

type Of = 'Request' | 'Resource'
export type Given = Readonly<Record<string, string | readonly string[] | undefined>>

/** What has no value, or none in its list, is not there. */
export function keysOf(of: Of, given: Given): RequestKeys {
  return Object.fromEntries(
    Object.entries(given).flatMap(([name, value]) =>
      value === undefined || value.length === 0 ? [] : [[`apigateway:${of}/${name}`, value]],
    ),
  )
}

function distinct(values: readonly (string | undefined)[]): readonly string[] {
  return [...new Set(values.filter((value) => value !== undefined))]
}

export function ofMethods(methods: readonly SnapshotMethod[]): Given {
  return {
    RouteAuthorizationType: distinct(methods.map((each) => each.authorizationType ?? 'NONE')),
    ApiKeyRequired: distinct(methods.map((each) => String(each.apiKeyRequired ?? false))),
  }
}

export function ofAuthorizers(
  authorizers: readonly Pick<Authorizer, 'type' | 'authorizerUri'>[],
): Given {
  return {
    AuthorizerType: distinct(authorizers.map(({ type }) => type)),
    AuthorizerUri: distinct(authorizers.map(({ authorizerUri }) => authorizerUri)),
  }
}

/** The last that operations put at a path, or below it: that is what stays. */
function lastAt(operations: readonly PatchOperation[] = [], at: string): string | undefined {
  return operations.findLast(({ path }) => path === at || path?.startsWith(`${at}/`))?.value
}

/** Whoever may not make an open method may not open one either. */
export function keysOfMethodChange(operations: readonly PatchOperation[] | undefined): RequestKeys {
  return keysOf('Request', {
    RouteAuthorizationType: lastAt(operations, '/authorizationType'),
    ApiKeyRequired: lastAt(operations, '/apiKeyRequired'),
  })
}

export function keysOfApiChange(operations: readonly PatchOperation[] | undefined): RequestKeys {
  const type = lastAt(operations, '/endpointConfiguration/types')
  return keysOf('Request', {
    ApiName: lastAt(operations, '/name'),
    EndpointType: type === undefined ? [] : [type],
    SecurityPolicy: lastAt(operations, '/securityPolicy'),
    DisableExecuteApiEndpoint: lastAt(operations, '/disableExecuteApiEndpoint'),
  })
}

/** All that a document brings, each as a collection. */
export function keysOfImport(imported: ImportedApi): RequestKeys {
  const methods = [...imported.paths.values()].flatMap((each) => Object.values(each))
  const { disableExecuteApiEndpoint: disabled } = imported
  return keysOf('Request', {
    ...ofMethods(methods),
    ...ofAuthorizers([...imported.authorizers.values()]),
    ApiName: imported.name,
    EndpointType: imported.endpointTypes?.map((type) => type.toUpperCase()),
    SecurityPolicy: imported.securityPolicy,
    DisableExecuteApiEndpoint: disabled === undefined ? undefined : String(disabled),
  })
}
