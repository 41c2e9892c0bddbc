/** What a stage does with calls while it serves: keeps responses, and sends some to a canary. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import * as gateway from '@aws-sdk/client-api-gateway'
import { type Backend, backend } from './backend.fixture.ts'
import { type Serving, serve, settingsOf, temporaryFolder } from './server.fixture.ts'

const folder = temporaryFolder()
let server: Serving
let api: gateway.APIGateway
let origin: Backend
let apiId: string
let asked = 0

before(async () => {
  origin = await backend((_, response) => response.end(`answer ${++asked}`))
  server = await serve(folder.path, '--workers', '1')
  api = new gateway.APIGateway(settingsOf(server))
  const operation = (integration: object) => ({
    get: {
      parameters: [{ name: 'q', in: 'query', schema: { type: 'string' } }],
      responses: { 200: { description: 'ok' } },
      'x-amazon-apigateway-integration': integration,
    },
  })
  const body = {
    openapi: '3.0.1',
    info: { title: 'staged' },
    paths: {
      '/slow': operation({
        type: 'http_proxy',
        httpMethod: 'GET',
        uri: origin.url,
        cacheKeyParameters: ['method.request.querystring.q'],
      }),
      '/which': operation({
        type: 'mock',
        requestTemplates: { 'application/json': '{"statusCode": 200}' },
        responses: {
          default: {
            statusCode: '200',
            responseTemplates: {
              'application/json': '$stageVariables.name $context.isCanaryRequest',
            },
          },
        },
      }),
    },
  }
  apiId = (await api.importRestApi({ body: Buffer.from(JSON.stringify(body)) })).id!
  await api.createDeployment({
    restApiId: apiId,
    stageName: 'prod',
    variables: { name: 'stage' },
    cacheClusterEnabled: true,
    cacheClusterSize: '0.5',
  })
})
after(async () => {
  await server.stop()
  origin[Symbol.dispose]()
  folder[Symbol.dispose]()
})

const update = (...patchOperations: readonly gateway.PatchOperation[]) =>
  api.updateStage({ restApiId: apiId, stageName: 'prod', patchOperations: [...patchOperations] })
const get = async (path: string, headers: Record<string, string> = {}) =>
  (await fetch(`${server.endpoint}/_aws/execute-api/${apiId}/prod${path}`, { headers })).text()

test('responses are kept by what the method says, until they are flushed', async () => {
  assert.deepEqual([await get('/slow?q=1'), await get('/slow?q=1')], ['answer 1', 'answer 1'])
  assert.equal(await get('/slow?q=2'), 'answer 2')
  await api.flushStageCache({ restApiId: apiId, stageName: 'prod' })
  assert.equal(await get('/slow?q=1'), 'answer 3')
  assert.equal(await get('/slow?q=1', { 'Cache-Control': 'max-age=0' }), 'answer 3')
  const value = 'false'
  await update({
    op: 'replace',
    path: '/*/*/caching/requireAuthorizationForCacheControl',
    value,
  })
  assert.equal(await get('/slow?q=1', { 'Cache-Control': 'max-age=0' }), 'answer 4')
  assert.equal(await get('/slow?q=1'), 'answer 4')
  await update({ op: 'replace', path: '/cacheClusterEnabled', value: 'false' })
  assert.equal(await get('/slow?q=1'), 'answer 5')
})

test('a canary takes its share of the calls, until it becomes the stage', async () => {
  assert.match(await get('/which'), /^stage/)
  await api.createDeployment({
    restApiId: apiId,
    stageName: 'prod',
    canarySettings: { percentTraffic: 100, stageVariableOverrides: { name: 'canary' } },
  })
  assert.equal(await get('/which'), 'canary true')
  const percent = (value: string) =>
    update({ op: 'replace', path: '/canarySettings/percentTraffic', value })
  await percent('0.0')
  assert.equal(await get('/which'), 'stage false')
  await percent('50')
  const seen = new Set<string>()
  for (let count = 0; count < 200 && seen.size < 2; count++) seen.add(await get('/which'))
  assert.deepEqual([...seen].sort(), ['canary true', 'stage false'])
  const { deploymentId, canarySettings } = await update(
    { op: 'replace', path: '/canarySettings/percentTraffic', value: '0.0' },
    { op: 'copy', from: '/canarySettings/stageVariableOverrides', path: '/variables' },
    { op: 'copy', from: '/canarySettings/deploymentId', path: '/deploymentId' },
  )
  assert.equal(deploymentId, canarySettings?.deploymentId)
  assert.equal(await get('/which'), 'canary false')
})

test('a method is tried without a deployment, with the log of its steps', async () => {
  const { rootResourceId: parentId } = await api.getRestApi({ restApiId: apiId })
  const { id: resourceId } = await api.createResource({
    restApiId: apiId,
    parentId,
    pathPart: 'pets',
  })
  const { id: petId } = await api.createResource({
    restApiId: apiId,
    parentId: resourceId,
    pathPart: '{petId}',
  })
  const method = { restApiId: apiId, resourceId: petId, httpMethod: 'GET' }
  await api.putMethod({ ...method, authorizationType: 'AWS_IAM', apiKeyRequired: true })
  await api.putMethodResponse({ ...method, statusCode: '200' })
  await assert.rejects(api.testInvokeMethod({ ...method, httpMethod: 'POST' }), {
    name: 'NotFoundException',
  })
  await api.putIntegration({
    ...method,
    type: 'MOCK',
    requestTemplates: { 'application/json': '{"statusCode": 200}' },
  })
  await api.putIntegrationResponse({
    ...method,
    statusCode: '200',
    responseTemplates: {
      'application/json':
        '{"pet":"$input.params(\'petId\')","q":"$input.params(\'q\')","who":"$input.params(\'X-Who\')","v":"$stageVariables.v","stage":"$context.stage"}',
    },
  })
  const tried = await api.testInvokeMethod({
    ...method,
    pathWithQueryString: '/pets/123?q=2',
    headers: { 'X-Who': 'me' },
    stageVariables: { v: '3' },
  })
  assert.equal(tried.status, 200)
  assert.deepEqual(JSON.parse(tried.body!), {
    pet: '123',
    q: '2',
    who: 'me',
    v: '3',
    stage: 'test-invoke-stage',
  })
  assert.deepEqual(tried.headers, { 'Content-Type': 'application/json' })
  assert.deepEqual(tried.multiValueHeaders, { 'Content-Type': ['application/json'] })
  assert.equal(typeof tried.latency, 'number')
  const [first = '', ...lines] = tried.log!.trimEnd().split('\n')
  assert.match(first, /^Execution log for request [\w-]{36}$/)
  const time = /^[A-Z][a-z]{2} [A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d UTC \d{4} : /
  assert.ok(lines.every((line) => time.test(line)))
  const id = first.slice(-36)
  assert.deepEqual(
    lines.map((line) => line.replace(time, '')),
    [
      `Starting execution for request: ${id}`,
      'HTTP Method: GET, Resource Path: /pets/123',
      'Method request path: {petId=123}',
      'Method request query string: {q=2}',
      'Method request headers: {X-Who=me}',
      'Method request body before transformations: ',
      `Method response body after transformations: ${tried.body}`,
      'Method response headers: {Content-Type=application/json}',
      'Successfully completed execution',
      'Method completed with status: 200',
    ],
  )
  const odd = await api.testInvokeMethod({ ...method, pathWithQueryString: '/pets/a b\r\n' })
  assert.equal(JSON.parse(odd.body!).pet, 'a%20b%0D%0A')
  const elsewhere = await api.testInvokeMethod({ ...method, pathWithQueryString: '/other' })
  assert.equal(JSON.parse(elsewhere.body!).pet, '')
  await api.deleteIntegrationResponse({ ...method, statusCode: '200' })
  const failed = await api.testInvokeMethod(method)
  assert.deepEqual([failed.status, failed.body], [500, '{"message": "Internal server error"}'])
  assert.match(failed.log!, /: Execution failed due to configuration error: No match for output/)
})
