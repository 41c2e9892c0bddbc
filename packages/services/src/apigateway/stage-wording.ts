/** How a stage refuses a PATCH: in words that no other resource has. */

import { promotions } from './canary.ts'
import { badRequest } from './errors.ts'
import type { PatchWording } from './patch.ts'

/** What can be set for a method, or for all (`*` in both places). @see API Gateway API Reference, "Patch operations" (UpdateStage) */
export const methodSettings = [
  'metrics/enabled',
  'logging/dataTrace',
  'logging/loglevel',
  'throttling/burstLimit',
  'throttling/rateLimit',
  'caching/ttlInSeconds',
  'caching/enabled',
  'caching/dataEncrypted',
  'caching/requireAuthorizationForCacheControl',
  'caching/unauthorizedCacheControlHeaderStrategy',
] as const

/** AWS's list, with the separators that it lacks. */
const settablePaths = [
  ...[
    '/deploymentId',
    '/description',
    '/cacheClusterEnabled',
    '/cacheClusterSize',
    '/clientCertificateId',
    '/accessLogSettings',
    '/accessLogSettings/destinationArn',
    '/accessLogSettings/format',
  ].map((path) => `${path}, `),
  ...methodSettings.map((setting) => {
    const isUnseparated = setting.startsWith('throttling/')
    return `/{resourcePath}/{httpMethod}/${setting}${isUnseparated ? '' : ', '}`
  }),
  ...methodSettings.map((setting) => {
    const isUnseparated = setting.startsWith('throttling/')
    return `/*/*/${setting}${isUnseparated ? ' ' : ', '}`
  }),
  '/variables/{variable_name}, ',
  '/tracingEnabled',
].join('')

export const unknownPath = (path: string) =>
  badRequest(`Invalid method setting path: ${path}. Must be one of: [${settablePaths}]`)

/** The space at the end is AWS's. */
export const nothingToRemove = (path: string) =>
  badRequest(
    `Cannot remove method setting ${path.slice(1)} because there is no method setting for this method `,
  )

export const stageWording: PatchWording = {
  unknownPath: (path, op) =>
    op === 'remove' && path.split('/').length === 3 ? nothingToRemove(path) : unknownPath(path),
  unsupportedOp: (path, op) => badRequest(`Invalid ${op} operation with path: ${path}`),
  otherOp({ op, path, from }) {
    if (op !== 'copy')
      return badRequest("Invalid patch operation specified. Must be 'add'|'remove'|'replace'")
    return badRequest(
      `Invalid copy operation with path: ${path} and from ${from ?? null}. Valid copy:path are [${promotions.map(([to]) => to).join(', ')}] and valid copy:from are [${promotions.map(([, source]) => source).join(', ')}]`,
    )
  },
}
