/** Tags of functions. */
import type * as Sdk from '@aws-sdk/client-lambda'
import type { Operations } from '../service.ts'
import { functionNeed, tagKeys } from './gate.ts'
import { namedBy } from './names.ts'
import { findFunction } from './records.ts'
import { keep } from './revisions.ts'

export const tags = {
  ListTags: {
    needs: async ({ Resource }, call) => [await functionNeed('ListTags', Resource, call)],
    async handle({ Resource }, call) {
      return { Tags: { ...(await findFunction(call.documents, namedBy(Resource, call))).tags } }
    },
  },
  TagResource: {
    needs: async ({ Resource, Tags }, call) => [
      await functionNeed('TagResource', Resource, call, tagKeys(Tags)),
    ],
    async handle({ Resource, Tags }, call) {
      await keep(call, namedBy(Resource, call), (record) => ({
        ...record,
        tags: { ...record.tags, ...Tags },
      }))
      return {}
    },
  },
  UntagResource: {
    needs: async ({ Resource, TagKeys }, call) => [
      await functionNeed('UntagResource', Resource, call, { 'aws:TagKeys': TagKeys }),
    ],
    async handle({ Resource, TagKeys }, call) {
      await keep(call, namedBy(Resource, call), (record) => ({
        ...record,
        tags: Object.fromEntries(
          Object.entries(record.tags).filter(([key]) => !TagKeys.includes(key)),
        ),
      }))
      return {}
    },
  },
} satisfies Operations<typeof Sdk>
