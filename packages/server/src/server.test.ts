import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { after, before, test } from 'node:test'
import { addressPolicy, at, deploy, lastRecord, type Running, run } from './running.fixture.ts'

let running: Running
before(async () => {
  running = await run(['--trust-proxy', '127.0.0.20'])
})
after(() => running[Symbol.asyncDispose]())

test('only the listed address gets through, with the exact answers', async () => {
  const apiId = await deploy(running, { policy: addressPolicy('127.0.0.11') })
  const allowed = await running.call(at(apiId), { from: '127.0.0.11' })
  assert.equal(allowed.status, 200)
  assert.equal(allowed.body, '{"hello":"world"}')
  const denied = await running.call(at(apiId), { from: '127.0.0.12' })
  assert.equal(denied.status, 403)
  assert.equal(
    denied.body,
    `{"Message":"User: anonymous is not authorized to perform: execute-api:Invoke on resource: arn:aws:execute-api:us-east-1:********0000:${apiId}/prod/GET/ with an explicit deny"}`,
  )
  assert.equal(denied.headers['x-amzn-errortype'], 'AccessDeniedException')
  assert.match(denied.headers['x-amzn-requestid'] as string, /^[0-9a-f-]{36}$/)
  assert.match(denied.headers['x-amz-apigw-id'] as string, /^[\w-]{15}=$/)
  assert.equal(denied.headers['content-length'], String(denied.body.length))
})

test('every form of address leads to the same API, and to the same refusal', async () => {
  const apiId = await deploy(running, { policy: addressPolicy('127.0.0.11') })
  const forms: readonly (readonly [path: string, host?: string])[] = [
    [at(apiId)],
    [`/restapis/${apiId}/prod/_user_request_/`],
    ['/prod/', `${apiId}.execute-api.us-east-1.localhost:${running.port}`],
    ['/prod', `${apiId}.execute-api.localhost`],
    ['/prod/', `${apiId}.execute-api.localhost.localstack.cloud`],
  ]
  for (const [path, host] of forms) {
    const to = host === undefined ? {} : { host }
    assert.equal((await running.call(path, { ...to, from: '127.0.0.11' })).status, 200, path)
    assert.equal((await running.call(path, { ...to, from: '127.0.0.12' })).status, 403, path)
  }
})

test('an unknown API, stage or region is Forbidden', async () => {
  const apiId = await deploy(running)
  const hosts = (region: string) => ({ host: `${apiId}.execute-api.${region}.localhost` })
  for (const [path, options] of [
    [at('nosuchapi1'), {}],
    [at(apiId, '/other/'), {}],
    [at(apiId, ''), {}],
    ['/prod/', hosts('eu-west-1')],
    ['/', hosts('us-east-1')],
  ] as const) {
    const answer = await running.call(path, options)
    assert.equal(answer.status, 403)
    assert.equal(answer.body, '{"message":"Forbidden"}')
    assert.equal(answer.headers['x-amzn-errortype'], 'ForbiddenException')
  }
})

test('a changed policy takes effect with the next deployment and not before', async () => {
  const apiId = await deploy(running, { policy: addressPolicy('127.0.0.11') })
  const status = async () => (await running.call(at(apiId), { from: '127.0.0.12' })).status
  assert.equal(await status(), 403)
  const patch = { op: 'replace', path: '/policy', value: addressPolicy('127.0.0.12') }
  const patched = await running.aws('PATCH', `/restapis/${apiId}`, { patchOperations: [patch] })
  assert.equal(patched.status, 200)
  assert.equal(await status(), 403)
  const { requestId } = await lastRecord(running, `&api=${apiId}`)
  const explained = JSON.parse((await running.operate('GET', `explain/${requestId}`)).body)
  assert.equal(explained.notes[0].note, 'policy-changed-after-deployment')
  await running.aws('POST', `/restapis/${apiId}/deployments`, { stageName: 'prod' })
  assert.equal(await status(), 200)
})

test('a stage that is deleted is gone at once', async () => {
  const apiId = await deploy(running)
  assert.equal((await running.call(at(apiId))).status, 200)
  assert.equal((await running.aws('DELETE', `/restapis/${apiId}/stages/prod`)).status, 202)
  assert.equal((await running.call(at(apiId))).status, 403)
})

test('a closed default endpoint closes every form of address', async () => {
  const apiId = await deploy(running)
  const patch = { op: 'replace', path: '/disableExecuteApiEndpoint', value: 'true' }
  await running.aws('PATCH', `/restapis/${apiId}`, { patchOperations: [patch] })
  await running.aws('POST', `/restapis/${apiId}/deployments`, { stageName: 'prod' })
  assert.equal((await running.call(at(apiId))).body, '{"message":"Forbidden"}')
  const host = `${apiId}.execute-api.us-east-1.localhost`
  assert.equal((await running.call('/prod/', { host })).body, '{"message":"Forbidden"}')
})

test('a method with IAM authorization wants a true signature', async () => {
  const apiId = await deploy(running, { authorizationType: 'AWS_IAM' })
  assert.equal((await running.call(at(apiId))).body, '{"message":"Missing Authentication Token"}')
  const good = await running.signed(at(apiId), { service: 'execute-api' })
  assert.equal(good.status, 200)
  const token = ['X-Amz-Security-Token', 'of somebody else']
  const borrowed = await running.signed(at(apiId), { service: 'execute-api', headers: token })
  assert.equal(
    borrowed.body,
    '{"message":"The security token included in the request is invalid."}',
  )
  const stranger = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'x'.repeat(40) }
  const unknown = await running.signed(at(apiId), { service: 'execute-api', key: stranger })
  assert.equal(unknown.status, 403)
  assert.equal(unknown.headers['x-amzn-errortype'], 'UnrecognizedClientException')
})

test('a trusted proxy names the client, and must name an address', async () => {
  const apiId = await deploy(running, { policy: addressPolicy('11.22.33.44') })
  const via = (from: string, ...values: readonly string[]) =>
    running.call(at(apiId), {
      from,
      headers: values.flatMap((value) => ['X-Forwarded-For', value]),
    })
  assert.equal((await via('127.0.0.20', '11.22.33.44')).status, 200)
  assert.equal((await via('127.0.0.20', '11.22.33.44', '1.2.3.4')).status, 403)
  assert.equal((await via('127.0.0.21', '11.22.33.44')).status, 403)
  assert.equal((await via('127.0.0.20', 'nonsense')).status, 400)
})

test('what no road takes is written down', async () => {
  const answer = await running.call('/prod/', { host: 'evil.example' })
  assert.equal(answer.status, 421)
  const record = await lastRecord(running)
  assert.equal(record.requestId, answer.headers['x-amzn-requestid'])
  assert.deepEqual([record.outcome, record.detail], ['turned-away', 'no such host here'])
})

test('a refused call can be explained by its request id', async () => {
  const apiId = await deploy(running, { policy: addressPolicy('127.0.0.11') })
  const { headers } = await running.call(at(apiId), { from: '127.0.0.12' })
  const { body } = await running.operate('GET', `explain/${headers['x-amzn-requestid']}`)
  const { record, trace } = JSON.parse(body)
  assert.equal(record.outcome, 'explicit-deny')
  assert.equal(record.statement, 'resource policy Statement[1]')
  assert.equal(record.sourceIp, '127.0.0.12')
  const [condition] = trace.policies[0].statements[1].conditions
  assert.deepEqual(
    [condition.operator, condition.key, condition.asked, condition.values, condition.holds],
    ['NotIpAddress', 'aws:SourceIp', ['127.0.0.12'], ['127.0.0.11'], true],
  )
})

test('an AWS API call is refused without a true signature of a known key', async () => {
  const unsigned = await running.call('/restapis')
  assert.equal(unsigned.status, 403)
  assert.equal(unsigned.headers['x-amzn-errortype'], 'MissingAuthenticationTokenException')
  const wrong = { ...running.key, secretAccessKey: 'wrong' }
  const answer = await running.signed('/restapis', { service: 'apigateway', key: wrong })
  assert.equal(answer.status, 403)
  assert.equal(answer.headers['x-amzn-errortype'], 'InvalidSignatureException')
  const record = await lastRecord(running)
  assert.equal(record.outcome, 'InvalidSignatureException')
  assert.equal(record.principal, 'anonymous')
})

test('the service that answers is the one that the signature names', async () => {
  const stacks = await running.signed('/restapis', { service: 'cloudformation' })
  assert.equal(stacks.status, 501)
  assert.match(stacks.body, /The service cloudformation is not supported by Sekisho yet/)
  const unknown = await running.signed('/restapis', { service: 'dynamodb' })
  assert.equal(unknown.status, 501)
  const api = await running.signed('/', {
    service: 'apigateway',
    method: 'POST',
    headers: ['X-Amz-Target', 'AWSOrganizationsV20161128.ListAccounts'],
  })
  assert.match(api.body, /names different services/)
})

test('an HTTP_PROXY integration calls its backend, which is no peer of ours', async () => {
  const seen: string[] = []
  const backend = createServer((request, response) => {
    seen.push(request.url ?? '')
    response.writeHead(201, { 'X-Backend': 'yes' }).end('from the backend')
  })
  await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve))
  const { port } = backend.address() as { port: number }
  const apiId = await deploy(running, {
    integration: { type: 'HTTP_PROXY', httpMethod: 'GET', uri: `http://127.0.0.1:${port}/in` },
  })
  const answer = await running.call(at(apiId, '/prod/?a=b'))
  assert.equal(answer.status, 201)
  assert.equal(answer.body, 'from the backend')
  assert.equal(answer.headers['x-backend'], 'yes')
  assert.deepEqual(seen, ['/in?a=b'])
  backend.closeAllConnections()
  backend.close()
})

test('an integration that calls back is not loopback, and reaches no operator call', async () => {
  const inner = await deploy(running, { policy: addressPolicy('127.0.0.0/8') })
  const proxyTo = (path: string) =>
    deploy(running, {
      integration: {
        type: 'HTTP_PROXY',
        httpMethod: 'GET',
        uri: `http://127.0.0.1:${running.port}${path}`,
      },
    })
  const loop = await running.call(at(await proxyTo(at(inner))))
  assert.equal(loop.status, 403)
  assert.equal((await lastRecord(running, `&api=${inner}`)).sourceIp, '198.18.0.3')
  const metrics = await running.call(at(await proxyTo('/_sekisho/metrics')))
  assert.equal(metrics.status, 403)
})

for (const uri of [
  'http://169.254.169.254/latest/meta-data/',
  'http://0xa9fea9fe/',
  'http://2852039166/',
  'http://[::ffff:169.254.169.254]/',
  'http://[fe80::1]/',
])
  test(`an integration may not call ${uri}`, async () => {
    const apiId = await deploy(running, {
      integration: { type: 'HTTP_PROXY', httpMethod: 'GET', uri },
    })
    const answer = await running.call(at(apiId))
    assert.equal(answer.status, 504)
    assert.equal(answer.body, '{"message": "Network error communicating with endpoint"}')
    assert.match((await lastRecord(running, `&api=${apiId}`)).detail ?? '', /link-local/)
  })

test('a URL or a header block beyond what API Gateway takes is refused', async () => {
  const apiId = await deploy(running)
  const long = await running.call(at(apiId, `/prod/?q=${'a'.repeat(10_240)}`))
  assert.equal(long.status, 414)
  const heavy = await running.call(at(apiId), { headers: ['X-A', 'a'.repeat(10_240)] })
  assert.equal(heavy.status, 431)
})

test('a body beyond 10 MiB is refused in plain text', async () => {
  const apiId = await deploy(running)
  const answer = await running.call(at(apiId), { body: 'a'.repeat(10 * 1024 * 1024 + 1) })
  assert.equal(answer.status, 413)
  assert.equal(answer.body, 'HTTP content length exceeded 10485760 bytes.')
})

test('health, readiness and metrics need no token', async () => {
  assert.equal((await running.call('/_sekisho/health')).status, 200)
  assert.equal((await running.call('/_sekisho/ready')).status, 200)
  const { body, headers } = await running.call('/_sekisho/metrics')
  assert.match(headers['content-type'] as string, /^text\/plain; version=0\.0\.4/)
  assert.match(body, /^sekisho_requests_total\{road="execute-api",outcome="allow"\} \d+$/m)
  assert.match(body, /^sekisho_request_duration_seconds_bucket\{road="aws-api",le="\+Inf"\} \d+$/m)
})
