/** Access control lists: the owner has everything, and nothing else can be said. */
import type * as Sdk from '@aws-sdk/client-s3'
import type { Operations } from '../service.ts'
import { needing } from './bucket-settings.ts'
import { s3Error } from './errors.ts'
import { objectNeed } from './gate.ts'
import { foundVersion, readNeeds } from './get-object.ts'
import { canonicalId } from './names.ts'
import { type BucketRecord, findBucket } from './records.ts'

export const acl = {
  GetBucketAcl: {
    needs: needing('GetBucketAcl'),
    handle: async ({ Bucket }, { documents }) => ownersAlone(await findBucket(documents, Bucket)),
  },
  PutBucketAcl: {
    needs: needing('PutBucketAcl'),
    async handle(input) {
      checkAcl(input)
      return {}
    },
  },
  GetObjectAcl: {
    needs: (input, call) => readNeeds('GetObjectAcl', input, call),
    async handle(input, { documents }) {
      return ownersAlone((await foundVersion(input, documents)).bucket)
    },
  },
  PutObjectAcl: {
    async needs(input, call) {
      const bucket = await findBucket(call.documents, input.Bucket, input.ExpectedBucketOwner)
      const action = input.VersionId === undefined ? 'PutObjectAcl' : 'PutObjectVersionAcl'
      return [objectNeed(action, bucket, input.Key, input, call)]
    },
    async handle(input, { documents }) {
      checkAcl(input)
      await foundVersion(input, documents)
      return {}
    },
  },
} satisfies Operations<typeof Sdk>

interface AclInput {
  readonly ACL?: string | undefined
  readonly AccessControlPolicy?: object | undefined
}

/** @throws AwsError AccessControlListNotSupported  anything but what is so already */
function checkAcl({ ACL, AccessControlPolicy }: AclInput): void {
  if (ACL !== 'bucket-owner-full-control' || AccessControlPolicy !== undefined)
    throw s3Error('AccessControlListNotSupported')
}

function ownersAlone({ accountId }: BucketRecord) {
  const ID = canonicalId(accountId)
  return {
    Owner: { ID },
    Grants: [
      { Grantee: { ID, Type: 'CanonicalUser' as const }, Permission: 'FULL_CONTROL' as const },
    ],
  }
}
