/** Key groups: whose signatures a cache behaviour trusts. */
import type * as Sdk from '@aws-sdk/client-cloudfront'
import type { Call, Operations } from '../service.ts'
import { fail, invalidArgument } from './errors.ts'
import { needAll } from './gate.ts'
import {
  createKept,
  deleteKept,
  findKept,
  type Kept,
  type Kind,
  keptOf,
  listKept,
  updateKept,
  usedBy,
} from './kept.ts'
import { pageOf } from './paging.ts'
import { checkName } from './policy-rules.ts'
import { publicKeyKind } from './public-keys.ts'
import { behavioursOf, cloudfrontCollections, type KeyGroupConfig } from './records.ts'

export const keyGroupKind: Kind<KeyGroupConfig> = {
  collection: cloudfrontCollections.keyGroups,
  word: 'key group',
  missing: 'NoSuchResource',
  taken: 'KeyGroupAlreadyExists',
  inUse: 'ResourceInUse',
  tooMany: 'TooManyKeyGroups',
  most: 100,
  newId: (ids) => ids.uuid(),
  isUsed: usedBy((config, id) =>
    behavioursOf(config).some(({ TrustedKeyGroups }) => TrustedKeyGroups?.Items?.includes(id)),
  ),
  check({ Name, Items }) {
    checkName(Name)
    if (Items.length === 0 || new Set(Items).size < Items.length)
      throw invalidArgument('The parameter Items must hold public keys, each once.')
    if (Items.length > 5)
      throw fail(
        'TooManyPublicKeysInKeyGroup',
        'The number of public keys in this key group is more than the maximum allowed.',
      )
  },
}

export const keyGroups = {
  CreateKeyGroup: {
    needs: needAll('CreateKeyGroup'),
    async handle({ KeyGroupConfig: config }, call) {
      await checkKeys(config, call)
      const kept = await createKept(keyGroupKind, config, call)
      return {
        KeyGroup: shown(kept),
        ETag: kept.etag,
        Location: `https://cloudfront.amazonaws.com/2020-05-31/key-group/${kept.id}`,
      }
    },
  },
  GetKeyGroup: {
    needs: needAll('GetKeyGroup'),
    async handle({ Id }, call) {
      const kept = await keptOf(keyGroupKind, Id, call)
      return { KeyGroup: shown(kept), ETag: kept.etag }
    },
  },
  GetKeyGroupConfig: {
    needs: needAll('GetKeyGroupConfig'),
    async handle({ Id }, call) {
      const { config, etag } = await keptOf(keyGroupKind, Id, call)
      return { KeyGroupConfig: config, ETag: etag }
    },
  },
  UpdateKeyGroup: {
    needs: needAll('UpdateKeyGroup'),
    async handle({ Id, IfMatch, KeyGroupConfig: config }, call) {
      await checkKeys(config, call)
      const kept = await updateKept(keyGroupKind, Id, IfMatch, config, call)
      return { KeyGroup: shown(kept), ETag: kept.etag }
    },
  },
  DeleteKeyGroup: {
    needs: needAll('DeleteKeyGroup'),
    async handle({ Id, IfMatch }, call) {
      await deleteKept(keyGroupKind, Id, IfMatch, call)
      return {}
    },
  },
  ListKeyGroups: {
    needs: needAll('ListKeyGroups'),
    async handle(input, call) {
      const page = pageOf(await listKept(keyGroupKind, call), ({ id }) => id, input)
      return {
        KeyGroupList: {
          MaxItems: page.maxItems,
          Quantity: page.items.length,
          NextMarker: page.nextMarker,
          Items: page.items.map((kept) => ({ KeyGroup: shown(kept) })),
        },
      }
    },
  },
} satisfies Operations<typeof Sdk>

function shown({ id, modifiedAt, config }: Kept<KeyGroupConfig>) {
  return { Id: id, LastModifiedTime: new Date(modifiedAt), KeyGroupConfig: config }
}

/** @throws AwsError InvalidArgument */
async function checkKeys({ Items }: KeyGroupConfig, call: Call): Promise<void> {
  for (const id of Items)
    if (!(await findKept(publicKeyKind, id, call.accountId, call.documents)))
      throw invalidArgument(`The public key ${id} does not exist.`)
}
