/** Which actions and condition keys does S3 know, and which actions are of objects, which of buckets? What means nothing is refused. */
import type { Statement } from '@sekisho/policy'

/** @see Service Authorization Reference, "Actions, resources, and condition keys for Amazon S3" */
const ofObjects = `AbortMultipartUpload BypassGovernanceRetention DeleteObject DeleteObjectTagging DeleteObjectVersion
DeleteObjectVersionTagging GetObject GetObjectAcl GetObjectAttributes GetObjectLegalHold GetObjectRetention
GetObjectTagging GetObjectTorrent GetObjectVersion GetObjectVersionAcl GetObjectVersionAttributes
GetObjectVersionForReplication GetObjectVersionTagging GetObjectVersionTorrent ListMultipartUploadParts
ObjectOwnerOverrideToBucketOwner PutObject PutObjectAcl PutObjectLegalHold PutObjectRetention PutObjectTagging
PutObjectVersionAcl PutObjectVersionTagging RenameObject ReplicateDelete ReplicateObject ReplicateTags RestoreObject
UpdateObjectEncryption`

const ofBuckets = `CreateBucket CreateBucketMetadataTableConfiguration DeleteBucket
DeleteBucketMetadataTableConfiguration DeleteBucketPolicy DeleteBucketWebsite GetAccelerateConfiguration
GetAnalyticsConfiguration GetBucketAbac GetBucketAcl GetBucketCORS GetBucketLocation GetBucketLogging
GetBucketMetadataTableConfiguration GetBucketNotification
GetBucketObjectLockConfiguration GetBucketOwnershipControls GetBucketPolicy GetBucketPolicyStatus
GetBucketPublicAccessBlock GetBucketRequestPayment GetBucketTagging GetBucketVersioning GetBucketWebsite
GetEncryptionConfiguration GetIntelligentTieringConfiguration GetInventoryConfiguration GetLifecycleConfiguration
GetMetricsConfiguration GetReplicationConfiguration ListBucket ListBucketMultipartUploads ListBucketVersions
ListTagsForResource PauseReplication PutAccelerateConfiguration PutAnalyticsConfiguration PutBucketAbac PutBucketAcl PutBucketCORS PutBucketLogging PutBucketNotification
PutBucketObjectLockConfiguration PutBucketOwnershipControls PutBucketPolicy PutBucketPublicAccessBlock
PutBucketRequestPayment PutBucketTagging PutBucketVersioning PutBucketWebsite PutEncryptionConfiguration
PutIntelligentTieringConfiguration PutInventoryConfiguration PutLifecycleConfiguration PutMetricsConfiguration
PutReplicationConfiguration TagResource UntagResource UpdateBucketMetadataInventoryTableConfiguration
UpdateBucketMetadataJournalTableConfiguration`

const ofOthers = `AssociateAccessGrantsIdentityCenter CreateAccessGrant CreateAccessGrantsInstance
CreateAccessGrantsLocation CreateAccessPoint CreateAccessPointForObjectLambda CreateJob CreateMultiRegionAccessPoint
CreateStorageLensGroup DeleteAccessGrant DeleteAccessGrantsInstance DeleteAccessGrantsInstanceResourcePolicy
DeleteAccessGrantsLocation DeleteAccessPoint DeleteAccessPointForObjectLambda DeleteAccessPointPolicy
DeleteAccessPointPolicyForObjectLambda DeleteJobTagging DeleteMultiRegionAccessPoint DeleteStorageLensConfiguration
DeleteStorageLensConfigurationTagging DeleteStorageLensGroup DescribeJob DescribeMultiRegionAccessPointOperation
DissociateAccessGrantsIdentityCenter GetAccessGrant GetAccessGrantsInstance GetAccessGrantsInstanceForPrefix
GetAccessGrantsInstanceResourcePolicy GetAccessGrantsLocation GetAccessPoint
GetAccessPointConfigurationForObjectLambda GetAccessPointForObjectLambda GetAccessPointPolicy
GetAccessPointPolicyForObjectLambda GetAccessPointPolicyStatus GetAccessPointPolicyStatusForObjectLambda
GetAccountPublicAccessBlock GetDataAccess GetJobTagging GetMultiRegionAccessPoint GetMultiRegionAccessPointPolicy
GetMultiRegionAccessPointPolicyStatus GetMultiRegionAccessPointRoutes GetStorageLensConfiguration
GetStorageLensConfigurationTagging GetStorageLensDashboard GetStorageLensGroup ListAccessGrants
ListAccessGrantsInstances ListAccessGrantsLocations ListAccessPoints ListAccessPointsForObjectLambda ListAllMyBuckets
ListCallerAccessGrants ListJobs ListMultiRegionAccessPoints ListStorageLensConfigurations ListStorageLensGroups
PutAccessGrantsInstanceResourcePolicy PutAccessPointConfigurationForObjectLambda PutAccessPointPolicy
PutAccessPointPolicyForObjectLambda PutAccessPointPublicAccessBlock PutAccountPublicAccessBlock PutJobTagging
PutMultiRegionAccessPointPolicy PutStorageLensConfiguration PutStorageLensConfigurationTagging
SubmitMultiRegionAccessPointRoutes UpdateAccessGrantsLocation UpdateJobPriority UpdateJobStatus
UpdateStorageLensGroup`

/** A key that ends in `/` stands for all that begin so. */
const keys = `AccessGrantsInstanceArn AccessPointNetworkOrigin AccessPointTag/ authType BucketTag/
DataAccessPointAccount DataAccessPointArn delimiter destinationRegion ExistingJobOperation ExistingJobPriority
ExistingObjectTag/ if-match if-none-match InventoryAccessibleOptionalFields isReplicationPauseRequest
JobSuspendedCause LocationConstraint max-keys object-lock-legal-hold object-lock-mode
object-lock-remaining-retention-days object-lock-retain-until-date ObjectCreationOperation prefix RequestJobOperation
RequestJobPriority RequestObjectTag/ RequestObjectTagKeys ResourceAccount signatureAge signatureversion TlsVersion
versionid x-amz-acl x-amz-content-sha256 x-amz-copy-source x-amz-grant-full-control x-amz-grant-read
x-amz-grant-read-acp x-amz-grant-write x-amz-grant-write-acp x-amz-metadata-directive x-amz-object-ownership
x-amz-server-side-encryption x-amz-server-side-encryption-aws-kms-key-id
x-amz-server-side-encryption-customer-algorithm x-amz-storage-class x-amz-website-redirect-location`

const known: readonly string[] = wordsOf(keys)

const kinds: ReadonlyMap<string, 'object' | 'bucket' | 'other'> = new Map([
  ...wordsOf(ofObjects).map((name) => [`s3:${name}`, 'object'] as const),
  ...wordsOf(ofBuckets).map((name) => [`s3:${name}`, 'bucket'] as const),
  ...wordsOf(ofOthers).map((name) => [`s3:${name}`, 'other'] as const),
])

function wordsOf(list: string): readonly string[] {
  return list.toLowerCase().split(/\s/)
}

/** Patterns are taken as they are. */
export function isAction(name: string): boolean {
  if (name === '*') return true
  return /^s3:.*[*?]/is.test(name) || kinds.has(name.toLowerCase())
}

/** Keys of other prefixes are not S3's to know. */
export function isConditionKey(key: string): boolean {
  const [, name] = /^s3:(.*)$/is.exec(key) ?? []
  if (name === undefined) return true
  const given = name.toLowerCase()
  return known.some((each) => (each.endsWith('/') ? given.startsWith(each) : given === each))
}

/** Patterns are taken as they are. */
export function fitsItsResources({ action, resource }: Statement): boolean {
  if (action.isNegated || resource === undefined || resource.isNegated) return true
  return action.values.every((name) => {
    const kind = kinds.get(name.toLowerCase())
    return kind === undefined || resource.values.some((value) => isOf(kind, value))
  })
}

function isOf(kind: 'object' | 'bucket' | 'other', resource: string): boolean {
  if (kind === 'other') return false
  const hasSlash = resource.includes('/')
  return kind === 'bucket' ? !hasSlash : hasSlash || /[*?]/.test(resource)
}
