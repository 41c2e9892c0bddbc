/** Resources: the tree of an API's paths. */
import type * as Sdk from '@aws-sdk/client-api-gateway'
import type { SnapshotResource } from '@sekisho/gateway'
import type { GatedOperations } from '../service.ts'
import { badRequest, conflict, limitExceeded } from './errors.ts'
import { partId } from './ids.ts'
import { shownMethod } from './methods.ts'
import { page } from './paging.ts'
import { applyPatches, listingWording, type PatchTable, patchConstraints } from './patch.ts'
import { getApi, missing, type RestApiRecord, resourceOf, updateApi } from './records.ts'

/** @see API Gateway Developer Guide, "Quotas for configuring and running a REST API" */
const maxResources = 300

export const resources = {
  CreateResource: {
    async handle({ restApiId, parentId, pathPart }, call) {
      let id = ''
      const record = await updateApi(
        call,
        restApiId,
        (api) => {
          id = partId(call.ids, api.resources)
          return addResource(api, id, parentId, pathPart)
        },
        missing.parent,
      )
      return shownResource(record.resources[id]!, false)
    },
  },

  GetResource: {
    async handle({ restApiId, resourceId, embed }, call) {
      const api = await getApi(call.documents, call, restApiId, missing.resource)
      return shownResource(resourceOf(api, resourceId), embedsMethods(embed))
    },
  },

  GetResources: {
    async handle(input, call) {
      const record = await getApi(call.documents, call, input.restApiId)
      const { items, position } = page(Object.values(record.resources), input, ({ id }) => id)
      const withMethods = embedsMethods(input.embed)
      return {
        items: items.map((resource) => shownResource(resource, withMethods)),
        ...(position && { position }),
      }
    },
  },

  UpdateResource: {
    constraints: patchConstraints,
    async handle({ restApiId, resourceId, patchOperations }, call) {
      const change = (api: RestApiRecord) => {
        resourceOf(api, resourceId)
        return applyPatches(api, patchOperations, patchesOf(resourceId), listingWording)
      }
      const record = await updateApi(call, restApiId, change, missing.resource)
      return shownResource(record.resources[resourceId]!, false)
    },
  },

  DeleteResource: {
    async handle({ restApiId, resourceId }, call) {
      const change = (api: RestApiRecord) => {
        resourceOf(api, resourceId)
        if (resourceId === api.rootResourceId) throw badRequest('Root resource cannot be deleted')
        const gone = new Set(withDescendants(api, resourceId))
        const kept = Object.entries(api.resources).filter(([id]) => !gone.has(id))
        return { ...api, resources: Object.fromEntries(kept) }
      }
      await updateApi(call, restApiId, change, missing.resource)
      return {}
    },
  },
} satisfies GatedOperations<typeof Sdk>

/**
 * The API with one resource more.
 * @throws AwsError  the part is no path part, is there already, or cannot stand under this parent
 */
export function addResource(
  api: RestApiRecord,
  id: string,
  parentId: string,
  pathPart: string,
): RestApiRecord {
  const parent = resourceOf(api, parentId)
  checkPathPart(api, parent, pathPart, undefined)
  if (Object.keys(api.resources).length >= maxResources)
    throw limitExceeded('Maximum number of resources for this API has been reached.')
  const resource = { id, parentId, pathPart, path: pathOf(parent, pathPart), methods: {} }
  return { ...api, resources: { ...api.resources, [id]: resource } }
}

function checkPathPart(
  api: RestApiRecord,
  parent: SnapshotResource,
  pathPart: string,
  self: string | undefined,
): void {
  if (!/^(?:[a-zA-Z0-9._:,-]+|\{[a-zA-Z0-9._:-]+\+?\})$/.test(pathPart))
    throw badRequest(
      "Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly braces at the beginning and the end.",
    )
  if (/\+\}$/.test(parent.path))
    throw badRequest(
      `Cannot create a child of a resource with a greedy path variable: ${parent.pathPart}`,
    )
  const siblings = Object.values(api.resources).filter(
    ({ parentId, id }) => parentId === parent.id && id !== self,
  )
  if (siblings.some((sibling) => sibling.pathPart === pathPart))
    throw conflict(`Another resource with the same parent already has this name: ${pathPart}`)
  const variable = siblings.find((sibling) => sibling.pathPart?.startsWith('{'))
  if (pathPart.startsWith('{') && variable)
    throw badRequest(
      `A sibling (${variable.pathPart}) of this resource already has a variable path part -- only one is allowed`,
    )
}

function pathOf(parent: SnapshotResource, pathPart: string): string {
  return parent.path === '/' ? `/${pathPart}` : `${parent.path}/${pathPart}`
}

/** The resource and everything below it. */
function withDescendants(api: RestApiRecord, resourceId: string): readonly string[] {
  const children = Object.values(api.resources).filter(({ parentId }) => parentId === resourceId)
  return [resourceId, ...children.flatMap(({ id }) => withDescendants(api, id))]
}

const patchesOf = (resourceId: string): PatchTable<RestApiRecord> => ({
  '/parentId': {
    ops: ['replace'],
    apply(api, { value }) {
      const resource = resourceOf(api, resourceId)
      if (resource.parentId === undefined)
        throw badRequest('Root resource cannot update its parentId.')
      if (withDescendants(api, resourceId).includes(value))
        throw badRequest('Resources cannot be cyclical.')
      checkPathPart(api, resourceOf(api, value), resource.pathPart!, resourceId)
      return moved(api, { ...resource, parentId: value })
    },
  },
  '/pathPart': {
    ops: ['replace'],
    apply(api, { value }) {
      const resource = resourceOf(api, resourceId)
      if (resource.parentId === undefined)
        throw badRequest('Root resource cannot update its pathPart.')
      if (value.endsWith('+}') && withDescendants(api, resourceId).length > 1)
        throw badRequest(
          `Cannot create a child of a resource with a greedy path variable: ${value}`,
        )
      checkPathPart(api, resourceOf(api, resource.parentId), value, resourceId)
      return moved(api, { ...resource, pathPart: value })
    },
  },
})

/** Paths of everything below follow. */
function moved(api: RestApiRecord, resource: SnapshotResource): RestApiRecord {
  const parent = resourceOf(api, resource.parentId!)
  const placed = { ...resource, path: pathOf(parent, resource.pathPart!) }
  const changed = { ...api, resources: { ...api.resources, [resource.id]: placed } }
  const children = Object.values(changed.resources).filter(
    ({ parentId }) => parentId === resource.id,
  )
  return children.reduce(moved, changed)
}

function embedsMethods(embed: readonly string[] | undefined): boolean {
  return embed?.includes('methods') === true
}

function shownResource(resource: SnapshotResource, withMethods: boolean): Sdk.Resource {
  const methods = Object.entries(resource.methods).map(([name, method]) => [
    name,
    withMethods ? shownMethod(method) : {},
  ])
  return {
    id: resource.id,
    parentId: resource.parentId,
    pathPart: resource.pathPart,
    path: resource.path,
    resourceMethods: methods.length > 0 ? Object.fromEntries(methods) : undefined,
  }
}
