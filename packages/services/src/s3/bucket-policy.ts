/** Policies of buckets: taken when they can be read and speak of this bucket, refused where the public is blocked. */
import type * as Sdk from '@aws-sdk/client-s3'
import { PolicyError, parsePolicy, principalName } from '@sekisho/policy'
import { AwsError } from '@sekisho/protocols'
import type { Reader } from '@sekisho/store'
import { withArns, withIds } from '../iam/principal-ids.ts'
import type { Operations } from '../service.ts'
import { changeBucket, needing } from './bucket-settings.ts'
import { s3Error } from './errors.ts'
import { fitsItsResources, isAction, isConditionKey } from './policy-actions.ts'
import { isPublicPolicy } from './public-policy.ts'
import { bucketArn, findBucket } from './records.ts'

/** @see Amazon S3 User Guide, "Bucket policies" */
const mostBytes = 20 * 1024

export const bucketPolicy = {
  GetBucketPolicy: {
    needs: needing('GetBucketPolicy'),
    async handle({ Bucket }, { documents }) {
      const { policy } = await findBucket(documents, Bucket)
      if (policy === undefined)
        throw s3Error('NoSuchBucketPolicy', undefined, { BucketName: Bucket })
      return { Policy: await withArns(documents, policy) }
    },
  },

  PutBucketPolicy: {
    needs: needing('PutBucketPolicy'),
    async handle({ Bucket, Policy }, call) {
      const isPublic = checkPolicy(Policy, Bucket)
      const policy = await namingIds(Policy, call.documents)
      return changeBucket(Bucket, call, (bucket) => {
        if (isPublic && bucket.publicAccess?.blockPolicy)
          throw s3Error(
            'AccessDenied',
            `User: ${principalName(call.principal)} is not authorized to perform: s3:PutBucketPolicy on resource: "${bucketArn(bucket)}" because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.`,
          )
        return { ...bucket, policy }
      })
    },
  },

  DeleteBucketPolicy: {
    needs: needing('DeleteBucketPolicy'),
    handle: ({ Bucket }, call) => changeBucket(Bucket, call, ({ policy: _, ...bucket }) => bucket),
  },

  GetBucketPolicyStatus: {
    needs: needing('GetBucketPolicyStatus'),
    async handle({ Bucket }, { documents }) {
      const { policy } = await findBucket(documents, Bucket)
      if (policy === undefined)
        throw s3Error('NoSuchBucketPolicy', undefined, { BucketName: Bucket })
      const IsPublic = isPublicPolicy(parsePolicy(policy, { type: 'resource' }))
      return { PolicyStatus: { IsPublic } }
    },
  },
} satisfies Operations<typeof Sdk>

/**
 * @returns whether it lets the public in
 * @throws AwsError MalformedPolicy
 */
function checkPolicy(text: string, bucket: string): boolean {
  if (Buffer.byteLength(text) > mostBytes)
    throw malformed('Normalized policy document exceeds the maximum allowed size of 20480 bytes.')
  try {
    const document = parsePolicy(text, { type: 'resource' })
    if (document.statements.length === 0)
      throw malformed('Could not parse the policy: Statement is empty!')
    for (const { action, conditions, resource } of document.statements) {
      if (!action.values.every(isAction)) throw malformed('Policy has invalid action')
      if (!conditions.every(({ key }) => isConditionKey(key)))
        throw malformed('Policy has an invalid condition key')
      if (resource?.values.some((value) => !speaksOf(value, bucket)))
        throw malformed('Policy has invalid resource')
    }
    if (!document.statements.every(fitsItsResources))
      throw malformed('Action does not apply to any resource(s) in statement')
    return isPublicPolicy(document)
  } catch (error) {
    if (error instanceof PolicyError) throw wordedAs(text, error)
    throw error
  }
}

/**
 * Users and roles by what nobody else ever is, as AWS keeps them.
 *
 * @throws AwsError MalformedPolicy  one of them does not exist
 */
async function namingIds(text: string, reader: Reader): Promise<string> {
  try {
    return await withIds(reader, text)
  } catch (error) {
    if (!(error instanceof AwsError)) throw error
    throw s3Error('MalformedPolicy', 'Invalid principal in policy', { Detail: error.message })
  }
}

/** This bucket and what is in it, and no other. */
function speaksOf(resource: string, bucket: string): boolean {
  if (resource === '*') return true
  const [, name = ''] = /^arn:[^:]+:s3:::([^/]*)/.exec(resource) ?? []
  if (name === bucket) return true
  // A pattern counts as this bucket's by its two ends: it is asked of this bucket's resources alone.
  const [head = '', ...rest] = name.split(/[*?]/)
  return rest.length > 0 && bucket.startsWith(head) && bucket.endsWith(rest.at(-1)!)
}

/** AWS's sentence by the kind of fault, and after it where and what. */
function wordedAs(text: string, { faults }: PolicyError): AwsError {
  const [fault] = faults
  if (!text.trimStart().startsWith('{') || fault === undefined)
    return malformed("Policies must be valid JSON and the first byte must be '{'")
  const sentences: Readonly<Record<string, string>> = {
    INVALID_JSON: "Policies must be valid JSON and the first byte must be '{'",
    INVALID_PRINCIPAL: 'Invalid principal in policy',
    INVALID_ACTION: 'Policy has invalid action',
    INVALID_RESOURCE: 'Policy has invalid resource',
    INVALID_VERSION: 'The policy must contain a valid version string',
  }
  const sentence =
    sentences[fault.code] ??
    (fault.code === 'MISSING_ELEMENT'
      ? `Missing required field ${/`(\w+)`/.exec(fault.message)?.[1] ?? ''}`.trim()
      : 'This policy contains invalid Json')
  return s3Error('MalformedPolicy', sentence, {
    Detail: `line ${fault.line}, column ${fault.column}: ${fault.message}`,
  })
}

function malformed(message: string): AwsError {
  return s3Error('MalformedPolicy', message)
}
