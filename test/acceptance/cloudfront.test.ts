import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import {
  CloudFront,
  NoSuchCachePolicy,
  NoSuchDistribution,
  PreconditionFailed,
  paginateListDistributions,
  paginateListInvalidations,
  waitUntilDistributionDeployed,
  waitUntilInvalidationCompleted,
} from '@aws-sdk/client-cloudfront'
import { needs, programOf } from '../debian-packages.ts'
import { launcher, type Serving, serve, settingsOf, temporaryFolder } from './server.fixture.ts'

const config = {
  CallerReference: 'one',
  Comment: '',
  Enabled: true,
  Origins: {
    Quantity: 1,
    Items: [
      {
        Id: 'api',
        DomainName: 'abcdefghij.execute-api.us-east-1.amazonaws.com',
        OriginPath: '/prod',
        CustomHeaders: {
          Quantity: 1,
          Items: [{ HeaderName: 'x-api-key', HeaderValue: 'the-key' }],
        },
        CustomOriginConfig: {
          HTTPPort: 80,
          HTTPSPort: 443,
          OriginProtocolPolicy: 'https-only' as const,
        },
      },
    ],
  },
  DefaultCacheBehavior: {
    TargetOriginId: 'api',
    ViewerProtocolPolicy: 'allow-all' as const,
    CachePolicyId: '658327ea-f89d-4fab-a63d-7e88639e58f6',
  },
}

function aws({ data }: Serving, ...args: readonly string[]) {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [launcher, 'exec', '--data', data, '--', programOf('awscli'), 'cloudfront', ...args],
    {
      encoding: 'utf8',
      env: { ...process.env, PATH: `${dirname(process.execPath)}:/usr/bin:/bin` },
    },
  )
  return { stdout, stderr, status, json: stdout.startsWith('{') ? JSON.parse(stdout) : undefined }
}

test('the SDK makes, waits for, changes and deletes a distribution', async () => {
  using folder = temporaryFolder()
  await using server = await serve(folder.path)
  const client = new CloudFront(settingsOf(server))
  const made = await client.createDistributionWithTags({
    DistributionConfigWithTags: {
      DistributionConfig: config,
      Tags: { Items: [{ Key: 'team', Value: 'edge' }] },
    },
  })
  const { Id = '', ARN = '', Status } = made.Distribution ?? {}
  assert.match(Id, /^E[A-Z0-9]{13}$/)
  assert.equal(Status, 'InProgress')
  await waitUntilDistributionDeployed({ client, maxWaitTime: 5, minDelay: 1, maxDelay: 1 }, { Id })
  for (const CallerReference of ['a', 'b', 'c']) {
    const InvalidationBatch = { CallerReference, Paths: { Quantity: 1, Items: ['/*'] } }
    const { Invalidation } = await client.createInvalidation({
      DistributionId: Id,
      InvalidationBatch,
    })
    await waitUntilInvalidationCompleted(
      { client, maxWaitTime: 5, minDelay: 1, maxDelay: 1 },
      { DistributionId: Id, Id: Invalidation?.Id },
    )
  }
  const pages = await Array.fromAsync(
    paginateListInvalidations({ client, pageSize: 2 }, { DistributionId: Id }),
  )
  assert.deepEqual(
    pages.map(({ InvalidationList }) => InvalidationList?.Quantity),
    [2, 1],
  )
  const [all] = await Array.fromAsync(paginateListDistributions({ client }, {}))
  assert.deepEqual(
    all?.DistributionList?.Items?.map((each) => each.Id),
    [Id],
  )
  const { CachePolicyId } = config.DefaultCacheBehavior
  const { DistributionIdList } = await client.listDistributionsByCachePolicyId({ CachePolicyId })
  assert.deepEqual(DistributionIdList?.Items, [Id])
  await assert.rejects(
    client.listDistributionsByCachePolicyId({ CachePolicyId: 'none' }),
    NoSuchCachePolicy,
  )
  const { Tags } = await client.listTagsForResource({ Resource: ARN })
  assert.deepEqual(Tags?.Items, [{ Key: 'team', Value: 'edge' }])
  const { DistributionConfig, ETag } = await client.getDistributionConfig({ Id })
  const IfMatch = ETag ?? ''
  const changed = { ...DistributionConfig!, Enabled: false }
  const { ETag: next } = await client.updateDistribution({
    Id,
    IfMatch,
    DistributionConfig: changed,
  })
  await assert.rejects(client.deleteDistribution({ Id, IfMatch }), PreconditionFailed)
  await client.deleteDistribution({ Id, IfMatch: next ?? '' })
  await assert.rejects(client.getDistribution({ Id }), NoSuchDistribution)
})

test(
  'awscli round trips: create, get-config, update, invalidate, list',
  needs('awscli'),
  async () => {
    using folder = temporaryFolder()
    await using server = await serve(folder.path)
    const made = aws(server, 'create-distribution', '--distribution-config', JSON.stringify(config))
    assert.equal(made.status, 0, made.stderr)
    const { Id } = made.json.Distribution
    const got = aws(server, 'get-distribution-config', '--id', Id)
    const file = join(folder.path, 'config.json')
    writeFileSync(file, JSON.stringify({ ...got.json.DistributionConfig, Comment: 'changed' }))
    const changed = aws(
      server,
      'update-distribution',
      ...['--id', Id, '--if-match', got.json.ETag, '--distribution-config', `file://${file}`],
    )
    assert.equal(changed.json?.Distribution.DistributionConfig.Comment, 'changed', changed.stderr)
    const gone = aws(server, 'create-invalidation', '--distribution-id', Id, '--paths', '/*')
    assert.equal(gone.json?.Invalidation.Status, 'InProgress', gone.stderr)
    const listed = aws(server, 'list-distributions')
    assert.equal(listed.json?.DistributionList.Items[0].Id, Id, listed.stderr)
    writeFileSync(
      file,
      JSON.stringify({
        ...got.json.DistributionConfig,
        DefaultCacheBehavior: {
          ...got.json.DistributionConfig.DefaultCacheBehavior,
          CachePolicyId: undefined,
          MinTTL: 0,
          ForwardedValues: {
            QueryString: false,
            Cookies: { Forward: 'none' },
            Headers: { Quantity: 1, Items: ['x-api-key'] },
          },
        },
      }),
    )
    const clash = aws(
      server,
      'update-distribution',
      ...['--id', Id, '--if-match', changed.json.ETag, '--distribution-config', `file://${file}`],
    )
    assert.match(
      clash.stderr,
      /\(InvalidArgument\).*The parameter Header Name with value x-api-key is not allowed as both an origin custom header and a forward header\./,
    )
  },
)
