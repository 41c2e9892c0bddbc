/** Tags of functions. */
import type * as Sdk from '@aws-sdk/client-lambda'
import { type Operations, requestTags } from '../service.ts'
import { invalidParameter } from './errors.ts'
import { functionNeed } from './gate.ts'
import { type FunctionName, namedBy, type Owner } from './names.ts'
import { findFunction } from './records.ts'
import { keep } from './revisions.ts'
import { checkTags } from './tag-rules.ts'

export const tags = {
  ListTags: {
    needs: async ({ Resource }, call) => [await functionNeed('ListTags', Resource, call)],
    async handle({ Resource }, call) {
      return { Tags: { ...(await findFunction(call.documents, taggedBy(Resource, call))).tags } }
    },
  },
  TagResource: {
    needs: async ({ Resource, Tags }, call) => [
      await functionNeed('TagResource', Resource, call, requestTags(Tags)),
    ],
    async handle({ Resource, Tags }, call) {
      await keep(call, taggedBy(Resource, call), (record) => ({
        ...record,
        tags: checkTags({ ...record.tags, ...Tags }),
      }))
      return {}
    },
  },
  UntagResource: {
    needs: async ({ Resource, TagKeys }, call) => [
      await functionNeed('UntagResource', Resource, call, { 'aws:TagKeys': TagKeys }),
    ],
    async handle({ Resource, TagKeys }, call) {
      await keep(call, taggedBy(Resource, call), (record) => ({
        ...record,
        tags: Object.fromEntries(
          Object.entries(record.tags).filter(([key]) => !TagKeys.includes(key)),
        ),
      }))
      return {}
    },
  },
} satisfies Operations<typeof Sdk>

/** @throws AwsError InvalidParameterValueException */
function taggedBy(arn: string, owner: Owner): FunctionName {
  const { qualifier, ...named } = namedBy(arn, owner)
  if (qualifier !== undefined)
    throw invalidParameter(
      'Tags on function aliases and versions are not supported. Please specify either a function ARN.',
    )
  return named
}
