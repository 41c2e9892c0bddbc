import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { CloudFront } from '@aws-sdk/client-cloudfront'
import { CloudWatchLogs } from '@aws-sdk/client-cloudwatch-logs'
import { S3 } from '@aws-sdk/client-s3'
import { ask, distribute, hostOf } from './edge.fixture.ts'
import { eventually, serve, settingsOf, temporaryFolder } from './server.fixture.ts'

test('a bucket is open to the distribution that its policy names, and to no other', async () => {
  using folder = temporaryFolder()
  await using server = await serve(folder.path, '--edge-log-interval', '1')
  const options = settingsOf(server)
  const s3 = new S3({ ...options, forcePathStyle: true })
  const cloudfront = new CloudFront(options)
  await s3.createBucket({ Bucket: 'pictures' })
  await s3.putObject({
    Bucket: 'pictures',
    Key: 'a/one.txt',
    Body: 'one'.repeat(10),
    ContentType: 'text/plain',
  })
  const { OriginAccessControl } = await cloudfront.createOriginAccessControl({
    OriginAccessControlConfig: {
      Name: 'pictures',
      SigningProtocol: 'sigv4',
      SigningBehavior: 'always',
      OriginAccessControlOriginType: 's3',
    },
  })
  const origin = {
    DomainName: 'pictures.s3.us-east-1.amazonaws.com',
    S3OriginConfig: { OriginAccessIdentity: '' },
  }
  const id = await distribute(cloudfront, {
    ...origin,
    OriginAccessControlId: OriginAccessControl?.Id,
  })
  const unsigned = await distribute(cloudfront, origin)
  for (const name of [id, unsigned]) {
    const { status, text } = await ask(server, hostOf(name), '/a/one.txt')
    assert.equal(status, 403)
    assert.match(text, /<Code>AccessDenied<\/Code>/)
  }
  const other = await distribute(cloudfront, {
    ...origin,
    OriginAccessControlId: OriginAccessControl?.Id,
  })
  await s3.putBucketPolicy({
    Bucket: 'pictures',
    Policy: JSON.stringify({
      Version: '2012-10-17',
      Statement: {
        Effect: 'Allow',
        Principal: { Service: 'cloudfront.amazonaws.com' },
        Action: 's3:GetObject',
        Resource: 'arn:aws:s3:::pictures/*',
        Condition: {
          StringEquals: { 'AWS:SourceArn': `arn:aws:cloudfront::000000000000:distribution/${id}` },
        },
      },
    }),
  })
  const served = await ask(server, hostOf(id), '/a/one.txt')
  assert.deepEqual([served.status, served.text], [200, 'one'.repeat(10)])
  assert.equal(served.headers['content-type'], 'text/plain')
  assert.equal(served.headers['x-cache'], 'Miss from cloudfront')
  const part = await ask(server, hostOf(id), '/a/one.txt', { Range: 'bytes=0-2' })
  assert.deepEqual(
    [part.status, part.text, part.headers['x-cache']],
    [206, 'one', 'Hit from cloudfront'],
  )
  for (const name of [other, unsigned])
    assert.equal((await ask(server, hostOf(name), '/a/one.txt')).status, 403)

  // Its log goes to another bucket, whose policy lets it in from now on.
  await s3.createBucket({ Bucket: 'logs' })
  const { DistributionConfig, ETag: IfMatch } = await cloudfront.getDistributionConfig({ Id: id })
  const Logging = {
    Enabled: true,
    IncludeCookies: false,
    Bucket: 'logs.s3.amazonaws.com',
    Prefix: 'cdn',
  }
  const logged = { Id: id, DistributionConfig: { ...DistributionConfig!, Logging } }
  const absent = { ...Logging, Bucket: 'absent.s3.amazonaws.com' }
  await assert.rejects(
    cloudfront.updateDistribution({
      ...logged,
      DistributionConfig: { ...logged.DistributionConfig, Logging: absent },
      IfMatch,
    }),
    { name: 'InvalidArgument' },
  )
  await cloudfront.updateDistribution({ ...logged, IfMatch })
  await ask(server, hostOf(id), '/a/one.txt', { 'User-Agent': 'a viewer' })
  await ask(server, hostOf(id), '/a/none.txt')
  const Key = await eventually(async () => {
    const { Contents } = await s3.listObjectsV2({ Bucket: 'logs' })
    return Contents?.[0]?.Key
  })
  assert.match(Key, new RegExp(`^cdn/${id}\\.\\d{4}-\\d\\d-\\d\\d-\\d\\d\\.[a-z0-9]{8}\\.gz$`))
  const { Body } = await s3.getObject({ Bucket: 'logs', Key })
  const lines = gunzipSync((await Body?.transformToByteArray()) ?? '')
    .toString()
    .split('\n')
  assert.match(lines[1] ?? '', /^#Fields: date time x-edge-location sc-bytes c-ip /)
  assert.match(lines[2] ?? '', /\tGET\t\S+\t\/a\/one\.txt\t200\t-\ta%20viewer\t-\t-\tHit\t/)
  assert.match(
    lines[2] ?? '',
    /\tHTTP\/1\.1\t-\t-\t\d{4,5}\t\d\.\d{3}\tHit\ttext\/plain\t30\t-\t-$/,
  )
  assert.match(lines[3] ?? '', /\t\/a\/none\.txt\t403\t/)

  // And to a log group, as JSON, with the fields that are asked for.
  const logs = new CloudWatchLogs(settingsOf(server))
  await logs.createLogGroup({ logGroupName: 'cdn' })
  const named = { name: 'cdn', resourceArn: `arn:aws:cloudfront::000000000000:distribution/${id}` }
  await logs.putDeliverySource({ ...named, logType: 'ACCESS_LOGS' })
  const to = (destinationResourceArn: string) =>
    logs.putDeliveryDestination({
      name: 'group',
      deliveryDestinationConfiguration: { destinationResourceArn },
    })
  await assert.rejects(to('arn:aws:firehose:us-east-1:000000000000:deliverystream/d'), {
    name: 'ValidationException',
    message: 'Delivery of logs to Amazon Data Firehose is not supported by Sekisho yet.',
  })
  const { deliveryDestination } = await to('arn:aws:logs:us-east-1:000000000000:log-group:cdn:*')
  const { delivery } = await logs.createDelivery({
    deliverySourceName: 'cdn',
    deliveryDestinationArn: deliveryDestination?.arn,
    recordFields: ['sc-status', 'cs-uri-stem', 'timestamp(ms)'],
  })
  const { resourcePolicies } = await logs.describeResourcePolicies()
  assert.match(resourcePolicies?.[0]?.policyDocument ?? '', /"delivery\.logs\.amazonaws\.com"/)
  await ask(server, hostOf(id), '/a/one.txt')
  const event = await eventually(async () => {
    const { events } = await logs.filterLogEvents({ logGroupName: 'cdn' })
    return events?.[0]
  })
  assert.equal(event.logStreamName, `CloudFront_${id}`)
  assert.deepEqual(JSON.parse(event.message ?? ''), {
    'sc-status': '200',
    'cs-uri-stem': '/a/one.txt',
    'timestamp(ms)': String(event.timestamp),
  })
  await assert.rejects(logs.deleteDeliverySource({ name: 'cdn' }), { name: 'ConflictException' })
  await logs.deleteDelivery({ id: delivery?.id })
  await logs.deleteDeliverySource({ name: 'cdn' })
})
