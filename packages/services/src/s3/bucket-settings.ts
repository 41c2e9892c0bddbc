/** What is set for a whole bucket: read, replaced, taken off. */
import type * as Sdk from '@aws-sdk/client-s3'
import type { Call, Needs, Operations } from '../service.ts'
import { checkOwnership } from './buckets.ts'
import { checkEncryption } from './described.ts'
import { notSupported, s3Error } from './errors.ts'
import { bucketNeed } from './gate.ts'
import { type BucketRecord, findBucket, type PublicAccess, s3Collections } from './records.ts'
import { fromTagSet, mostBucketTags, toTagSet } from './tags.ts'

export const bucketSettings = {
  GetBucketVersioning: {
    needs: needing('GetBucketVersioning'),
    async handle({ Bucket }, { documents }) {
      const { versioning } = await findBucket(documents, Bucket)
      return versioning === undefined ? {} : { Status: versioning }
    },
  },
  PutBucketVersioning: {
    needs: needing('PutBucketVersioning'),
    async handle({ Bucket, VersioningConfiguration: given, MFA }, call) {
      const { Status } = given
      if (MFA !== undefined || given.MFADelete === 'Enabled')
        throw notSupported('Deletion with multi-factor authentication')
      if (Status !== 'Enabled' && Status !== 'Suspended')
        throw s3Error('IllegalVersioningConfigurationException')
      return changeBucket(Bucket, call, (bucket) => ({ ...bucket, versioning: Status }))
    },
  },

  GetBucketTagging: {
    needs: needing('GetBucketTagging'),
    async handle({ Bucket }, { documents }) {
      const { tags } = await findBucket(documents, Bucket)
      if (tags === undefined) throw s3Error('NoSuchTagSet', undefined, { BucketName: Bucket })
      return { TagSet: toTagSet(tags) }
    },
  },
  PutBucketTagging: {
    needs: needing('PutBucketTagging'),
    async handle({ Bucket, Tagging }, call) {
      const tags = fromTagSet(Tagging.TagSet, mostBucketTags)
      return changeBucket(Bucket, call, (bucket) => ({ ...bucket, tags }))
    },
  },
  DeleteBucketTagging: {
    needs: needing('PutBucketTagging'),
    handle: ({ Bucket }, call) => changeBucket(Bucket, call, ({ tags: _, ...bucket }) => bucket),
  },

  GetBucketEncryption: {
    needs: needing('GetEncryptionConfiguration'),
    async handle({ Bucket }, { documents }) {
      const { hasBucketKey = false } = await findBucket(documents, Bucket)
      return {
        ServerSideEncryptionConfiguration: {
          Rules: [
            {
              ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' as const },
              BucketKeyEnabled: hasBucketKey,
            },
          ],
        },
      }
    },
  },
  PutBucketEncryption: {
    needs: needing('PutEncryptionConfiguration'),
    async handle({ Bucket, ServerSideEncryptionConfiguration: { Rules = [] } }, call) {
      const [rule, ...others] = Rules
      if (rule === undefined || others.length > 0) throw s3Error('MalformedXML')
      const given = rule.ApplyServerSideEncryptionByDefault
      checkEncryption(given?.SSEAlgorithm)
      if (given?.KMSMasterKeyID !== undefined) throw notSupported('Encryption with a key of KMS')
      const hasBucketKey = rule.BucketKeyEnabled === true
      return changeBucket(Bucket, call, (bucket) => ({ ...bucket, hasBucketKey }))
    },
  },
  DeleteBucketEncryption: {
    needs: needing('PutEncryptionConfiguration'),
    handle: ({ Bucket }, call) =>
      changeBucket(Bucket, call, ({ hasBucketKey: _, ...bucket }) => bucket),
  },

  GetBucketOwnershipControls: {
    needs: needing('GetBucketOwnershipControls'),
    async handle({ Bucket }, { documents }) {
      await findBucket(documents, Bucket)
      return { OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' as const }] } }
    },
  },
  PutBucketOwnershipControls: {
    needs: needing('PutBucketOwnershipControls'),
    async handle({ Bucket, OwnershipControls: { Rules = [] } }, { documents }) {
      const [rule, ...others] = Rules
      if (rule === undefined || others.length > 0) throw s3Error('MalformedXML')
      checkOwnership(rule.ObjectOwnership)
      await findBucket(documents, Bucket)
      return {}
    },
  },

  GetPublicAccessBlock: {
    needs: needing('GetBucketPublicAccessBlock'),
    async handle({ Bucket }, { documents }) {
      const { publicAccess } = await findBucket(documents, Bucket)
      if (publicAccess === undefined)
        throw s3Error('NoSuchPublicAccessBlockConfiguration', undefined, { BucketName: Bucket })
      return {
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: publicAccess.blockAcls,
          IgnorePublicAcls: publicAccess.ignoreAcls,
          BlockPublicPolicy: publicAccess.blockPolicy,
          RestrictPublicBuckets: publicAccess.restrict,
        },
      }
    },
  },
  PutPublicAccessBlock: {
    needs: needing('PutBucketPublicAccessBlock'),
    async handle({ Bucket, PublicAccessBlockConfiguration: given }, call) {
      const publicAccess: PublicAccess = {
        blockAcls: given.BlockPublicAcls === true,
        ignoreAcls: given.IgnorePublicAcls === true,
        blockPolicy: given.BlockPublicPolicy === true,
        restrict: given.RestrictPublicBuckets === true,
      }
      return changeBucket(Bucket, call, (bucket) => ({ ...bucket, publicAccess }))
    },
  },
  DeletePublicAccessBlock: {
    needs: needing('PutBucketPublicAccessBlock'),
    handle: ({ Bucket }, call) =>
      changeBucket(Bucket, call, ({ publicAccess: _, ...bucket }) => bucket),
  },
} satisfies Operations<typeof Sdk>

export interface OfBucket {
  readonly Bucket: string
  readonly ExpectedBucketOwner?: string | undefined
}

/** Of an operation on a bucket's settings. */
export function needing(action: string) {
  return async (input: OfBucket, call: Call): Promise<Needs> => {
    const bucket = await findBucket(call.documents, input.Bucket, input.ExpectedBucketOwner)
    return [bucketNeed(action, bucket, {}, call)]
  }
}

export async function changeBucket(
  name: string,
  { documents }: Pick<Call, 'documents'>,
  change: (bucket: BucketRecord) => BucketRecord,
): Promise<Record<string, never>> {
  await documents.transact(async (transaction) => {
    const bucket = await findBucket(transaction, name)
    transaction.put(s3Collections.buckets, name, change(bucket))
  })
  return {}
}
