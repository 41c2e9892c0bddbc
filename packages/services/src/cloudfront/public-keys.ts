/** Public keys: with which signed URLs and signed cookies are verified. */
import { createPublicKey } from 'node:crypto'
import type * as Sdk from '@aws-sdk/client-cloudfront'
import type { Operations } from '../service.ts'
import { fail, invalidArgument } from './errors.ts'
import { needAll } from './gate.ts'
import {
  createKept,
  deleteKept,
  type Kept,
  type Kind,
  keptOf,
  listKept,
  ownKept,
  updateKept,
} from './kept.ts'
import { pageOf } from './paging.ts'
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

export const publicKeys = {
  CreatePublicKey: {
    needs: needAll('CreatePublicKey'),
    async handle({ PublicKeyConfig: config }, call) {
      const kept = await createKept(publicKeyKind, config, call)
      return {
        PublicKey: shown(kept),
        ETag: kept.etag,
        Location: `https://cloudfront.amazonaws.com/2020-05-31/public-key/${kept.id}`,
      }
    },
  },
  GetPublicKey: {
    needs: needAll('GetPublicKey'),
    async handle({ Id }, call) {
      const kept = await keptOf(publicKeyKind, Id, call)
      return { PublicKey: shown(kept), ETag: kept.etag }
    },
  },
  GetPublicKeyConfig: {
    needs: needAll('GetPublicKeyConfig'),
    async handle({ Id }, call) {
      const { config, etag } = await keptOf(publicKeyKind, Id, call)
      return { PublicKeyConfig: config, ETag: etag }
    },
  },
  UpdatePublicKey: {
    needs: needAll('UpdatePublicKey'),
    async handle({ Id, IfMatch, PublicKeyConfig: config }, call) {
      const kept = await updateKept(publicKeyKind, Id, IfMatch, config, call)
      return { PublicKey: shown(kept), ETag: kept.etag }
    },
  },
  DeletePublicKey: {
    needs: needAll('DeletePublicKey'),
    async handle({ Id, IfMatch }, call) {
      await deleteKept(publicKeyKind, Id, IfMatch, call)
      return {}
    },
  },
  ListPublicKeys: {
    needs: needAll('ListPublicKeys'),
    async handle(input, call) {
      const page = pageOf(await listKept(publicKeyKind, call), ({ id }) => id, input)
      return {
        PublicKeyList: {
          MaxItems: page.maxItems,
          Quantity: page.items.length,
          NextMarker: page.nextMarker,
          Items: page.items.map(({ id, createdAt, config: { Name, EncodedKey, Comment } }) => ({
            Id: id,
            Name,
            CreatedTime: new Date(createdAt),
            EncodedKey,
            Comment,
          })),
        },
      }
    },
  },
} satisfies Operations<typeof Sdk>

function shown({ id, createdAt, config }: Kept<PublicKeyConfig>) {
  return { Id: id, CreatedTime: new Date(createdAt), PublicKeyConfig: config }
}
