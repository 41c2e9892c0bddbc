/** Settings that no bucket here has: asked for, they are answered as of a bucket that never had them. */
import type * as Sdk from '@aws-sdk/client-s3'
import type { Operations } from '../service.ts'
import { needing } from './bucket-settings.ts'
import { notSupported, s3Error } from './errors.ts'
import { findBucket } from './records.ts'

export const absentSettings = {
  GetBucketAccelerateConfiguration: {
    needs: needing('GetAccelerateConfiguration'),
    handle: async () => ({}),
  },
  GetBucketLogging: { needs: needing('GetBucketLogging'), handle: async () => ({}) },
  GetBucketReplication: {
    needs: needing('GetReplicationConfiguration'),
    async handle({ Bucket }) {
      throw s3Error('ReplicationConfigurationNotFoundError', undefined, { BucketName: Bucket })
    },
  },
  GetBucketRequestPayment: {
    needs: needing('GetBucketRequestPayment'),
    handle: async () => ({ Payer: 'BucketOwner' as const }),
  },
  PutBucketRequestPayment: {
    needs: needing('PutBucketRequestPayment'),
    async handle({ Bucket, RequestPaymentConfiguration: { Payer } }, { documents }) {
      await findBucket(documents, Bucket)
      if (Payer !== 'BucketOwner') throw notSupported('A bucket whose requester pays')
      return {}
    },
  },
  GetBucketWebsite: {
    needs: needing('GetBucketWebsite'),
    async handle({ Bucket }) {
      throw s3Error('NoSuchWebsiteConfiguration', undefined, { BucketName: Bucket })
    },
  },
  GetObjectLockConfiguration: {
    needs: needing('GetBucketObjectLockConfiguration'),
    async handle({ Bucket }) {
      throw s3Error('ObjectLockConfigurationNotFoundError', undefined, { BucketName: Bucket })
    },
  },
} satisfies Operations<typeof Sdk>
