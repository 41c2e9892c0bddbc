import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as s3 from '@aws-sdk/client-s3'
import { access, denied, document, owner, server, settings, userWith } from './s3.fixture.ts'
import { sekisho } from './server.fixture.ts'

test('nobody comes in without a policy that lets everybody in, and not even then while it is blocked', async () => {
  const Bucket = 'public'
  await owner.createBucket({ Bucket })
  await owner.putObject({ Bucket, Key: 'a b', Body: 'hello' })
  const get = () => fetch(`${server.endpoint}/public/a%20b`)
  assert.equal((await get()).status, 403)
  const Policy = document({
    Effect: 'Allow',
    Principal: '*',
    Action: 's3:GetObject',
    Resource: 'arn:aws:s3:::public/*',
  })
  await assert.rejects(owner.putBucketPolicy({ Bucket, Policy }), denied)
  await owner.deletePublicAccessBlock({ Bucket })
  await owner.putBucketPolicy({ Bucket, Policy })
  assert.equal(await (await get()).text(), 'hello')
  assert.equal((await owner.getBucketPolicyStatus({ Bucket })).PolicyStatus?.IsPublic, true)
  assert.equal((await fetch(`${server.endpoint}/public`)).status, 403)
  assert.equal(
    (await fetch(`${server.endpoint}/public/x`, { method: 'PUT', body: 'x' })).status,
    403,
  )
  // Whether a key is missing is for those who may list.
  assert.equal((await fetch(`${server.endpoint}/public/no`)).status, 403)
  await owner.putPublicAccessBlock({
    Bucket,
    PublicAccessBlockConfiguration: { RestrictPublicBuckets: true },
  })
  assert.equal((await get()).status, 403)
})

test('a user may what its policies say, to the prefix and the tag', async () => {
  const Bucket = 'ours'
  await owner.createBucket({ Bucket })
  await owner.putObject({ Bucket, Key: 'home/a', Body: 'a', Tagging: 'open=yes' })
  await owner.putObject({ Bucket, Key: 'home/b', Body: 'b' })
  const user = await userWith(
    'prefix',
    {
      Effect: 'Allow',
      Action: 's3:ListBucket',
      Resource: 'arn:aws:s3:::ours',
      Condition: { StringLike: { 's3:prefix': 'home/*' } },
    },
    {
      Effect: 'Allow',
      Action: 's3:GetObject',
      Resource: 'arn:aws:s3:::ours/*',
      Condition: { StringEquals: { 's3:ExistingObjectTag/open': 'yes' } },
    },
    {
      Effect: 'Allow',
      Action: ['s3:PutObject'],
      Resource: 'arn:aws:s3:::ours/*',
      Condition: { StringEquals: { 's3:x-amz-server-side-encryption': 'AES256' } },
    },
    { Effect: 'Allow', Action: 's3:DeleteObject', Resource: 'arn:aws:s3:::ours/home/b' },
  )
  assert.equal((await user.listObjectsV2({ Bucket, Prefix: 'home/' })).KeyCount, 2)
  await assert.rejects(user.listObjectsV2({ Bucket }), {
    name: 'AccessDenied',
    message:
      'User: arn:aws:iam::000000000000:user/prefix is not authorized to perform: s3:ListBucket on resource: "arn:aws:s3:::ours" because no identity-based policy allows the s3:ListBucket action',
  })
  assert.equal(
    await (await user.getObject({ Bucket, Key: 'home/a' })).Body!.transformToString(),
    'a',
  )
  await assert.rejects(user.getObject({ Bucket, Key: 'home/b' }), denied)
  await assert.rejects(user.putObject({ Bucket, Key: 'c', Body: 'c' }), denied)
  await user.putObject({ Bucket, Key: 'c', Body: 'c', ServerSideEncryption: 'AES256' })
  const tagged = { Bucket, Key: 'c', ServerSideEncryption: 'AES256', Tagging: 'a=b' } as const
  await assert.rejects(user.putObject(tagged), denied)
  const { Deleted, Errors } = await user.deleteObjects({
    Bucket,
    Delete: { Objects: [{ Key: 'home/a' }, { Key: 'home/b' }] },
  })
  assert.deepEqual(
    Deleted?.map(({ Key }) => Key),
    ['home/b'],
  )
  assert.deepEqual(
    Errors?.map(({ Key, Code }) => [Key, Code]),
    [['home/a', 'AccessDenied']],
  )
  await owner.headObject({ Bucket, Key: 'home/a' })
})

test('a bucket policy denies its own account, but never its root the way to mend it', async () => {
  const Bucket = 'locked'
  await owner.createBucket({ Bucket })
  await owner.putBucketPolicy({
    Bucket,
    Policy: document({
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:*',
      Resource: ['arn:aws:s3:::locked', 'arn:aws:s3:::locked/*'],
      Condition: { Bool: { 'aws:SecureTransport': 'false' } },
    }),
  })
  await assert.rejects(owner.putObject({ Bucket, Key: 'a', Body: 'a' }), /explicit deny/)
  await owner.deleteBucketPolicy({ Bucket })
  await owner.putObject({ Bucket, Key: 'a', Body: 'a' })
  await assert.rejects(
    owner.putBucketPolicy({
      Bucket,
      Policy: document({
        Effect: 'Allow',
        Principal: { AWS: 'arn:aws:iam::000000000000:root' },
        Action: 's3:GetObject',
        Resource: 'arn:aws:s3:::another/*',
      }),
    }),
    { name: 'MalformedPolicy', message: 'Policy has invalid resource' },
  )
})

test('a bucket policy means the user that it named, not whoever takes the name later', async () => {
  const Bucket = 'meant'
  await owner.createBucket({ Bucket })
  await owner.putObject({ Bucket, Key: 'k', Body: 'hello' })
  const letIn = (Action: string, Resource: string) =>
    owner.putBucketPolicy({
      Bucket,
      Policy: document({
        Effect: 'Allow',
        Principal: { AWS: 'arn:aws:iam::000000000000:user/reader' },
        Action,
        Resource,
      }),
    })
  const malformed = (message: string) => ({ name: 'MalformedPolicy', message })
  const objects = 'arn:aws:s3:::meant/*'
  await assert.rejects(letIn('s3:GetObject', objects), malformed('Invalid principal in policy'))
  const reader = await userWith('reader')
  await assert.rejects(letIn('s3:GetObjekt', objects), malformed('Policy has invalid action'))
  for (const [action, resource] of [
    ['s3:ListAllMyBuckets', 'arn:aws:s3:::meant'],
    ['s3:GetObject', 'arn:aws:s3:::meant'],
    ['s3:ListBucket', objects],
  ] as const)
    await assert.rejects(
      letIn(action, resource),
      malformed('Action does not apply to any resource(s) in statement'),
    )
  await letIn('s3:GetObject', objects)
  assert.equal(
    await (await reader.getObject({ Bucket, Key: 'k' })).Body!.transformToString(),
    'hello',
  )
  const shown = async () => (await owner.getBucketPolicy({ Bucket })).Policy!
  assert.match(await shown(), /user\/reader/)
  const { AccessKeyMetadata } = await access.listAccessKeys({ UserName: 'reader' })
  await access.deleteAccessKey({
    UserName: 'reader',
    AccessKeyId: AccessKeyMetadata![0]!.AccessKeyId!,
  })
  await access.deleteUser({ UserName: 'reader' })
  const other = await userWith('reader')
  await assert.rejects(other.getObject({ Bucket, Key: 'k' }), denied)
  assert.match(await shown(), /"AIDA/)
})

test('another account needs the word of both', async () => {
  const Bucket = 'shared'
  await owner.createBucket({ Bucket })
  await owner.putObject({ Bucket, Key: 'a', Body: 'a' })
  sekisho(['account', 'create', 'guest', '--data', server.data])
  const guestKeys = JSON.parse(
    sekisho(['env', '--account', 'guest', '--data', server.data, '--json']).stdout,
  )
  const guest = new s3.S3({
    ...settings,
    credentials: {
      accessKeyId: guestKeys.AWS_ACCESS_KEY_ID,
      secretAccessKey: guestKeys.AWS_SECRET_ACCESS_KEY,
    },
  })
  const get = { Bucket, Key: 'a' }
  await assert.rejects(guest.getObject(get), { name: 'AccessDenied', message: 'Access Denied' })
  await assert.rejects(guest.createBucket({ Bucket }), { name: 'BucketAlreadyExists' })
  const accounts = JSON.parse(sekisho(['account', 'list', '--data', server.data, '--json']).stdout)
  const { accountId } = accounts.find(({ name }: { name: string }) => name === 'guest')
  await owner.putBucketPolicy({
    Bucket,
    Policy: document({
      Effect: 'Allow',
      Principal: { AWS: accountId },
      Action: 's3:GetObject',
      Resource: 'arn:aws:s3:::shared/*',
    }),
  })
  assert.equal(await (await guest.getObject(get)).Body!.transformToString(), 'a')
  await assert.rejects(guest.deleteObject(get), denied)
})
