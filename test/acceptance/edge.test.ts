import assert from 'node:assert/strict'
import { test } from 'node:test'
import { APIGateway } from '@aws-sdk/client-api-gateway'
import { CloudFront } from '@aws-sdk/client-cloudfront'
import { cachePolicies, customOrigin, distributionConfig } from '../distribution.fixture.ts'
import { backend } from './backend.fixture.ts'
import { ask, distribute, hostOf } from './edge.fixture.ts'
import { serve, settingsOf, temporaryFolder } from './server.fixture.ts'

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

test('a distribution in front of an API: miss, hit, invalidation, alias', async () => {
  using folder = temporaryFolder()
  await using server = await serve(folder.path)
  const cloudfront = new CloudFront(settingsOf(server))
  const apiId = await deploy(new APIGateway(settingsOf(server)))
  const id = await distribute(cloudfront, {
    DomainName: `${apiId}.execute-api.us-east-1.amazonaws.com`,
    OriginPath: '/prod',
    CustomHeaders: { Quantity: 1, Items: [{ HeaderName: 'Referer', HeaderValue: 'shared' }] },
    CustomOriginConfig: { HTTPPort: 80, HTTPSPort: 443, OriginProtocolPolicy: 'https-only' },
  })
  const host = hostOf(id)
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
  const cloudfront = new CloudFront(settingsOf(server))
  const apiId = await deploy(new APIGateway(settingsOf(server)))
  const { Distribution } = await cloudfront.createDistribution({
    DistributionConfig: distributionConfig(
      {
        DomainName: `${apiId}.execute-api.us-east-1.amazonaws.com`,
        OriginPath: '/prod',
        CustomOriginConfig: { HTTPPort: 80, HTTPSPort: 443, OriginProtocolPolicy: 'https-only' },
      },
      {
        CachePolicyId: cachePolicies.disabled,
        OriginRequestPolicyId: '216adef6-5c7f-47e4-b989-5492eafa07d3',
      },
    ),
  })
  const label = Distribution?.DomainName?.split('.')[0]
  const { status, text } = await ask(server, `${label}.cloudfront.localhost`)
  assert.deepEqual([status, text], [403, '{"message":"Forbidden"}'])
})

test('origins that lie, hang, reset and flood harm nobody', async () => {
  using folder = temporaryFolder()
  await using server = await serve(folder.path, '--edge-cache-memory', '1')
  let resets = 0
  const requests: unknown[] = []
  using origin = await backend((request, response) => {
    switch (request.url) {
      case '/short':
        response.writeHead(200, { 'Content-Length': 100 })
        response.write('only this')
        setTimeout(() => response.destroy(), 20)
        break
      case '/reset':
        resets++
        request.socket.destroy()
        break
      case '/hang':
        break
      case '/both':
        request.socket.end(
          'HTTP/1.1 200 OK\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n',
        )
        break
      case '/more':
        request.socket.end(
          'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nwellHTTP/1.1 200 OK\r\n\r\n',
        )
        break
      case '/once':
        if (requests.push(request.socket) > 1) response.end('again')
        else request.socket.destroy()
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
  const cloudfront = new CloudFront(settingsOf(server))
  const id = await distribute(cloudfront, customOrigin(origin.port, 1))
  const host = hostOf(id)
  const statusOf = async (path: string) => (await ask(server, host, path)).status
  assert.deepEqual(
    await Promise.all(['/short', '/reset', '/hang', '/headers', '/both'].map(statusOf)),
    [502, 502, 504, 502, 502],
  )
  assert.equal((await ask(server, host, '/more')).text, 'well')
  // A connection that was kept may have ended in the meantime: that is no attempt.
  assert.equal(await statusOf('/resting'), 200)
  assert.equal((await ask(server, host, '/once')).text, 'again')
  assert.deepEqual([resets, requests.length], [1, 2])
  const { text, headers } = await ask(server, host, '/flood')
  assert.deepEqual([text.length, headers['content-length']], [4_000_000, '4000000'])
  assert.equal(await statusOf('/well'), 200)
})

test('what is cached outlives a restart where that is asked for', async () => {
  using folder = temporaryFolder()
  using origin = await backend((_, response) => response.end('kept'))
  let host = ''
  const cacheAfter = async (...options: readonly string[]) => {
    await using server = await serve(folder.path, ...options)
    if (host === '') {
      const id = await distribute(new CloudFront(settingsOf(server)), customOrigin(origin.port))
      host = hostOf(id)
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
