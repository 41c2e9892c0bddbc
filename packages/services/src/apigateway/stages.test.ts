import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadDeployedStage } from '../index.ts'
import { madeApi, refusal } from './made-api.fixture.ts'

const deployments = '/restapis/{api}/deployments'
const prod = '/restapis/{api}/stages/prod'

test('a new stage has the defaults that AWS fills in', async () => {
  await using made = await madeApi()
  const { json: deployment } = await made.ask('POST', deployments, { stageName: 'prod' })
  const { status, json } = await made.ask('GET', prod)
  const { createdDate, lastUpdatedDate, ...stage } = json
  assert.deepEqual([status, typeof createdDate, typeof lastUpdatedDate], [200, 'number', 'number'])
  assert.deepEqual(stage, {
    deploymentId: deployment.id,
    stageName: 'prod',
    cacheClusterEnabled: false,
    cacheClusterStatus: 'NOT_AVAILABLE',
    methodSettings: {},
    tracingEnabled: false,
  })
})

test('a deployment moves its stage and leaves what the stage has', async () => {
  await using made = await madeApi()
  await made.ask('POST', deployments, {
    stageName: 'prod',
    stageDescription: 'first',
    variables: { a: '1', b: '2' },
  })
  const { json: second } = await made.ask('POST', deployments, {
    stageName: 'prod',
    variables: { b: '3' },
  })
  const { json: stage } = await made.ask('GET', prod)
  assert.deepEqual(
    [stage.deploymentId, stage.description, stage.variables],
    [second.id, 'first', { a: '1', b: '3' }],
  )
})

test('a stage goes back to an earlier deployment, and that is what is served', async () => {
  await using made = await madeApi()
  const { json: first } = await made.ask('POST', deployments, { stageName: 'prod' })
  await made.ask('PUT', '/restapis/{api}/resources/{root}/methods/POST', {
    authorizationType: 'AWS_IAM',
  })
  await made.ask('PUT', '/restapis/{api}/resources/{root}/methods/POST/integration', {
    type: 'MOCK',
  })
  await made.ask('POST', deployments, { stageName: 'prod' })
  const served = async () =>
    Object.keys(
      (await loadDeployedStage(made.api.store.documents, made.id, 'prod'))?.snapshot.resources[0]
        ?.methods ?? {},
    )
  assert.deepEqual(await served(), ['GET', 'POST'])
  await made.patch(prod, { op: 'replace', path: '/deploymentId', value: first.id })
  assert.deepEqual(await served(), ['GET'])
  assert.equal(await loadDeployedStage(made.api.store.documents, made.id, 'other'), undefined)
})

test('variables are set, removed and left out when there are none', async () => {
  await using made = await madeApi()
  await made.ask('POST', deployments, { stageName: 'prod' })
  const set = { op: 'replace', path: '/variables/host', value: 'example.com' }
  assert.deepEqual((await made.patch(prod, set)).json.variables, { host: 'example.com' })
  const remove = { op: 'remove', path: '/variables/host' }
  assert.equal('variables' in (await made.patch(prod, remove)).json, false)
})

test('what is off may be turned off', async () => {
  await using made = await madeApi()
  await made.ask('POST', deployments, { stageName: 'prod', tracingEnabled: false })
  const off = [
    { op: 'replace', path: '/tracingEnabled', value: 'false' },
    { op: 'replace', path: '/cacheClusterEnabled', value: 'false' },
    { op: 'remove', path: '/canarySettings' },
    { op: 'remove', path: '/accessLogSettings' },
  ]
  assert.equal((await made.patch(prod, ...off)).status, 200)
})

test('an API has ten stages, however they are made', async () => {
  await using made = await madeApi()
  const { json } = await made.ask('POST', deployments, {})
  const names = Array.from({ length: 10 }, (_, at) => `stage${at}`)
  for (const stageName of names)
    await made.ask('POST', '/restapis/{api}/stages', { stageName, deploymentId: json.id })
  const tooMany = [429, 'Maximum number of stages for this API has been reached.']
  const more = { stageName: 'more', deploymentId: json.id }
  assert.deepEqual(refusal(await made.ask('POST', '/restapis/{api}/stages', more)), tooMany)
  assert.deepEqual(refusal(await made.ask('POST', deployments, { stageName: 'more' })), tooMany)
  assert.equal((await made.ask('GET', deployments)).json.item.length, 1)
  const listed = await made.ask('GET', `/restapis/{api}/stages?deploymentId=${json.id}`)
  assert.equal(listed.json.item.length, 10)
})

test('deployments are listed the newest first, and summarised', async () => {
  await using made = await madeApi()
  const ids: string[] = []
  for (let count = 0; count < 3; count++)
    ids.unshift((await made.ask('POST', deployments, { description: `${count}` })).json.id)
  const first = (await made.ask('GET', `${deployments}?limit=2`)).json
  // Deleting between two pages neither repeats nor skips.
  await made.ask('DELETE', `${deployments}/${ids[1]}`)
  const second = (await made.ask('GET', `${deployments}?limit=2&position=${first.position}`)).json
  const listed = [...first.item, ...second.item].map(({ id }: { id: string }) => id)
  assert.deepEqual(listed, ids)
  assert.equal(second.position, undefined)
  assert.deepEqual(
    (await made.ask('GET', `${deployments}/${ids[0]}?embed=apisummary`)).json.apiSummary,
    { '/': { GET: { authorizationType: 'NONE', apiKeyRequired: false } } },
  )
})

test('a stage throttles its methods, all or each, and shows the rest as AWS does', async () => {
  await using made = await madeApi()
  await made.ask('POST', deployments, { stageName: 'prod' })
  const rate = (where: string, value: string) => ({ op: 'replace', path: where, value })
  const { json } = await made.patch(
    prod,
    rate('/*/*/throttling/rateLimit', '2.5'),
    rate('/~1pets/GET/throttling/burstLimit', '-1'),
  )
  const others = {
    cacheDataEncrypted: false,
    cacheTtlInSeconds: 300,
    cachingEnabled: false,
    dataTraceEnabled: false,
    metricsEnabled: false,
    requireAuthorizationForCacheControl: true,
    unauthorizedCacheControlHeaderStrategy: 'SUCCEED_WITH_RESPONSE_HEADER',
  }
  assert.deepEqual(json.methodSettings, {
    '*/*': { ...others, throttlingBurstLimit: 5_000, throttlingRateLimit: 2.5 },
    '~1pets/GET': { ...others, throttlingBurstLimit: -1, throttlingRateLimit: 10_000 },
  })
  const removed = await made.patch(
    prod,
    { op: 'remove', path: '/*/*' },
    { op: 'remove', path: '/~1pets/GET' },
  )
  assert.deepEqual(removed.json.methodSettings, {})
  for (const value of ['-2', 'many', ''])
    assert.equal((await made.patch(prod, rate('/*/*/throttling/rateLimit', value))).status, 400)
})

test('a canary is deployed beside what the stage serves, promoted and removed', async () => {
  await using made = await madeApi()
  const { json: first } = await made.ask('POST', deployments, {
    stageName: 'prod',
    variables: { a: '1', b: '2' },
  })
  const { json: second } = await made.ask('POST', deployments, {
    stageName: 'prod',
    canarySettings: { percentTraffic: 10.5, stageVariableOverrides: { b: '3' } },
  })
  const { json: stage } = await made.ask('GET', prod)
  assert.equal(stage.deploymentId, first.id)
  assert.deepEqual(stage.canarySettings, {
    deploymentId: second.id,
    percentTraffic: 10.5,
    stageVariableOverrides: { b: '3' },
    useStageCache: false,
  })
  assert.match(
    refusal(await made.ask('POST', deployments, { stageName: 'prod' }))[1],
    /has a canary/,
  )
  assert.equal((await made.ask('DELETE', `${deployments}/${second.id}`)).status, 400)
  const { canary } = (await loadDeployedStage(made.api.store.documents, made.id, 'prod'))!
  assert.deepEqual(
    [canary?.snapshot.deploymentId, canary?.stage.variables, canary?.stage.isCanary],
    [second.id, { a: '1', b: '3' }, true],
  )
  const { json: promoted } = await made.patch(
    prod,
    { op: 'replace', path: '/canarySettings/percentTraffic', value: '0.0' },
    { op: 'copy', from: '/canarySettings/stageVariableOverrides', path: '/variables' },
    { op: 'copy', from: '/canarySettings/deploymentId', path: '/deploymentId' },
  )
  assert.deepEqual(
    [promoted.deploymentId, promoted.variables, promoted.canarySettings.percentTraffic],
    [second.id, { a: '1', b: '3' }, 0],
  )
  const { json: removed } = await made.patch(prod, { op: 'remove', path: '/canarySettings' })
  assert.equal('canarySettings' in removed, false)
})

test('the first canary setting makes the canary, as AWS does', async () => {
  await using made = await madeApi()
  const { json } = await made.ask('POST', deployments, { stageName: 'prod' })
  const set = { op: 'replace', path: '/canarySettings/deploymentId', value: json.id }
  assert.deepEqual((await made.patch(prod, set)).json.canarySettings, {
    deploymentId: json.id,
    percentTraffic: 0,
    useStageCache: false,
  })
  const { json: changed } = await made.patch(
    prod,
    { op: 'replace', path: '/canarySettings/stageVariableOverrides/a', value: '1' },
    { op: 'replace', path: '/canarySettings/useStageCache', value: 'true' },
  )
  assert.deepEqual(changed.canarySettings.stageVariableOverrides, { a: '1' })
  assert.equal(changed.canarySettings.useStageCache, true)
})

test('a stage has a cache, in the sizes of AWS, and shows what is set for its methods', async () => {
  await using made = await madeApi()
  const { json: deployment } = await made.ask('POST', deployments, {
    stageName: 'prod',
    cacheClusterEnabled: true,
  })
  const { json: stage } = await made.patch(
    prod,
    { op: 'replace', path: '/*/*/caching/ttlInSeconds', value: '60' },
    { op: 'replace', path: '/*/*/caching/dataEncrypted', value: 'true' },
    { op: 'replace', path: '/~1/GET/caching/enabled', value: 'false' },
    { op: 'replace', path: '/~1/GET/caching/requireAuthorizationForCacheControl', value: 'false' },
  )
  assert.deepEqual(
    [stage.cacheClusterEnabled, stage.cacheClusterSize, stage.cacheClusterStatus],
    [true, '0.5', 'AVAILABLE'],
  )
  const { '*/*': all, '~1/GET': own } = stage.methodSettings
  assert.deepEqual(
    [all.cachingEnabled, all.cacheTtlInSeconds, all.cacheDataEncrypted],
    [true, 60, true],
  )
  assert.deepEqual([own.cachingEnabled, own.requireAuthorizationForCacheControl], [false, false])
  const more = { deploymentId: deployment.id, stageName: 'big', cacheClusterEnabled: true }
  const { json: big } = await made.ask('POST', '/restapis/{api}/stages', {
    ...more,
    cacheClusterSize: '237',
    tracingEnabled: true,
    canarySettings: { percentTraffic: 1, deploymentId: deployment.id },
  })
  assert.deepEqual(
    [big.cacheClusterSize, big.tracingEnabled, big.canarySettings.percentTraffic],
    ['237', true, 1],
  )
  assert.equal((await made.ask('DELETE', `${prod}/cache/data`)).status, 202)
  assert.equal((await made.ask('DELETE', `${prod}/cache/authorizers`)).status, 202)
  assert.equal((await made.ask('DELETE', '/restapis/{api}/stages/none/cache/data')).status, 404)
  const off = { op: 'replace', path: '/cacheClusterEnabled', value: 'false' }
  assert.equal((await made.patch(prod, off)).json.cacheClusterStatus, 'NOT_AVAILABLE')
})

test('a cache key is a parameter of the method or of its integration', async () => {
  await using made = await madeApi()
  const method = '/restapis/{api}/resources/{root}/methods/POST'
  await made.ask('PUT', method, {
    authorizationType: 'NONE',
    requestParameters: { 'method.request.querystring.q': false },
  })
  const integration = (cacheKeyParameters: readonly string[]) =>
    made.ask('PUT', `${method}/integration`, { type: 'MOCK', cacheKeyParameters })
  assert.deepEqual(refusal(await integration(['method.request.querystring.other'])), [
    400,
    'Invalid cache key parameter specified: method.request.querystring.other',
  ])
  assert.equal((await integration(['method.request.querystring.q'])).status, 201)
  const path = '/cacheKeyParameters/method.request.header.X'
  assert.equal((await made.patch(`${method}/integration`, { op: 'add', path })).status, 400)
  const remove = { op: 'remove', path: '/cacheKeyParameters/method.request.querystring.q' }
  const removed = await made.patch(`${method}/integration`, remove)
  assert.deepEqual(removed.json.cacheKeyParameters, [])
})

test('each flush is another, however soon it comes', async () => {
  await using made = await madeApi()
  await made.ask('POST', '/restapis/{api}/deployments', { stageName: 'prod' })
  const flushed = async () => {
    await made.ask('DELETE', '/restapis/{api}/stages/prod/cache/data')
    const key = `${made.id}/prod`
    const { documents } = made.api.store
    const stored = await documents.get<{ cacheFlushedAt: number }>('apigateway/stages', key)
    return stored?.value.cacheFlushedAt ?? 0
  }
  const first = await flushed()
  assert.ok(first < (await flushed()))
})
