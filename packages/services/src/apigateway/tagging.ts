/** How are the tags of APIs and stages changed and read? */
import type * as Sdk from '@aws-sdk/client-api-gateway'
import { type Call, type GatedOperations, requestTags } from '../service.ts'
import { badRequest, notFound } from './errors.ts'
import { collections, getApi, putApi, type StageRecord } from './records.ts'
import { stageOf } from './stages.ts'
import { checkTags, type Tags } from './tags.ts'

export const tagging = {
  TagResource: {
    keys: ({ tags }) => requestTags(tags),
    async handle({ resourceArn, tags }, call) {
      await changeTags(call, resourceArn, (before) => ({ ...before, ...tags }))
      return {}
    },
  },

  UntagResource: {
    keys: ({ tagKeys }) => ({ 'aws:TagKeys': tagKeys }),
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

async function changeTags(call: Call, arn: string, change: (tags: Tags) => Tags): Promise<void> {
  const { restApiId, stageName } = taggedBy(arn, call)
  await call.documents.transact(async (transaction) => {
    const api = await getApi(transaction, call, restApiId)
    if (stageName === undefined) putApi(transaction, { ...api, tags: checkTags(change(api.tags)) })
    else {
      const stage = await stageOf(transaction, call, restApiId, stageName)
      const changed: StageRecord = { ...stage, tags: checkTags(change(stage.tags)) }
      transaction.put(collections.stages, `${api.id}/${stageName}`, changed)
    }
  })
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
