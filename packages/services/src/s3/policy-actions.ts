/** Which actions are of objects, and which of buckets? One that fits no resource of its statement allows and denies nothing. */
import type { Statement } from '@sekisho/policy'

/** @see Service Authorization Reference, "Actions, resources, and condition keys for Amazon S3" */
const ofObjects = `AbortMultipartUpload BypassGovernanceRetention DeleteObject DeleteObjectTagging DeleteObjectVersion
DeleteObjectVersionTagging GetObject GetObjectAcl GetObjectAttributes GetObjectLegalHold GetObjectRetention
GetObjectTagging GetObjectTorrent GetObjectVersion GetObjectVersionAcl GetObjectVersionAttributes
GetObjectVersionForReplication GetObjectVersionTagging GetObjectVersionTorrent ListMultipartUploadParts
ObjectOwnerOverrideToBucketOwner PutObject PutObjectAcl PutObjectLegalHold PutObjectRetention PutObjectTagging
PutObjectVersionAcl PutObjectVersionTagging ReplicateDelete ReplicateObject ReplicateTags RestoreObject`

const ofBuckets = `CreateBucket DeleteBucket DeleteBucketPolicy DeleteBucketWebsite GetAccelerateConfiguration
GetAnalyticsConfiguration GetBucketAcl GetBucketCORS GetBucketLocation GetBucketLogging GetBucketNotification
GetBucketObjectLockConfiguration GetBucketOwnershipControls GetBucketPolicy GetBucketPolicyStatus
GetBucketPublicAccessBlock GetBucketRequestPayment GetBucketTagging GetBucketVersioning GetBucketWebsite
GetEncryptionConfiguration GetIntelligentTieringConfiguration GetInventoryConfiguration GetLifecycleConfiguration
GetMetricsConfiguration GetReplicationConfiguration ListBucket ListBucketMultipartUploads ListBucketVersions
PutAccelerateConfiguration PutAnalyticsConfiguration PutBucketAcl PutBucketCORS PutBucketLogging PutBucketNotification
PutBucketObjectLockConfiguration PutBucketOwnershipControls PutBucketPolicy PutBucketPublicAccessBlock
PutBucketRequestPayment PutBucketTagging PutBucketVersioning PutBucketWebsite PutEncryptionConfiguration
PutIntelligentTieringConfiguration PutInventoryConfiguration PutLifecycleConfiguration PutMetricsConfiguration
PutReplicationConfiguration`

const kinds: ReadonlyMap<string, 'object' | 'bucket'> = new Map([
  ...wordsOf(ofObjects).map((name) => [`s3:${name}`, 'object'] as const),
  ...wordsOf(ofBuckets).map((name) => [`s3:${name}`, 'bucket'] as const),
])

function wordsOf(list: string): readonly string[] {
  return list.toLowerCase().split(/\s/)
}

/** Patterns, and actions that are not known here, are taken as they are. */
export function fitsItsResources({ action, resource }: Statement): boolean {
  if (action.isNegated || resource === undefined || resource.isNegated) return true
  return action.values.every((name) => {
    const kind = kinds.get(name.toLowerCase())
    return kind === undefined || resource.values.some((value) => isOf(kind, value))
  })
}

function isOf(kind: 'object' | 'bucket', resource: string): boolean {
  const hasSlash = resource.includes('/')
  return kind === 'bucket' ? !hasSlash : hasSlash || /[*?]/.test(resource)
}
