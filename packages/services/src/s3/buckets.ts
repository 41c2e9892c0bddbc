/** Buckets: made, found, listed and removed. */
import type * as Sdk from '@aws-sdk/client-s3'
import type { Reader } from '@sekisho/store'
import type { Call, Need, Operations } from '../service.ts'
import { abortAll } from './abort.ts'
import { discardSoon } from './content.ts'
import { invalidArgument, notSupported, refuseGiven, s3Error } from './errors.ts'
import { bucketNeed, commonKeys } from './gate.ts'
import { canonicalId, checkBucketName } from './names.ts'
import { type BucketRecord, bucketArn, findBucket, s3Collections } from './records.ts'
import { fromTagSet } from './tags.ts'

/** @see Amazon S3 User Guide, "Bucket quotas, limitations, and restrictions" */
const mostBuckets = 10_000

/** What a bucket has from its first day. @see Amazon S3 User Guide, "Default settings for new S3 buckets" */
const everythingBlocked = {
  blockAcls: true,
  ignoreAcls: true,
  blockPolicy: true,
  restrict: true,
} as const

const acls = [
  'GrantFullControl',
  'GrantRead',
  'GrantReadACP',
  'GrantWrite',
  'GrantWriteACP',
] as const

interface OwnedBucket {
  readonly region: string
  readonly createdAt: number
}

export const buckets = {
  CreateBucket: {
    needs(input, call) {
      const resource = bucketArn({ name: input.Bucket })
      const keys = commonKeys(input, call)
      const location = input.CreateBucketConfiguration?.LocationConstraint
      const needs: [Need, ...Need[]] = [
        {
          action: 's3:CreateBucket',
          resource,
          keys: { ...keys, ...(location && { 's3:locationconstraint': location }) },
        },
      ]
      if (input.ObjectOwnership !== undefined)
        needs.push({ action: 's3:PutBucketOwnershipControls', resource, keys })
      if (input.ACL !== undefined || acls.some((member) => input[member] !== undefined))
        needs.push({ action: 's3:PutBucketAcl', resource, keys })
      if (input.CreateBucketConfiguration?.Tags)
        needs.push({ action: 's3:TagResource', resource, keys })
      return needs
    },
    async handle(input, call) {
      const { Bucket: name, CreateBucketConfiguration: given } = input
      checkBucketName(name)
      refuseGiven(input, ['ObjectLockEnabledForBucket'])
      refuseGiven({ ...given }, ['Bucket', 'Location'])
      if (input.BucketNamespace !== undefined && input.BucketNamespace !== 'global')
        throw notSupported('A bucket namespace of an account')
      checkOwnership(input.ObjectOwnership)
      if ((input.ACL !== undefined && input.ACL !== 'private') || acls.some((acl) => input[acl]))
        throw s3Error(
          'InvalidBucketState',
          "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
        )
      const region = regionOf(given?.LocationConstraint, call)
      const tags = given?.Tags && fromTagSet(given.Tags, 50)
      const { accountId, now } = call
      const record: BucketRecord = {
        name,
        id: call.ids.text('abcdefghijklmnopqrstuvwxyz0123456789', 20),
        accountId,
        region,
        createdAt: now.getTime(),
        publicAccess: everythingBlocked,
        ...(tags && Object.keys(tags).length > 0 && { tags }),
      }
      await call.documents.transact(async (transaction) => {
        const found = await transaction.get<BucketRecord>(s3Collections.buckets, name)
        if (found?.value.accountId === accountId) {
          // *Observed*: where S3 began, making a bucket again is no error.
          if (region === 'us-east-1' && found.value.region === 'us-east-1') return
          throw s3Error('BucketAlreadyOwnedByYou', undefined, { BucketName: name })
        }
        if (found) throw s3Error('BucketAlreadyExists', undefined, { BucketName: name })
        const own = await transaction.list(s3Collections.owned, {
          prefix: `${accountId}/`,
          limit: mostBuckets,
        })
        if (own.length >= mostBuckets) throw s3Error('TooManyBuckets')
        const owned: OwnedBucket = { region, createdAt: record.createdAt }
        transaction.put(s3Collections.owned, `${accountId}/${name}`, owned)
        transaction.put(s3Collections.buckets, name, record)
      })
      return {
        Location: region === 'us-east-1' ? `/${name}` : `http://${name}.s3.amazonaws.com/`,
        BucketArn: bucketArn({ name }),
      }
    },
  },

  DeleteBucket: {
    async needs(input, call) {
      const bucket = await findBucket(call.documents, input.Bucket, input.ExpectedBucketOwner)
      return [bucketNeed('DeleteBucket', bucket, input, call)]
    },
    async handle({ Bucket, ExpectedBucketOwner }, call) {
      const loose = await call.documents.transact(async (transaction) => {
        const bucket = await findBucket(transaction, Bucket, ExpectedBucketOwner)
        if (!(await isEmpty(transaction, bucket)))
          throw s3Error('BucketNotEmpty', undefined, { BucketName: Bucket })
        transaction.delete(s3Collections.buckets, Bucket)
        transaction.delete(s3Collections.owned, `${bucket.accountId}/${Bucket}`)
        return abortAll(transaction, bucket, call.now.getTime())
      })
      await discardSoon(loose, call)
      return {}
    },
  },

  HeadBucket: {
    async needs(input, call) {
      const bucket = await findBucket(call.documents, input.Bucket, input.ExpectedBucketOwner)
      return [bucketNeed('ListBucket', bucket, input, call)]
    },
    async handle({ Bucket }, { documents }) {
      const bucket = await findBucket(documents, Bucket)
      return {
        BucketRegion: bucket.region,
        BucketArn: bucketArn(bucket),
        AccessPointAlias: false,
      }
    },
  },

  GetBucketLocation: {
    async needs(input, call) {
      const bucket = await findBucket(call.documents, input.Bucket, input.ExpectedBucketOwner)
      return [bucketNeed('GetBucketLocation', bucket, input, call)]
    },
    async handle({ Bucket }, { documents }) {
      const { region } = await findBucket(documents, Bucket)
      return {
        // The oldest region has no name here.
        LocationConstraint:
          region === 'us-east-1' ? undefined : (region as Sdk.BucketLocationConstraint),
      }
    },
  },

  ListBuckets: {
    needs: (input, call) => [
      { action: 's3:ListAllMyBuckets', resource: '*', keys: commonKeys(input, call) },
    ],
    async handle({ Prefix = '', ContinuationToken, MaxBuckets, BucketRegion }, call) {
      const { accountId, documents } = call
      if (MaxBuckets !== undefined && !(MaxBuckets >= 1 && MaxBuckets <= mostBuckets))
        throw invalidArgument(
          'Argument max-buckets must be an integer between 1 and 10000',
          'max-buckets',
          MaxBuckets,
        )
      const own = `${accountId}/`
      const found = await documents.list<OwnedBucket>(s3Collections.owned, {
        prefix: own + Prefix,
        ...(ContinuationToken !== undefined && { after: own + readToken(ContinuationToken) }),
      })
      const all = found.filter(
        ({ value }) => BucketRegion === undefined || value.region === BucketRegion,
      )
      const page = all.slice(0, MaxBuckets ?? mostBuckets)
      const last = page.at(-1)
      return {
        Owner: { ID: canonicalId(accountId) },
        Buckets: page.map(({ key, value }) => {
          const name = key.slice(own.length)
          return {
            Name: name,
            CreationDate: new Date(value.createdAt),
            BucketRegion: value.region,
            BucketArn: bucketArn({ name }),
          }
        }),
        ...(Prefix !== '' && { Prefix }),
        ...(last &&
          page.length < all.length && {
            ContinuationToken: Buffer.from(last.key.slice(own.length)).toString('base64url'),
          }),
      }
    },
  },
} satisfies Operations<typeof Sdk>

/** Only the setting without ACLs is built. */
export function checkOwnership(ownership: string | undefined): void {
  if (ownership === undefined || ownership === 'BucketOwnerEnforced') return
  if (ownership === 'BucketOwnerPreferred' || ownership === 'ObjectWriter')
    throw notSupported(`Object Ownership \`${ownership}\` (access control lists)`)
  throw s3Error('MalformedXML')
}

/** @throws AwsError IllegalLocationConstraintException, InvalidLocationConstraint */
function regionOf(location: string | undefined, { region }: Call): string {
  if (location === undefined || location === '') {
    // *Lenient*: asked in another region, AWS wants it said.
    return region
  }
  if (location === 'EU') return 'eu-west-1'
  if (!/^[a-z]{2}(?:-[a-z]+)+-\d{1,2}$/.test(location))
    throw s3Error('InvalidLocationConstraint', undefined, { LocationConstraint: location })
  return location
}

async function isEmpty(reader: Reader, { id }: BucketRecord): Promise<boolean> {
  const any = { prefix: `${id}/`, limit: 1 }
  const [objects, versions] = await Promise.all([
    reader.list(s3Collections.objects, any),
    reader.list(s3Collections.versions, any),
  ])
  return objects.length + versions.length === 0
}

function readToken(token: string): string {
  return Buffer.from(token, 'base64url').toString()
}
