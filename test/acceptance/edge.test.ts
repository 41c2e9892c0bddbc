import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import '@aws-sdk/signature-v4a'
import { Agent, createServer, get, type IncomingHttpHeaders, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { APIGateway } from '@aws-sdk/client-api-gateway'
import { CloudFront, type Origin } from '@aws-sdk/client-cloudfront'
import { CloudFrontKeyValueStore } from '@aws-sdk/client-cloudfront-keyvaluestore'
import { CloudWatchLogs } from '@aws-sdk/client-cloudwatch-logs'
import { S3 } from '@aws-sdk/client-s3'
import { eventually, type Serving, serve, temporaryFolder } from './server.fixture.ts'

const policies = {
  optimized: '658327ea-f89d-4fab-a63d-7e88639e58f6',
  disabled: '4135ea2d-6df8-44a3-9df3-4b5a84be39ad',
} as const

function optionsOf(server: Serving) {
  const text = readFileSync(join(server.data, 'credentials'), 'utf8')
  const value = (key: string) => new RegExp(`^${key} = (\\S+)`, 'm').exec(text)?.[1] ?? ''
  const credentials = {
    accessKeyId: value('aws_access_key_id'),
    secretAccessKey: value('aws_secret_access_key'),
  }
  return { endpoint: server.endpoint, region: 'us-east-1', credentials }
}

async function distribute(
  client: CloudFront,
  origin: Partial<Origin>,
  CachePolicyId: string = policies.optimized,
): Promise<string> {
  const { Distribution } = await client.createDistribution({
    DistributionConfig: {
      CallerReference: String(Math.random()),
      Comment: '',
      Enabled: true,
      Origins: { Quantity: 1, Items: [{ Id: 'origin', DomainName: 'localhost', ...origin }] },
      DefaultCacheBehavior: {
        TargetOriginId: 'origin',
        ViewerProtocolPolicy: 'allow-all',
        CachePolicyId,
      },
    },
  })
  return Distribution?.Id ?? ''
}

/** An API whose one method is answered by `listener` or by a mock that tells the source address. */
async function deploy(client: APIGateway): Promise<string> {
  const { id: restApiId = '', rootResourceId: resourceId = '' } = await client.createRestApi({
    name: 'behind',
  })
  const method = { restApiId, resourceId, httpMethod: 'GET' }
  await client.putMethod({ ...method, authorizationType: 'NONE' })
  await client.putMethodResponse({ ...method, statusCode: '200' })
  await client.putIntegration({
    ...method,
    type: 'MOCK',
    requestTemplates: { 'application/json': '{"statusCode": 200}' },
  })
  await client.putIntegrationResponse({
    ...method,
    statusCode: '200',
    responseTemplates: {
      'application/json':
        '$context.identity.sourceIp $input.params("X-Forwarded-For") $input.params("Referer") $context.requestId',
    },
  })
  await client.createDeployment({ restApiId, stageName: 'prod' })
  return restApiId
}

interface Got {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

function ask({ endpoint }: Serving, host: string, path = '/', headers = {}): Promise<Got> {
  const { hostname, port } = new URL(endpoint)
  return new Promise((resolve, reject) => {
    get({ hostname, port, path, headers: { Host: host, ...headers } }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk) => {
        text += chunk
      })
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
      )
      response.on('error', reject)
    }).on('error', reject)
  })
}

async function backend(listener: RequestListener) {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.dispose]: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

const customOrigin = (port: number, OriginReadTimeout = 30) => ({
  CustomOriginConfig: {
    HTTPPort: port,
    HTTPSPort: 443,
    OriginProtocolPolicy: 'http-only' as const,
    OriginReadTimeout,
  },
  ConnectionAttempts: 1,
})

test('a distribution in front of an API: miss, hit, invalidation, alias', async () => {
  using folder = temporaryFolder()
  await using server = await serve(folder.path)
  const cloudfront = new CloudFront(optionsOf(server))
  const apiId = await deploy(new APIGateway(optionsOf(server)))
  const id = await distribute(cloudfront, {
    DomainName: `${apiId}.execute-api.us-east-1.amazonaws.com`,
    OriginPath: '/prod',
    CustomHeaders: { Quantity: 1, Items: [{ HeaderName: 'Referer', HeaderValue: 'shared' }] },
    CustomOriginConfig: { HTTPPort: 80, HTTPSPort: 443, OriginProtocolPolicy: 'https-only' },
  })
  const host = `${id.toLowerCase()}.cloudfront.localhost`
  const first = await ask(server, host, '/', { 'X-Forwarded-For': '192.0.2.1', Referer: 'theirs' })
  assert.equal(first.headers['x-cache'], 'Miss from cloudfront')
  // The origin sees the edge; who is behind it, it is told.
  assert.match(
    first.text,
    /^198\.18\.0\.2 192\.0\.2\.1, 127\.0\.0\.1, 198\.18\.0\.2 shared [\w-]{36}$/,
  )
  assert.match(first.headers['x-amz-cf-id'] as string, /^[\w-]{54}==$/)
  const second = await ask(server, host)
  assert.equal(second.headers['x-cache'], 'Hit from cloudfront')
  assert.equal(second.text, first.text)
  assert.equal(second.headers['x-amzn-requestid'], first.headers['x-amzn-requestid'])
  assert.equal(second.headers['date'], first.headers['date'])
  assert.match(second.headers['age'] as string, /^\d$/)
  await cloudfront.createInvalidation({
    DistributionId: id,
    InvalidationBatch: { CallerReference: 'r', Paths: { Quantity: 1, Items: ['/*'] } },
  })
  assert.equal((await ask(server, host)).headers['x-cache'], 'Miss from cloudfront')
  const { DistributionConfig, ETag } = await cloudfront.getDistributionConfig({ Id: id })
  await cloudfront.updateDistribution({
    Id: id,
    IfMatch: ETag ?? '',
    DistributionConfig: {
      ...DistributionConfig!,
      Aliases: { Quantity: 1, Items: ['www.shop.example'] },
      ViewerCertificate: {
        ACMCertificateArn: 'arn:aws:acm:us-east-1:000000000000:certificate/a',
        SSLSupportMethod: 'sni-only',
      },
    },
  })
  assert.equal((await ask(server, 'www.shop.example')).headers['x-cache'], 'Hit from cloudfront')
  assert.equal((await ask(server, 'other.shop.example')).status, 421)
  assert.equal((await ask(server, 'e0000000000000.cloudfront.localhost')).status, 403)
})

test('an API is not reached through a distribution that forwards its own host', async () => {
  using folder = temporaryFolder()
  await using server = await serve(folder.path)
  const cloudfront = new CloudFront(optionsOf(server))
  const apiId = await deploy(new APIGateway(optionsOf(server)))
  const { Distribution } = await cloudfront.createDistribution({
    DistributionConfig: {
      CallerReference: 'all',
      Comment: '',
      Enabled: true,
      Origins: {
        Quantity: 1,
        Items: [
          {
            Id: 'api',
            DomainName: `${apiId}.execute-api.us-east-1.amazonaws.com`,
            OriginPath: '/prod',
            CustomOriginConfig: {
              HTTPPort: 80,
              HTTPSPort: 443,
              OriginProtocolPolicy: 'https-only',
            },
          },
        ],
      },
      DefaultCacheBehavior: {
        TargetOriginId: 'api',
        ViewerProtocolPolicy: 'allow-all',
        CachePolicyId: policies.disabled,
        OriginRequestPolicyId: '216adef6-5c7f-47e4-b989-5492eafa07d3',
      },
    },
  })
  const label = Distribution?.DomainName?.split('.')[0]
  const { status, text } = await ask(server, `${label}.cloudfront.localhost`)
  assert.deepEqual([status, text], [403, '{"message":"Forbidden"}'])
})

test('origins that lie, hang, reset and flood harm nobody', async () => {
  using folder = temporaryFolder()
  await using server = await serve(folder.path, '--edge-cache-memory', '1')
  using origin = await backend((request, response) => {
    switch (request.url) {
      case '/short':
        response.writeHead(200, { 'Content-Length': 100 })
        response.write('only this')
        setTimeout(() => response.destroy(), 20)
        break
      case '/reset':
        request.socket.destroy()
        break
      case '/hang':
        break
      case '/headers':
        response.writeHead(200, { 'X-Long': 'a'.repeat(40_000) })
        response.end()
        break
      case '/flood': {
        response.writeHead(200, { 'Content-Length': 4_000_000 })
        for (let count = 0; count < 40; count++) response.write(Buffer.alloc(100_000, 'x'))
        response.end()
        break
      }
      default:
        response.end('well')
    }
  })
  const cloudfront = new CloudFront(optionsOf(server))
  const id = await distribute(cloudfront, customOrigin(origin.port, 1))
  const host = `${id.toLowerCase()}.cloudfront.localhost`
  const statusOf = async (path: string) => (await ask(server, host, path)).status
  assert.deepEqual(
    await Promise.all(['/short', '/reset', '/hang', '/headers'].map(statusOf)),
    [502, 502, 504, 502],
  )
  const { text, headers } = await ask(server, host, '/flood')
  assert.deepEqual([text.length, headers['content-length']], [4_000_000, '4000000'])
  assert.equal(await statusOf('/well'), 200)
})

test('a bucket is open to the distribution that its policy names, and to no other', async () => {
  using folder = temporaryFolder()
  await using server = await serve(folder.path, '--edge-log-interval', '1')
  const options = optionsOf(server)
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
  const hostOf = (name: string) => `${name.toLowerCase()}.cloudfront.localhost`
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
  const logs = new CloudWatchLogs(optionsOf(server))
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

test('functions are developed, published, and run on the way in', async () => {
  using folder = temporaryFolder()
  await using server = await serve(folder.path)
  using origin = await backend((request, response) => response.end(`origin got ${request.url}`))
  const client = new CloudFront(optionsOf(server))
  const config = { Comment: '', Runtime: 'cloudfront-js-2.0' as const }
  const codeOf = (text: string) => ({ FunctionCode: Buffer.from(text), FunctionConfig: config })
  const made = await client.createFunction({
    Name: 'gate',
    ...codeOf(
      `function handler({ request }) {
        if (!request.headers['x-pass'])
          return { statusCode: 401, headers: { 'content-type': { value: 'text/plain' } }, body: 'no pass' }
        request.uri = '/inside' + request.uri
        return request
      }`,
    ),
  })
  const FunctionARN = made.FunctionSummary?.FunctionMetadata?.FunctionARN ?? ''
  const distributed = (CallerReference: string) =>
    client.createDistribution({
      DistributionConfig: {
        CallerReference,
        Comment: '',
        Enabled: true,
        Origins: {
          Quantity: 1,
          Items: [{ Id: 'origin', DomainName: 'localhost', ...customOrigin(origin.port) }],
        },
        DefaultCacheBehavior: {
          TargetOriginId: 'origin',
          ViewerProtocolPolicy: 'allow-all',
          CachePolicyId: policies.optimized,
          FunctionAssociations: {
            Quantity: 1,
            Items: [{ FunctionARN, EventType: 'viewer-request' }],
          },
        },
      },
    })
  const tried = await client.testFunction({
    Name: 'gate',
    IfMatch: made.ETag ?? '',
    EventObject: Buffer.from(
      JSON.stringify({ request: { uri: '/a', headers: { 'x-pass': { value: '1' } } } }),
    ),
  })
  assert.deepEqual(JSON.parse(tried.TestResult?.FunctionOutput ?? ''), {
    request: { uri: '/inside/a', headers: { 'x-pass': { value: '1' } } },
  })
  await assert.rejects(distributed('early'), { name: 'InvalidFunctionAssociation' })
  await client.publishFunction({ Name: 'gate', IfMatch: made.ETag ?? '' })
  const { Distribution } = await distributed('late')
  const host = `${Distribution?.Id?.toLowerCase()}.cloudfront.localhost`
  const refused = await ask(server, host, '/a')
  assert.deepEqual(
    [refused.status, refused.text, refused.headers['x-cache']],
    [401, 'no pass', 'FunctionGeneratedResponse from cloudfront'],
  )
  const served = await ask(server, host, '/a', { 'X-Pass': '1' })
  assert.deepEqual([served.status, served.text], [200, 'origin got /inside/a'])
  // What is developed further is not what runs.
  const next = await client.updateFunction({
    Name: 'gate',
    IfMatch: made.ETag ?? '',
    ...codeOf('function handler() { for (;;) {} }'),
  })
  assert.equal((await ask(server, host, '/a', { 'X-Pass': '1' })).status, 200)
  await client.publishFunction({ Name: 'gate', IfMatch: next.ETag ?? '' })
  const hung = await ask(server, host, '/a', { 'X-Pass': '1' })
  assert.deepEqual(
    [hung.status, hung.headers['x-cache']],
    [503, 'FunctionExecutionError from cloudfront'],
  )
  await assert.rejects(client.deleteFunction({ Name: 'gate', IfMatch: next.ETag ?? '' }), {
    name: 'FunctionInUse',
  })

  // It reads a store, whose client signs with SigV4a and puts the account before the host.
  const store = await client.createKeyValueStore({
    Name: 'targets',
    Tags: { Items: [{ Key: 'team', Value: 'edge' }] },
  })
  const KvsARN = store.KeyValueStore?.ARN ?? ''
  const { Tags } = await client.listTagsForResource({ Resource: KvsARN })
  assert.deepEqual(Tags?.Items, [{ Key: 'team', Value: 'edge' }])
  const httpAgent = new Agent({
    lookup: (_, __, found) => found(null, [{ address: '127.0.0.1', family: 4 }]),
  })
  const pairs = new CloudFrontKeyValueStore({
    ...optionsOf(server),
    endpoint: server.endpoint.replace('127.0.0.1', 'localhost'),
    requestHandler: { httpAgent },
  })
  const { ETag: IfMatch } = await pairs.describeKeyValueStore({ KvsARN })
  const put = await pairs.putKey({ KvsARN, IfMatch, Key: '/old', Value: '/new' })
  await assert.rejects(pairs.putKey({ KvsARN, IfMatch, Key: '/old', Value: '' }), {
    name: 'ConflictException',
  })
  const reader = await client.updateFunction({
    Name: 'gate',
    IfMatch: next.ETag ?? '',
    FunctionCode: Buffer.from(
      `import cf from 'cloudfront'
       const kvs = cf.kvs()
       async function handler({ request }) {
         if (await kvs.exists(request.uri)) request.uri = await kvs.get(request.uri)
         return request
       }`,
    ),
    FunctionConfig: {
      ...config,
      KeyValueStoreAssociations: { Quantity: 1, Items: [{ KeyValueStoreARN: KvsARN }] },
    },
  })
  await client.publishFunction({ Name: 'gate', IfMatch: reader.ETag ?? '' })
  assert.equal((await ask(server, host, '/old')).text, 'origin got /new')
  await pairs.updateKeys({ KvsARN, IfMatch: put.ETag, Puts: [{ Key: '/old', Value: '/newer' }] })
  assert.equal((await ask(server, host, '/old')).text, 'origin got /newer')
  await assert.rejects(client.deleteKeyValueStore({ Name: 'targets', IfMatch: store.ETag ?? '' }), {
    name: 'CannotDeleteEntityWhileInUse',
  })
})

test('what is cached outlives a restart where that is asked for', async () => {
  using folder = temporaryFolder()
  using origin = await backend((_, response) => response.end('kept'))
  let host = ''
  const cacheAfter = async (...options: readonly string[]) => {
    await using server = await serve(folder.path, ...options)
    if (host === '') {
      const id = await distribute(new CloudFront(optionsOf(server)), customOrigin(origin.port))
      host = `${id.toLowerCase()}.cloudfront.localhost`
    }
    const { headers, text } = await ask(server, host, '/')
    assert.equal(text, 'kept')
    await server.stop()
    return headers['x-cache']
  }
  assert.equal(await cacheAfter('--edge-cache-keep'), 'Miss from cloudfront')
  assert.equal(await cacheAfter('--edge-cache-keep'), 'Hit from cloudfront')
  assert.equal(await cacheAfter(), 'Miss from cloudfront')
})
