/** Stages: names under which deployments are served. */
import type * as Sdk from '@aws-sdk/client-api-gateway'
import type { Reader } from '@sekisho/store'
import type { Call, GatedOperations } from '../service.ts'
import {
  badRequest,
  conflict,
  limitExceeded,
  notFound,
  notSupported,
  refuseMembers,
} from './errors.ts'
import { applyPatches, booleanOf, entryRow, type PatchTable, textRow } from './patch.ts'
import { collections, getApi, getApiForCreate, type StageRecord } from './records.ts'

/** @see API Gateway Developer Guide, "Quotas for configuring and running a REST API" */
const maxStages = 10
const maxVariables = 100

export const stages = {
  CreateStage: {
    async handle(input, call) {
      refuseMembers(input, [
        'cacheClusterEnabled',
        'cacheClusterSize',
        'canarySettings',
        'tracingEnabled',
        'documentationVersion',
      ])
      checkStageName(input.stageName)
      checkVariables(input.variables)
      const record = newStage(call, input)
      await call.documents.transact(async (transaction) => {
        const api = await getApiForCreate(transaction, call, input.restApiId)
        const key = `${api.id}/${input.stageName}`
        if (!(await transaction.get(collections.deployments, `${api.id}/${input.deploymentId}`)))
          throw badRequest('Deployment id does not exist')
        if (await transaction.get(collections.stages, key)) throw conflict('Stage already exists')
        const present = await transaction.list(collections.stages, { prefix: `${api.id}/` })
        if (present.length >= maxStages)
          throw limitExceeded('Maximum number of stages for this API has been reached.')
        transaction.put(collections.stages, key, record)
      })
      return shownStage(record)
    },
  },

  GetStage: {
    handle: async ({ restApiId, stageName }, call) =>
      shownStage(await stageOf(call.documents, call, restApiId, stageName)),
  },

  GetStages: {
    async handle({ restApiId, deploymentId }, call) {
      const api = await getApi(call.documents, call, restApiId)
      const records = await call.documents.list<StageRecord>(collections.stages, {
        prefix: `${api.id}/`,
      })
      const item = records
        .map(({ value }) => value)
        .filter((stage) => deploymentId === undefined || stage.deploymentId === deploymentId)
      return { item: item.map(shownStage) }
    },
  },

  UpdateStage: {
    constraints: {
      'patchOperations.*.op': { enum: ['add', 'remove', 'move', 'test', 'replace', 'copy'] },
    },
    async handle({ restApiId, stageName, patchOperations }, call) {
      const record = await call.documents.transact(async (transaction) => {
        const before = await stageOf(transaction, call, restApiId, stageName)
        const changed = applyPatches(before, patchOperations, patches, { lists: false })
        checkVariables(changed.variables)
        if (
          !(await transaction.get(collections.deployments, `${restApiId}/${changed.deploymentId}`))
        )
          throw badRequest('Deployment id does not exist')
        const updated = { ...changed, updatedAt: call.now.getTime() }
        transaction.put(collections.stages, `${restApiId}/${stageName}`, updated)
        return updated
      })
      return shownStage(record)
    },
  },

  DeleteStage: {
    async handle({ restApiId, stageName }, call) {
      await call.documents.transact(async (transaction) => {
        await stageOf(transaction, call, restApiId, stageName)
        transaction.delete(collections.stages, `${restApiId}/${stageName}`)
      })
      return {}
    },
  },
} satisfies GatedOperations<typeof Sdk>

/** @throws AwsError NotFoundException */
export async function stageOf(
  reader: Reader,
  call: Call,
  restApiId: string,
  stageName: string,
): Promise<StageRecord> {
  const api = await getApi(reader, call, restApiId)
  const stored = await reader.get<StageRecord>(collections.stages, `${api.id}/${stageName}`)
  if (!stored) throw notFound('Invalid stage identifier specified')
  return stored.value
}

export function newStage(
  { now }: Call,
  given: {
    readonly stageName: string
    readonly deploymentId: string
    readonly description?: string | undefined
    readonly variables?: Readonly<Record<string, string>> | undefined
    readonly tags?: Readonly<Record<string, string>> | undefined
  },
): StageRecord {
  const { stageName, deploymentId, description, variables = {}, tags = {} } = given
  const at = now.getTime()
  return {
    stageName,
    deploymentId,
    ...(description !== undefined && { description }),
    variables,
    tags,
    tracingEnabled: false,
    createdAt: at,
    updatedAt: at,
  }
}

export function checkStageName(name: string): void {
  if (!/^[a-zA-Z0-9_-]{1,128}$/.test(name)) throw badRequest('Stage name only allows a-zA-Z0-9_-')
}

/** @see API Gateway Developer Guide, "Quotas for configuring and running a REST API" (stage variables) */
export function checkVariables(variables: Readonly<Record<string, string>> | undefined): void {
  const entries = Object.entries(variables ?? {})
  if (entries.length > maxVariables)
    throw limitExceeded('Maximum number of stage variables has been reached.')
  for (const [key, value] of entries) {
    if (!/^[A-Za-z0-9_]{1,64}$/.test(key)) throw badRequest(`Invalid stage variable name: ${key}`)
    if (!/^[A-Za-z0-9-._~:/?#&=,]{0,512}$/.test(value))
      throw badRequest(`Stage variable value is invalid: ${key}`)
  }
}

const unsupported = (what: string): PatchTable<StageRecord>[string] => ({
  ops: ['add', 'replace', 'remove'],
  apply() {
    throw notSupported(what)
  },
})

/** @see API Gateway API Reference, "Patch operations" (UpdateStage) */
const patches: PatchTable<StageRecord> = {
  '/deploymentId': {
    ops: ['replace'],
    apply: (stage, { value }) => ({ ...stage, deploymentId: value }),
  },
  '/description': textRow(({ description: _, ...stage }, description) => ({
    ...stage,
    ...(description !== undefined && { description }),
  })),
  '/variables/{name}': entryRow<StageRecord, string>(
    (stage) => stage.variables,
    (stage, variables) => ({ ...stage, variables }),
    ({ value }) => value,
  ),
  '/variables': { ops: ['remove'], apply: (stage) => ({ ...stage, variables: {} }) },
  '/tracingEnabled': {
    ops: ['replace'],
    apply(stage, patch) {
      if (booleanOf(patch, 'tracingEnabled')) throw notSupported('Tracing')
      return stage
    },
  },
  '/cacheClusterEnabled': unsupported('A stage cache'),
  '/cacheClusterSize': unsupported('A stage cache'),
  '/clientCertificateId': unsupported('A client certificate'),
  '/documentationVersion': unsupported('A documentation version'),
  '/accessLogSettings/{member}': unsupported('Access logging'),
  '/accessLogSettings': unsupported('Access logging'),
  '/canarySettings/{member}': unsupported('A canary'),
  '/canarySettings': unsupported('A canary'),
  '/{resourcePath}/{httpMethod}/{setting}': unsupported('A method setting'),
  '/{resourcePath}/{httpMethod}': unsupported('A method setting'),
}

export function shownStage(record: StageRecord): Sdk.Stage {
  return {
    deploymentId: record.deploymentId,
    stageName: record.stageName,
    description: record.description,
    cacheClusterEnabled: false,
    cacheClusterStatus: 'NOT_AVAILABLE',
    methodSettings: {},
    variables: Object.keys(record.variables).length > 0 ? { ...record.variables } : undefined,
    tracingEnabled: record.tracingEnabled,
    tags: Object.keys(record.tags).length > 0 ? { ...record.tags } : undefined,
    createdDate: new Date(record.createdAt),
    lastUpdatedDate: new Date(record.updatedAt),
  }
}
