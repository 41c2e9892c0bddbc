/** Key groups: whose signatures a cache behaviour trusts. */
import type { Call } from '../service.ts'
import { fail, invalidArgument } from './errors.ts'
import { findKept, type Kept, type Kind } from './kept.ts'
import { keptOperations } from './kept-operations.ts'
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
  refers: (config, id) =>
    behavioursOf(config).some(({ TrustedKeyGroups }) => TrustedKeyGroups?.Items?.includes(id)),
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

export const keyGroups = keptOperations(keyGroupKind, {
  word: 'KeyGroup',
  path: 'key-group',
  shown,
  listed: (kept) => ({ KeyGroup: shown(kept) }),
  checkReferences: checkKeys,
})

function shown({ id, modifiedAt, config }: Kept<KeyGroupConfig>) {
  return { Id: id, LastModifiedTime: new Date(modifiedAt), KeyGroupConfig: config }
}

/** @throws AwsError InvalidArgument */
async function checkKeys({ Items }: KeyGroupConfig, call: Call): Promise<void> {
  for (const id of Items)
    if (!(await findKept(publicKeyKind, id, call.accountId, call.documents)))
      throw invalidArgument(`The public key ${id} does not exist.`)
}
