/** The account's own settings, and tags of what it has. */
import type * as Sdk from '@aws-sdk/client-api-gateway'
import type { Transaction } from '@sekisho/store'
import type { Call, GatedOperations } from '../service.ts'
import { badRequest, notFound, notSupported } from './errors.ts'
import { applyPatches, type PatchTable, textRow } from './patch.ts'
import { collections, getApi, putApi, type StageRecord } from './records.ts'
import { stageOf } from './stages.ts'

interface AccountRecord {
  readonly cloudwatchRoleArn?: string
}

export const account = {
  GetAccount: {
    async handle(_input, call) {
      const stored = await call.documents.get<AccountRecord>(collections.accounts, keyOf(call))
      return shownAccount(stored?.value ?? {})
    },
  },

  UpdateAccount: {
    async handle({ patchOperations }, call) {
      const record = await call.documents.transact(async (transaction) => {
        const stored = await transaction.get<AccountRecord>(collections.accounts, keyOf(call))
        const changed = applyPatches(stored?.value ?? {}, patchOperations, patches, {
          lists: false,
        })
        transaction.put(collections.accounts, keyOf(call), changed)
        return changed
      })
      return shownAccount(record)
    },
  },

  TagResource: {
    async handle({ resourceArn, tags }, call) {
      await changeTags(call, resourceArn, (before) => ({ ...before, ...tags }))
      return {}
    },
  },

  UntagResource: {
    async handle({ resourceArn, tagKeys }, call) {
      const gone = new Set(tagKeys)
      await changeTags(call, resourceArn, (before) =>
        Object.fromEntries(Object.entries(before).filter(([key]) => !gone.has(key))),
      )
      return {}
    },
  },

  GetTags: {
    async handle({ resourceArn }, call) {
      const { restApiId, stageName } = taggedBy(resourceArn, call)
      const { tags } = stageName
        ? await stageOf(call.documents, call, restApiId, stageName)
        : await getApi(call.documents, call, restApiId)
      return { tags: { ...tags } }
    },
  },
} satisfies GatedOperations<typeof Sdk>

type Tags = Readonly<Record<string, string>>

/** @see API Gateway Developer Guide, "Tagging your API Gateway resources" */
const maxTags = 50

async function changeTags(call: Call, arn: string, change: (tags: Tags) => Tags): Promise<void> {
  const { restApiId, stageName } = taggedBy(arn, call)
  await call.documents.transact(async (transaction: Transaction) => {
    const api = await getApi(transaction, call, restApiId)
    if (stageName === undefined) putApi(transaction, { ...api, tags: checked(change(api.tags)) })
    else {
      const stage = await stageOf(transaction, call, restApiId, stageName)
      const changed: StageRecord = { ...stage, tags: checked(change(stage.tags)) }
      transaction.put(collections.stages, `${api.id}/${stageName}`, changed)
    }
  })
}

function checked(tags: Tags): Tags {
  if (Object.keys(tags).length > maxTags)
    throw badRequest(`A resource can have at most ${maxTags} tags`)
  for (const [key, value] of Object.entries(tags)) {
    if (key.length < 1 || key.length > 128 || key.startsWith('aws:'))
      throw badRequest(`Invalid tag key: ${key}`)
    if (value.length > 256) throw badRequest(`Invalid tag value for key: ${key}`)
  }
  return tags
}

/** `arn:aws:apigateway:region::/restapis/id` and `…/stages/name`. */
function taggedBy(arn: string, { region }: Call): { restApiId: string; stageName?: string } {
  const [, arnRegion, restApiId, stageName] =
    /^arn:aws[a-z-]*:apigateway:([a-z0-9-]+)::\/restapis\/([^/]+)(?:\/stages\/([^/]+))?$/.exec(
      arn,
    ) ?? []
  if (restApiId === undefined) throw badRequest('Invalid ARN specified in the request')
  if (arnRegion !== region) throw notFound('Invalid resource identifier specified')
  return { restApiId, ...(stageName !== undefined && { stageName }) }
}

const patches: PatchTable<AccountRecord> = {
  '/cloudwatchRoleArn': textRow(({ cloudwatchRoleArn: _, ...record }, cloudwatchRoleArn) => {
    if (
      cloudwatchRoleArn !== undefined &&
      !/^arn:aws[a-z-]*:iam::\d{12}:role\/.+$/.test(cloudwatchRoleArn)
    )
      throw badRequest('The role ARN does not have required permissions set to API Gateway')
    return { ...record, ...(cloudwatchRoleArn !== undefined && { cloudwatchRoleArn }) }
  }),
  '/features': {
    ops: ['add', 'remove'],
    apply() {
      throw notSupported("'features'")
    },
  },
}

function keyOf({ accountId, region }: Call): string {
  return `${accountId}/${region}`
}

/** @see API Gateway Developer Guide, "Throttle requests to your REST APIs" (account defaults) */
function shownAccount({ cloudwatchRoleArn }: AccountRecord): Sdk.Account {
  return {
    cloudwatchRoleArn,
    throttleSettings: { burstLimit: 5000, rateLimit: 10_000 },
    features: ['UsagePlans'],
    apiKeyVersion: '4',
  }
}
