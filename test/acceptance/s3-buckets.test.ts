import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as lambda from '@aws-sdk/client-lambda'
import { isolated } from '../debian-packages.ts'
import { allowing, makeRole, nodeFunction } from './roles.fixture.ts'
import { access, owner, server, settings } from './s3.fixture.ts'
import { sekisho } from './server.fixture.ts'

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
    for (let tries = 0; tries < 600; tries++) {
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

test(
  'a function is told of what happens in a bucket, if its policy lets the bucket in',
  isolated,
  async () => {
    const Bucket = 'telling'
    await owner.createBucket({ Bucket })
    await makeRole(access, 'told', ['lambda.amazonaws.com'], allowing('s3:*'))
    const functions = new lambda.Lambda(settings)
    const code = `const { S3 } = require('@aws-sdk/client-s3')
exports.handler = async ({ Records: [{ eventName, s3 }] }) => {
  const Key = decodeURIComponent(s3.object.key.replace(/\\+/g, ' '))
  const client = new S3({ forcePathStyle: true })
  await client.putObject({ Bucket: s3.bucket.name, Key: 'told/' + Key, Body: eventName + ' ' + s3.object.size })
}`
    const { FunctionArn } = await functions.createFunction({
      ...nodeFunction('told', code, 'told'),
      Timeout: 20,
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
    for (let tries = 0; told === undefined && tries < 600; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 100))
      const answer = await owner.getObject({ Bucket, Key: 'told/in/a b' }).catch(() => undefined)
      told = await answer?.Body?.transformToString()
    }
    assert.equal(told, 'ObjectCreated:Put 4')
  },
)
