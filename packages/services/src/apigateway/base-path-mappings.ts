/** Base path mappings: to which API and stage do the paths of a domain name lead? */
import type * as Sdk from '@aws-sdk/client-api-gateway'
import type { Reader } from '@sekisho/store'
import type { Call, GatedOperations } from '../service.ts'
import {
  type BasePathRecord,
  type DomainRecord,
  getDomain,
  updateDomain,
} from './domain-records.ts'
import { refuseDomainNameId } from './domain-rules.ts'
import { badRequest, conflict, limitExceeded, notFound } from './errors.ts'
import { page } from './paging.ts'
import { applyPatches, type PatchTable, patchConstraints, textRow } from './patch.ts'
import { apiKey, collections, type RestApiRecord } from './records.ts'

/** @see API Gateway Developer Guide, "Quotas for configuring and running a REST API" (API mappings per domain) */
const maxMappings = 200

export const basePathMappings = {
  CreateBasePathMapping: {
    async handle(input, call) {
      refuseDomainNameId(input)
      const { restApiId, stage } = input
      const basePath = readBasePath(input.basePath ?? '')
      const mapping: BasePathRecord = { restApiId, ...(stage !== undefined && { stage }) }
      await updateDomain(call, input.domainName, async (before, transaction) => {
        await checkTarget(transaction, call, mapping)
        if (Object.hasOwn(before.mappings, basePath))
          throw conflict('Base path already exists for this domain name')
        if (Object.keys(before.mappings).length >= maxMappings)
          throw limitExceeded('Maximum number of base path mappings has been reached.')
        return { ...before, mappings: { ...before.mappings, [basePath]: mapping } }
      })
      return shownMapping(basePath, mapping)
    },
  },

  GetBasePathMapping: {
    async handle(input, call) {
      refuseDomainNameId(input)
      const basePath = storedName(input.basePath)
      const domain = await getDomain(call.documents, call, input.domainName)
      return shownMapping(basePath, mappingOf(domain, basePath))
    },
  },

  GetBasePathMappings: {
    async handle({ domainName, domainNameId, ...paging }, call) {
      refuseDomainNameId({ domainNameId })
      const { mappings } = await getDomain(call.documents, call, domainName)
      const shown = Object.entries(mappings).map(([path, each]) => shownMapping(path, each))
      const { items, position } = page(shown, paging, (each) => each.basePath ?? '')
      return { items, ...(position && { position }) }
    },
  },

  UpdateBasePathMapping: {
    constraints: patchConstraints,
    async handle(input, call) {
      refuseDomainNameId(input)
      const from = storedName(input.basePath)
      let patched: NamedMapping | undefined
      await updateDomain(call, input.domainName, async (before, transaction) => {
        const { [from]: _, ...others } = before.mappings
        patched = applyPatches<NamedMapping>(
          { basePath: from, mapping: mappingOf(before, from) },
          input.patchOperations,
          mappingPatches,
        )
        const { basePath, mapping } = patched
        await checkTarget(transaction, call, mapping)
        if (Object.hasOwn(others, basePath))
          throw conflict('Base path already exists for this domain name')
        return { ...before, mappings: { ...others, [basePath]: mapping } }
      })
      return shownMapping(patched!.basePath, patched!.mapping)
    },
  },

  DeleteBasePathMapping: {
    async handle(input, call) {
      refuseDomainNameId(input)
      const basePath = storedName(input.basePath)
      await updateDomain(call, input.domainName, (before) => {
        mappingOf(before, basePath)
        const { [basePath]: _, ...mappings } = before.mappings
        return { ...before, mappings }
      })
      return {}
    },
  },
} satisfies GatedOperations<typeof Sdk>

interface NamedMapping {
  readonly basePath: string
  readonly mapping: BasePathRecord
}

/** What clients call the empty base path. */
const none = '(none)'

function storedName(basePath: string): string {
  return basePath === none ? '' : basePath
}

/** @throws AwsError BadRequestException */
function readBasePath(given: string): string {
  const basePath = storedName(given)
  if (basePath.includes('/'))
    throw badRequest(
      "API Gateway V1 doesn't support the slash character (/) in base path mappings. To create a multi-level base path mapping, use API Gateway V2.",
    )
  if (!/^[A-Za-z0-9$\-_.+!*'()]{0,300}$/.test(basePath) || /^\.{1,2}$/.test(basePath))
    throw badRequest("Base path can only contain letters, numbers and one of $-_.+!*'()")
  return basePath
}

/** @throws AwsError NotFoundException */
function mappingOf({ mappings }: DomainRecord, basePath: string): BasePathRecord {
  const mapping = Object.hasOwn(mappings, basePath) ? mappings[basePath] : undefined
  if (mapping === undefined) throw notFound('Invalid base path mapping identifier specified')
  return mapping
}

/** A domain name leads to APIs of its own account and region that the public may reach. @throws AwsError BadRequestException */
async function checkTarget(
  reader: Reader,
  call: Call,
  { restApiId, stage }: BasePathRecord,
): Promise<void> {
  const api = await reader.get<RestApiRecord>(collections.apis, apiKey(call, restApiId))
  if (!api) throw badRequest('Invalid REST API identifier specified')
  if (api.value.endpointTypes.includes('PRIVATE'))
    throw badRequest('A private REST API cannot be mapped to a public custom domain name.')
  if (stage !== undefined && !(await reader.get(collections.stages, `${api.value.id}/${stage}`)))
    throw badRequest('Invalid stage identifier specified')
}

const restApiIdRow: PatchTable<NamedMapping>[string] = {
  ops: ['replace'],
  apply: ({ basePath, mapping }, { value }) => ({
    basePath,
    mapping: { ...mapping, restApiId: value },
  }),
}

const basePathRow: PatchTable<NamedMapping>[string] = {
  ops: ['replace'],
  apply: ({ mapping }, { value }) => ({ basePath: readBasePath(value), mapping }),
}

/** Clients write the names both ways. @see API Gateway API Reference, "Patch operations" (UpdateBasePathMapping) */
const mappingPatches: PatchTable<NamedMapping> = {
  '/basePath': basePathRow,
  '/basepath': basePathRow,
  '/restapiId': restApiIdRow,
  '/restApiId': restApiIdRow,
  '/stage': textRow(({ basePath, mapping: { restApiId } }, stage) => ({
    basePath,
    mapping: { restApiId, ...(stage !== undefined && { stage }) },
  })),
}

function shownMapping(basePath: string, mapping: BasePathRecord): Sdk.BasePathMapping {
  return { basePath: basePath === '' ? none : basePath, ...mapping }
}
