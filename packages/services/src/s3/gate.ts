/** What does a call to S3 need? The action on the bucket or the object, whose bucket's policy has a say. */
import type { CompiledPolicy } from '@sekisho/policy'
import { compiled } from '../iam/principals.ts'
import type { Call, Need, RequestKeys } from '../service.ts'
import { isPublicPolicy } from './public-policy.ts'
import { type BucketRecord, bucketArn, type Tags } from './records.ts'

/**
 * Condition keys that repeat what a request says, by the member that says it.
 *
 * @see Service Authorization Reference, "Actions, resources, and condition keys for Amazon S3"
 */
const memberKeys: readonly (readonly [member: string, key: string])[] = [
  ['ACL', 's3:x-amz-acl'],
  ['CopySource', 's3:x-amz-copy-source'],
  ['Delimiter', 's3:delimiter'],
  ['GrantFullControl', 's3:x-amz-grant-full-control'],
  ['GrantRead', 's3:x-amz-grant-read'],
  ['GrantReadACP', 's3:x-amz-grant-read-acp'],
  ['GrantWrite', 's3:x-amz-grant-write'],
  ['GrantWriteACP', 's3:x-amz-grant-write-acp'],
  ['IfMatch', 's3:if-match'],
  ['IfNoneMatch', 's3:if-none-match'],
  ['MaxKeys', 's3:max-keys'],
  ['MetadataDirective', 's3:x-amz-metadata-directive'],
  ['ObjectOwnership', 's3:x-amz-object-ownership'],
  ['Prefix', 's3:prefix'],
  ['ServerSideEncryption', 's3:x-amz-server-side-encryption'],
  ['SSECustomerAlgorithm', 's3:x-amz-server-side-encryption-customer-algorithm'],
  ['SSEKMSKeyId', 's3:x-amz-server-side-encryption-aws-kms-key-id'],
  ['StorageClass', 's3:x-amz-storage-class'],
  ['VersionId', 's3:VersionId'],
  ['WebsiteRedirectLocation', 's3:x-amz-website-redirect-location'],
]

export function bucketNeed(
  action: string,
  bucket: BucketRecord,
  input: object,
  call: Call,
  keys: RequestKeys = {},
): Need {
  return need(action, bucketArn(bucket), bucket, input, call, keys)
}

export function objectNeed(
  action: string,
  bucket: BucketRecord,
  key: string,
  input: object,
  call: Call,
  keys: RequestKeys = {},
): Need {
  return need(action, `${bucketArn(bucket)}/${key}`, bucket, input, call, keys)
}

function need(
  action: string,
  resource: string,
  bucket: BucketRecord,
  input: object,
  call: Call,
  keys: RequestKeys,
): Need {
  const resourcePolicy = policyOf(action, bucket, call)
  return {
    action: `s3:${action}`,
    resource,
    resourceAccountId: bucket.accountId,
    keys: {
      ...commonKeys(input, call),
      's3:ResourceAccount': bucket.accountId,
      ...keys,
    },
    ...(resourcePolicy && { resourcePolicy }),
  }
}

/** Of what is asked of no bucket. */
export function commonKeys(input: object, { signature }: Call): RequestKeys {
  const given = input as Readonly<Record<string, unknown>>
  const said = memberKeys.flatMap(([member, key]) =>
    given[member] === undefined ? [] : [[key, String(given[member])] as const],
  )
  return {
    ...Object.fromEntries(said),
    ...(signature && {
      's3:authType': signature.form === 'header' ? 'REST-HEADER' : 'REST-QUERY-STRING',
      's3:signatureversion': 'AWS4-HMAC-SHA256',
      's3:signatureAge': String(signature.ageMs),
      ...(signature.contentSha256 !== undefined && {
        's3:x-amz-content-sha256': signature.contentSha256,
      }),
    }),
  }
}

export function existingTags(tags: Tags | undefined): RequestKeys {
  return Object.fromEntries(
    Object.entries(tags ?? {}).map(([tag, value]) => [`s3:ExistingObjectTag/${tag}`, value]),
  )
}

export function requestedTags(tags: Tags): RequestKeys {
  const names = Object.keys(tags)
  if (names.length === 0) return {}
  return {
    's3:RequestObjectTagKeys': names,
    ...Object.fromEntries(names.map((tag) => [`s3:RequestObjectTag/${tag}`, tags[tag]!])),
  }
}

/** The account's root user can always mend the policy that locks it out. */
const openToOwnersRoot: ReadonlySet<string> = new Set([
  'GetBucketPolicy',
  'PutBucketPolicy',
  'DeleteBucketPolicy',
])

/**
 * What the bucket's policy says to this caller. Where public policies are restricted they say nothing to strangers, who
 * cannot come in without.
 *
 * @see Amazon S3 User Guide, "Blocking public access to your Amazon S3 storage" (RestrictPublicBuckets)
 */
function policyOf(
  action: string,
  { name, accountId, policy, publicAccess }: BucketRecord,
  { principal }: Call,
): CompiledPolicy | undefined {
  if (policy === undefined) return undefined
  const isOwn = 'accountId' in principal && principal.accountId === accountId
  if (isOwn && principal.type === 'root' && openToOwnersRoot.has(action)) return undefined
  const compiledPolicy = compiled(policy, 'resource', `policy of bucket ${name}`)
  const isStranger = !isOwn && principal.type !== 'service'
  if (publicAccess?.restrict && isStranger && isPublicPolicy(compiledPolicy.document))
    return undefined
  return compiledPolicy
}
