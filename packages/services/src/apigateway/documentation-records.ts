/** What is kept of an API's documentation, and which places of an API can it speak of? */

import type { DocumentationPartLocation } from '@aws-sdk/client-api-gateway'
import { parseJson } from '@sekisho/policy'
import type { Reader, Transaction } from '@sekisho/store'
import { badRequest, limitExceeded, notFound } from './errors.ts'

export const documentationCollections = {
  parts: 'apigateway/documentation-parts',
  versions: 'apigateway/documentation-versions',
} as const

export type Location = DocumentationPartLocation & { readonly type: string }

export interface PartRecord {
  readonly id: string
  readonly location: Location
  /** A JSON object, as text. */
  readonly properties: string
}

/** The parts as they were at one moment. Times are epoch milliseconds. */
export interface VersionRecord {
  readonly version: string
  readonly description?: string
  readonly createdAt: number
  readonly parts: readonly Omit<PartRecord, 'id'>[]
}

/** @see API Gateway Developer Guide, "Quotas for configuring and running a REST API" */
const maxParts = 2_000
const maxBytes = 6 * 1024 * 1024
const maxVersions = 100

type Field = 'path' | 'method' | 'statusCode' | 'name'

const ofMethods = ['path', 'method'] as const
const ofResponses = [...ofMethods, 'statusCode'] as const

/** What a location of each type may say; what it must say. */
interface LocationRow {
  readonly fields: readonly Field[]
  readonly needs?: Field
}

/** @see API Gateway Developer Guide, "Representation of API documentation in API Gateway" */
const locations: Readonly<Record<string, LocationRow>> = {
  API: { fields: [] },
  AUTHORIZER: { fields: ['name'], needs: 'name' },
  MODEL: { fields: ['name'], needs: 'name' },
  RESOURCE: { fields: ['path'] },
  METHOD: { fields: ofMethods },
  PATH_PARAMETER: { fields: [...ofMethods, 'name'], needs: 'name' },
  QUERY_PARAMETER: { fields: [...ofMethods, 'name'], needs: 'name' },
  REQUEST_HEADER: { fields: [...ofMethods, 'name'], needs: 'name' },
  REQUEST_BODY: { fields: [...ofMethods, 'name'] },
  RESPONSE: { fields: ofResponses },
  RESPONSE_HEADER: { fields: [...ofResponses, 'name'], needs: 'name' },
  RESPONSE_BODY: { fields: ofResponses },
}

/** What is meant where nothing is said. */
const defaults: Readonly<Partial<Record<Field, string>>> = {
  path: '/',
  method: '*',
  statusCode: '*',
}

/** @throws AwsError BadRequestException  the type does not have such a place */
export function checkLocation(given: object): Location {
  const { type, ...fields } = given as Readonly<Record<string, unknown>>
  if (typeof type !== 'string') throw badRequest('Invalid location: it has no type')
  const row = Object.hasOwn(locations, type) ? locations[type] : undefined
  if (row === undefined) throw badRequest(`Invalid documentation part type: ${type}`)
  const said: Record<string, string> = {}
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined || value === null || value === '') continue
    if (typeof value !== 'string' && typeof value !== 'number')
      throw badRequest(`Invalid location: '${name}' is no text`)
    said[name] = String(value)
  }
  const strange = Object.keys(said).find((name) => !row.fields.some((field) => field === name))
  if (strange !== undefined)
    throw badRequest(`Invalid location: '${strange}' is not valid for type ${type}`)
  if (row.needs !== undefined && !said[row.needs])
    throw badRequest(`Invalid location: '${row.needs}' is required for type ${type}`)
  return { ...said, type } as Location
}

/** Two locations are one if they mean the same place. */
export function placeOf({ type, ...said }: Location): string {
  const fields = locations[type]?.fields ?? []
  const meant = fields.map((field) => said[field] ?? defaults[field] ?? '')
  return JSON.stringify([type, ...meant])
}

/** @throws AwsError BadRequestException */
export function checkProperties(properties: string): string {
  if (properties === '') throw badRequest('Documentation part properties must be non-empty')
  let read: unknown
  try {
    read = parseJson(properties)
  } catch {
    throw badRequest('Documentation part properties must be valid JSON')
  }
  if (typeof read !== 'object' || read === null || Array.isArray(read))
    throw badRequest('Documentation part properties must be a JSON object')
  return properties
}

export async function partsOf(reader: Reader, apiId: string): Promise<readonly PartRecord[]> {
  const prefix = `${apiId}/`
  const stored = await reader.list<PartRecord>(documentationCollections.parts, { prefix })
  return stored.map(({ value }) => value)
}

/** @throws AwsError NotFoundException */
export async function partOf(reader: Reader, apiId: string, id: string): Promise<PartRecord> {
  const stored = await reader.get<PartRecord>(documentationCollections.parts, `${apiId}/${id}`)
  if (!stored) throw notFound('Invalid Documentation part identifier specified')
  return stored.value
}

export function putPart(transaction: Transaction, apiId: string, part: PartRecord): void {
  transaction.put(documentationCollections.parts, `${apiId}/${part.id}`, part)
}

/** @throws AwsError  all together are too many, or too much to be kept in a version */
export function checkAmount(parts: readonly Omit<PartRecord, 'id'>[]): void {
  if (parts.length > maxParts)
    throw limitExceeded('Maximum number of documentation parts for this API has been reached.')
  if (parts.reduce((sum, { properties }) => sum + properties.length, 0) > maxBytes)
    throw limitExceeded('The documentation of this API is larger than 6 MB.')
}

export async function versionsOf(reader: Reader, apiId: string): Promise<readonly VersionRecord[]> {
  const prefix = `${apiId}/`
  const stored = await reader.list<VersionRecord>(documentationCollections.versions, { prefix })
  return stored.map(({ value }) => value)
}

export async function loadVersion(
  reader: Reader,
  apiId: string,
  version: string,
): Promise<VersionRecord | undefined> {
  const key = `${apiId}/${version}`
  return (await reader.get<VersionRecord>(documentationCollections.versions, key))?.value
}

/** @throws AwsError NotFoundException */
export async function versionOf(
  reader: Reader,
  apiId: string,
  version: string,
): Promise<VersionRecord> {
  const found = await loadVersion(reader, apiId, version)
  if (found === undefined) throw notFound('Invalid Documentation version specified')
  return found
}

/** The parts as they are now. @throws AwsError LimitExceededException */
export async function fileVersion(
  transaction: Transaction,
  apiId: string,
  record: Omit<VersionRecord, 'parts'>,
): Promise<VersionRecord> {
  if ((await versionsOf(transaction, apiId)).length >= maxVersions)
    throw limitExceeded('Maximum number of documentation versions for this API has been reached.')
  const parts = (await partsOf(transaction, apiId)).map(({ id: _, ...part }) => part)
  const version = { ...record, parts }
  transaction.put(documentationCollections.versions, `${apiId}/${record.version}`, version)
  return version
}

/** An API goes with all that is said of it. */
export async function dropDocumentation(transaction: Transaction, apiId: string): Promise<void> {
  for (const collection of Object.values(documentationCollections))
    for (const { key } of await transaction.list(collection, { prefix: `${apiId}/` }))
      transaction.delete(collection, key)
}
