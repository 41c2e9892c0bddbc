import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import * as iam from '@aws-sdk/client-iam'
import * as lambda from '@aws-sdk/client-lambda'
import * as s3 from '@aws-sdk/client-s3'
import { zip } from '../../packages/server/src/functions/zip.fixture.ts'
import { needs } from '../debian-packages.ts'
import { type Serving, sekisho, serve, temporaryFolder } from './server.fixture.ts'

const folder = temporaryFolder()
let server: Serving
let owner: s3.S3
let access: iam.IAM
let settings: {
  endpoint: string
  region: string
  credentials: { accessKeyId: string; secretAccessKey: string }
}

before(async () => {
  server = await serve(join(folder.path, 'data'), '--test-clock')
  const given = JSON.parse(sekisho(['env', '--data', server.data, '--json']).stdout)
  settings = {
    endpoint: server.endpoint,
    region: 'us-east-1',
    credentials: {
      accessKeyId: given.AWS_ACCESS_KEY_ID,
      secretAccessKey: given.AWS_SECRET_ACCESS_KEY,
    },
  }
  owner = new s3.S3(settings)
  access = new iam.IAM(settings)
})

after(async () => {
  owner.destroy()
  await server[Symbol.asyncDispose]()
  folder[Symbol.dispose]()
})

const document = (...Statement: readonly object[]) =>
  JSON.stringify({ Version: '2012-10-17', Statement })

/** A client of a user who may do only that. */
async function userWith(UserName: string, ...statements: readonly object[]): Promise<s3.S3> {
  await access.createUser({ UserName })
  if (statements.length > 0)
    await access.putUserPolicy({
      UserName,
      PolicyName: 'own',
      PolicyDocument: document(...statements),
    })
  const { AccessKey } = await access.createAccessKey({ UserName })
  const credentials = {
    accessKeyId: AccessKey!.AccessKeyId!,
    secretAccessKey: AccessKey!.SecretAccessKey!,
  }
  return new s3.S3({ ...settings, credentials })
}

const denied = { name: 'AccessDenied' }

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
  for (const [action, resource] of [
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

test('pages of other origins are told what the bucket says of them', async () => {
  const Bucket = 'pages'
  await owner.createBucket({ Bucket })
  const url = `${server.endpoint}/pages/key`
  const preflight = (Origin: string) =>
    fetch(url, {
      method: 'OPTIONS',
      headers: {
        Origin,
        'Access-Control-Request-Method': 'PUT',
        'Access-Control-Request-Headers': 'content-type',
      },
    })
  assert.equal((await preflight('https://a.example')).status, 403)
  await owner.putBucketCors({
    Bucket,
    CORSConfiguration: {
      CORSRules: [
        {
          AllowedMethods: ['PUT', 'GET'],
          AllowedOrigins: ['https://*.example'],
          AllowedHeaders: ['*'],
          ExposeHeaders: ['ETag'],
          MaxAgeSeconds: 60,
        },
      ],
    },
  })
  const answer = await preflight('https://a.example')
  assert.equal(answer.status, 200)
  assert.equal(answer.headers.get('access-control-allow-origin'), 'https://a.example')
  assert.equal(answer.headers.get('access-control-allow-headers'), 'content-type')
  assert.equal((await preflight('https://a.elsewhere')).status, 403)
  const got = await fetch(url, { headers: { Origin: 'https://b.example' } })
  assert.equal(got.headers.get('access-control-expose-headers'), 'ETag')
})

test('what is not built is refused by name', async () => {
  const Bucket = 'refusals'
  await owner.createBucket({ Bucket })
  const put = { Bucket, Key: 'a', Body: 'a' } as const
  const unsupported = { name: 'NotImplemented' }
  await assert.rejects(owner.putObject({ ...put, ACL: 'public-read' }), {
    name: 'AccessControlListNotSupported',
  })
  await assert.rejects(owner.putObject({ ...put, ServerSideEncryption: 'aws:kms' }), unsupported)
  await assert.rejects(owner.putObject({ ...put, StorageClass: 'GLACIER' }), unsupported)
  await assert.rejects(owner.putObject({ ...put, ObjectLockLegalHoldStatus: 'ON' }), unsupported)
  await assert.rejects(owner.putBucketWebsite({ Bucket, WebsiteConfiguration: {} }), unsupported)
  await assert.rejects(owner.getBucketReplication({ Bucket }), {
    name: 'ReplicationConfigurationNotFoundError',
  })
  assert.equal((await fetch(`${server.endpoint}/refusals/%ff`)).status, 400)
})

test('objects, old versions and unfinished uploads end when their rule says so', async () => {
  const Bucket = 'ending'
  await owner.createBucket({ Bucket })
  await owner.putBucketVersioning({ Bucket, VersioningConfiguration: { Status: 'Enabled' } })
  await owner.putBucketLifecycleConfiguration({
    Bucket,
    LifecycleConfiguration: {
      Rules: [
        { ID: 'logs', Status: 'Enabled', Filter: { Prefix: 'log/' }, Expiration: { Days: 1 } },
        {
          ID: 'old',
          Status: 'Enabled',
          Filter: { Prefix: '' },
          NoncurrentVersionExpiration: { NoncurrentDays: 5 },
          AbortIncompleteMultipartUpload: { DaysAfterInitiation: 2 },
        },
      ],
    },
  })
  await owner.putObject({ Bucket, Key: 'kept', Body: '1' })
  await owner.putObject({ Bucket, Key: 'kept', Body: '2' })
  const { Expiration } = await owner.putObject({ Bucket, Key: 'log/1', Body: 'x' })
  assert.match(Expiration ?? '', /rule-id="logs"/)
  await owner.createMultipartUpload({ Bucket, Key: 'never' })
  const advance = (duration: string) =>
    sekisho(['clock', 'advance', duration, '--data', server.data])
  const eventually = async (check: () => Promise<boolean>) => {
    for (let tries = 0; tries < 100; tries++) {
      if (await check()) return
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    assert.fail('it did not happen')
  }
  const keys = async () =>
    (await owner.listObjectsV2({ Bucket })).Contents?.map(({ Key }) => Key).join()
  assert.equal(advance('50h').status, 0)
  await eventually(async () => (await keys()) === 'kept')
  assert.equal((await owner.listObjectVersions({ Bucket })).Versions?.length, 3)
  assert.equal(advance('10d').status, 0)
  await eventually(async () => (await owner.listObjectVersions({ Bucket })).Versions?.length === 1)
  await eventually(async () => (await owner.listMultipartUploads({ Bucket })).Uploads === undefined)
  assert.equal(
    await (await owner.getObject({ Bucket, Key: 'kept' })).Body!.transformToString(),
    '2',
  )
})

const isolated = process.platform === 'linux' ? needs('bubblewrap') : { skip: 'needs Linux' }

test(
  'a function is told of what happens in a bucket, if its policy lets the bucket in',
  isolated,
  async () => {
    const Bucket = 'telling'
    await owner.createBucket({ Bucket })
    await access.createRole({
      RoleName: 'told',
      AssumeRolePolicyDocument: document({
        Effect: 'Allow',
        Principal: { Service: 'lambda.amazonaws.com' },
        Action: 'sts:AssumeRole',
      }),
    })
    await access.putRolePolicy({
      RoleName: 'told',
      PolicyName: 'own',
      PolicyDocument: document({ Effect: 'Allow', Action: 's3:*', Resource: '*' }),
    })
    const functions = new lambda.Lambda(settings)
    const { FunctionArn } = await functions.createFunction({
      FunctionName: 'told',
      Runtime: 'nodejs22.x',
      Role: 'arn:aws:iam::000000000000:role/told',
      Handler: 'index.handler',
      Timeout: 20,
      Code: {
        ZipFile: zip([
          {
            name: 'index.js',
            content: `const { S3 } = require('@aws-sdk/client-s3')
exports.handler = async ({ Records: [{ eventName, s3 }] }) => {
  const Key = decodeURIComponent(s3.object.key.replace(/\\+/g, ' '))
  const client = new S3({ forcePathStyle: true })
  await client.putObject({ Bucket: s3.bucket.name, Key: 'told/' + Key, Body: eventName + ' ' + s3.object.size })
}`,
          },
        ]),
      },
    })
    const configuration = {
      Bucket,
      NotificationConfiguration: {
        LambdaFunctionConfigurations: [
          {
            LambdaFunctionArn: FunctionArn,
            Events: ['s3:ObjectCreated:*' as const],
            Filter: { Key: { FilterRules: [{ Name: 'prefix' as const, Value: 'in/' }] } },
          },
        ],
      },
    }
    await assert.rejects(owner.putBucketNotificationConfiguration(configuration), {
      name: 'InvalidArgument',
      message: 'Unable to validate the following destination configurations',
    })
    await functions.addPermission({
      FunctionName: 'told',
      StatementId: 'bucket',
      Action: 'lambda:InvokeFunction',
      Principal: 's3.amazonaws.com',
      SourceArn: 'arn:aws:s3:::telling',
    })
    await owner.putBucketNotificationConfiguration(configuration)
    await owner.putObject({ Bucket, Key: 'in/a b', Body: 'four' })
    let told: string | undefined
    for (let tries = 0; told === undefined && tries < 100; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 100))
      const answer = await owner.getObject({ Bucket, Key: 'told/in/a b' }).catch(() => undefined)
      told = await answer?.Body?.transformToString()
    }
    assert.equal(told, 'ObjectCreated:Put 4')
  },
)
