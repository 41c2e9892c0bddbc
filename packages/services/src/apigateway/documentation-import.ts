/** `x-amazon-apigateway-documentation` of a document: into an API's documentation, and out of it. */
import { parseJson } from '@sekisho/policy'
import type { Transaction } from '@sekisho/store'
import type { Call } from '../service.ts'
import {
  checkAmount,
  checkLocation,
  checkProperties,
  documentationCollections,
  fileVersion,
  loadVersion,
  type PartRecord,
  partsOf,
  placeOf,
  putPart,
  type VersionRecord,
} from './documentation-records.ts'
import { badRequest } from './errors.ts'
import { partId } from './ids.ts'
import { isNode, listAt, member, type Node, nodeAt, textAt } from './openapi/parse.ts'

const extension = 'x-amazon-apigateway-documentation'

/** What a document says; parts in its order. */
export interface DocumentedParts {
  readonly version?: string
  readonly parts: readonly Omit<PartRecord, 'id'>[]
}

/** @returns undefined for a document without the extension. @throws AwsError BadRequestException */
export function readDocumentation(root: Node): DocumentedParts | undefined {
  if (!isNode(member(root, extension))) return undefined
  const node = nodeAt(root, extension)
  const parts = listAt(node, 'documentationParts').map((entry) => {
    if (!isNode(entry)) throw badRequest('Invalid documentation part: not an object')
    const location = checkLocation(nodeAt(entry, 'location'))
    const properties = member(entry, 'properties') ?? {}
    const text = typeof properties === 'string' ? properties : JSON.stringify(properties)
    return { location, properties: checkProperties(text) }
  })
  const version = textAt(node, 'version')
  return { parts, ...(version !== undefined && version !== '' && { version }) }
}

/**
 * A part replaces the one of the same place; all others stay, unless everything is overwritten.
 * @returns the ids of the parts that were imported
 */
export async function importDocumentation(
  transaction: Transaction,
  call: Pick<Call, 'ids' | 'now'>,
  apiId: string,
  { version, parts }: DocumentedParts,
  mode: 'merge' | 'overwrite',
): Promise<readonly string[]> {
  const present = await partsOf(transaction, apiId)
  const kept = new Map(
    mode === 'merge' ? present.map((part) => [placeOf(part.location), part]) : [],
  )
  if (mode === 'overwrite')
    for (const { id } of present)
      transaction.delete(documentationCollections.parts, `${apiId}/${id}`)
  const taken = Object.fromEntries(present.map(({ id }) => [id, true]))
  const imported = new Map<string, string>()
  for (const part of parts) {
    const place = placeOf(part.location)
    const id = kept.get(place)?.id ?? partId(call.ids, taken)
    taken[id] = true
    kept.set(place, { ...part, id })
    putPart(transaction, apiId, { ...part, id })
    imported.set(place, id)
  }
  checkAmount([...kept.values()])
  if (version !== undefined && (await loadVersion(transaction, apiId, version)) === undefined)
    await fileVersion(transaction, apiId, { version, createdAt: call.now.getTime() })
  return [...imported.values()]
}

/** As an export has it. */
export function writeDocumentation({ version, createdAt, parts }: VersionRecord): Node {
  return {
    [extension]: {
      version,
      createdDate: new Date(createdAt).toISOString().replace(/\.\d{3}Z$/, 'Z'),
      documentationParts: parts.map(({ location, properties }) => ({
        location,
        properties: parseJson(properties) as Node,
      })),
    },
  }
}
