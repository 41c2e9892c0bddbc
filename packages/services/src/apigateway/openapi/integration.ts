/** `x-amazon-apigateway-integration` to and from API Gateway's Integration. */
import type { Integration, IntegrationResponse } from '@aws-sdk/client-api-gateway'
import type { SnapshotMethod } from '@sekisho/gateway'
import { isNode, member, type Node, nodeAt } from './parse.ts'

export type SnapshotIntegration = NonNullable<SnapshotMethod['methodIntegration']>

type Reader = (value: unknown) => unknown
type Writer = (value: unknown) => unknown
interface Member {
  readonly read: Reader
  readonly write: Writer
}

const asIs: Member = { read: (value) => value, write: (value) => value }
const text: Member = {
  read: (value) => (value == null ? undefined : String(value)),
  write: (value) => value,
}
const upper: Member = {
  read: (value) => (typeof value === 'string' ? value.toUpperCase() : value),
  write: (value) => value,
}
const lower: Member = {
  ...upper,
  write: (value) => (typeof value === 'string' ? value.toLowerCase() : value),
}
const number: Member = {
  read: (value) => (value == null ? undefined : Number(value)),
  write: (value) => value,
}
const texts: Member = {
  read: (value) =>
    isNode(value)
      ? Object.fromEntries(Object.entries(value).map(([key, of]) => [key, String(of)]))
      : undefined,
  write: (value) => (isNode(value) && Object.keys(value).length > 0 ? value : undefined),
}

/**
 * Members that both forms have, in the order that an export writes them.
 * @see API Gateway Developer Guide, "x-amazon-apigateway-integration object"
 */
const members = {
  type: lower,
  httpMethod: upper,
  uri: text,
  connectionType: upper,
  connectionId: text,
  credentials: text,
  requestParameters: texts,
  requestTemplates: texts,
  passthroughBehavior: lower,
  contentHandling: upper,
  timeoutInMillis: number,
  cacheNamespace: text,
  cacheKeyParameters: asIs,
  tlsConfig: asIs,
  responseTransferMode: upper,
  integrationTarget: text,
} satisfies Record<Exclude<keyof Integration, 'integrationResponses'>, Member>

const responseMembers = {
  statusCode: text,
  contentHandling: upper,
  responseParameters: texts,
  responseTemplates: texts,
} satisfies Record<Exclude<keyof IntegrationResponse, 'selectionPattern'>, Member>

/** Integration as the control plane keeps it; defaults (timeout, cache namespace) are the control plane's to fill. */
export function readIntegration(extension: Node): SnapshotIntegration {
  const responses = Object.entries(nodeAt(extension, 'responses')).map(([pattern, response]) =>
    readResponse(pattern, isNode(response) ? response : {}),
  )
  const integration = readMembers(members, extension) as SnapshotIntegration
  return responses.length === 0
    ? integration
    : {
        ...integration,
        integrationResponses: Object.fromEntries(
          responses.map((response) => [response.statusCode ?? '', response]),
        ),
      }
}

/** Names of members that neither form knows: a warning each. */
export function unknownMembers(extension: Node): readonly string[] {
  return Object.keys(extension).filter((key) => !Object.hasOwn(members, key) && key !== 'responses')
}

export function writeIntegration(integration: SnapshotIntegration, resourceId: string): Node {
  const responses = Object.values(integration.integrationResponses ?? {})
  return {
    ...writeMembers(members, {
      ...integration,
      // The namespace that every integration has by itself says nothing and differs from API to API.
      cacheNamespace:
        integration.cacheNamespace === resourceId ? undefined : integration.cacheNamespace,
      cacheKeyParameters: integration.cacheKeyParameters?.length
        ? integration.cacheKeyParameters
        : undefined,
    }),
    ...(responses.length > 0 && {
      responses: Object.fromEntries(
        responses.map((response) => [
          response.selectionPattern || 'default',
          writeMembers(responseMembers, response),
        ]),
      ),
    }),
  }
}

function readResponse(pattern: string, response: Node): IntegrationResponse {
  const read = readMembers(responseMembers, response) as IntegrationResponse
  return pattern === 'default' ? read : { ...read, selectionPattern: pattern }
}

function readMembers(table: Record<string, Member>, source: Node): Node {
  const entries = Object.entries(table).map(([key, { read }]) => [key, read(member(source, key))])
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined))
}

function writeMembers(table: Record<string, Member>, source: object): Node {
  const entries = Object.entries(table).map(([key, { write }]) => [
    key,
    write((source as Node)[key]),
  ])
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined))
}
