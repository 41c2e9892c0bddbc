/** Public keys: with which signed URLs and signed cookies are verified. */
import { createPublicKey } from 'node:crypto'
import { fail, invalidArgument } from './errors.ts'
import { type Kept, type Kind, ownKept } from './kept.ts'
import { keptOperations } from './kept-operations.ts'
import { checkName } from './policy-rules.ts'
import {
  cloudfrontCollections,
  type KeyGroupConfig,
  newId,
  type PublicKeyConfig,
} from './records.ts'

export const publicKeyKind: Kind<PublicKeyConfig> = {
  collection: cloudfrontCollections.publicKeys,
  word: 'public key',
  missing: 'NoSuchPublicKey',
  taken: 'PublicKeyAlreadyExists',
  inUse: 'PublicKeyInUse',
  tooMany: 'TooManyPublicKeys',
  most: 100,
  newId: (ids) => newId(ids, 'K'),
  async isUsed(id, accountId, reader) {
    const groups = await ownKept<KeyGroupConfig>(cloudfrontCollections.keyGroups, accountId, reader)
    return groups.some(({ config }) => config.Items.includes(id))
  },
  check({ Name, EncodedKey }) {
    checkName(Name)
    if (!isUsableKey(EncodedKey))
      throw invalidArgument('Your request contains empty/invalid/out of limits RSA Encoded Key')
  },
  checkChange(before, after) {
    if (
      before.EncodedKey.trim() !== after.EncodedKey.trim() ||
      before.CallerReference !== after.CallerReference
    )
      throw fail(
        'CannotChangeImmutablePublicKeyFields',
        "You can't change the value of a public key.",
      )
  },
}

/** RSA of 2,048 bits or ECDSA on P-256. @see CloudFront Developer Guide, "Specify signers" */
function isUsableKey(pem: string): boolean {
  if (pem.length > 4_096 || !pem.includes('-----BEGIN PUBLIC KEY-----')) return false
  try {
    const { asymmetricKeyType, asymmetricKeyDetails } = createPublicKey(pem)
    return asymmetricKeyType === 'rsa'
      ? asymmetricKeyDetails?.modulusLength === 2_048
      : asymmetricKeyType === 'ec' && asymmetricKeyDetails?.namedCurve === 'prime256v1'
  } catch {
    return false
  }
}

export const publicKeys = keptOperations(publicKeyKind, {
  word: 'PublicKey',
  path: 'public-key',
  shown,
  listed: ({ id, createdAt, config: { Name, EncodedKey, Comment } }) => ({
    Id: id,
    Name,
    CreatedTime: new Date(createdAt),
    EncodedKey,
    Comment,
  }),
})

function shown({ id, createdAt, config }: Kept<PublicKeyConfig>) {
  return { Id: id, CreatedTime: new Date(createdAt), PublicKeyConfig: config }
}
