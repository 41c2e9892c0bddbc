import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { createServer, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { presign } from '@sekisho/sigv4'
import { restoreFolder } from '@sekisho/store'
import type { DecisionRecord } from './index.ts'
import { addressPolicy, deploy, type Running, run } from './running.fixture.ts'

let running: Running
before(async () => {
  running = await run(['--allow-reset', '--trust-proxy', '127.0.0.20'])
})
after(() => running[Symbol.asyncDispose]())

const at = (apiId: string, path = '/prod/') => `/_aws/execute-api/${apiId}${path}`

async function lastRecord(query = ''): Promise<DecisionRecord> {
  const { body } = await running.operate('GET', `log?limit=1${query}`)
  return JSON.parse(body) as DecisionRecord
}

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
  assert.match(denied.headers['x-amz-apigw-id'] as string, /^[\w+/]{15}=$/)
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
  const { requestId } = await lastRecord(`&api=${apiId}`)
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
  const record = await lastRecord()
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
  const record = await lastRecord()
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

test('operator calls need the socket or the token', async () => {
  const bearer = (token: string) =>
    running.call('/_sekisho/accounts', { headers: ['Authorization', `Bearer ${token}`] })
  assert.equal((await running.call('/_sekisho/accounts')).status, 401)
  assert.equal((await bearer('x')).status, 401)
  assert.equal((await bearer('')).status, 401)
  assert.equal((await bearer(`${running.token}x`)).status, 401)
  assert.equal((await bearer(running.token)).status, 200)
  assert.equal((await running.operate('GET', 'accounts')).status, 200)
  const record = await lastRecord()
  assert.equal(record.road, 'operator')
  assert.equal(record.outcome, 'allow')
})

test('health, readiness and metrics need no token', async () => {
  assert.equal((await running.call('/_sekisho/health')).status, 200)
  assert.equal((await running.call('/_sekisho/ready')).status, 200)
  const { body, headers } = await running.call('/_sekisho/metrics')
  assert.match(headers['content-type'] as string, /^text\/plain; version=0\.0\.4/)
  assert.match(body, /^sekisho_requests_total\{road="execute-api",outcome="allow"\} \d+$/m)
  assert.match(body, /^sekisho_request_duration_seconds_bucket\{road="aws-api",le="\+Inf"\} \d+$/m)
})

test('an account made by an operator has a profile and calls its own APIs only', async () => {
  const made = JSON.parse((await running.operate('POST', 'accounts', { name: 'other' })).body)
  assert.match(made.accountId, /^\d{12}$/)
  const credentials = await readFile(join(running.data, 'credentials'), 'utf8')
  assert.match(credentials, new RegExp(`\\[other\\]\\naws_access_key_id = ${made.accessKeyId}`))
  const apiId = await deploy(running)
  const answer = await running.signed(`/restapis/${apiId}`, { service: 'apigateway', key: made })
  assert.equal(answer.status, 404)
  assert.equal((await running.operate('POST', 'accounts', { name: 'other' })).status, 400)
  const rotated = JSON.parse((await running.operate('POST', 'accounts/other/rotate-key')).body)
  assert.notEqual(rotated.accessKeyId, made.accessKeyId)
  const old = await running.signed('/restapis', { service: 'apigateway', key: made })
  assert.equal(old.headers['x-amzn-errortype'], 'UnrecognizedClientException')
  const fresh = await running.signed('/restapis', { service: 'apigateway', key: rotated })
  assert.equal(fresh.status, 200)
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
  assert.equal((await lastRecord(`&api=${inner}`)).sourceIp, '198.18.0.3')
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
    assert.match((await lastRecord(`&api=${apiId}`)).detail ?? '', /link-local/)
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

test('nothing secret is written down', async () => {
  const apiId = await deploy(running, { authorizationType: 'AWS_IAM' })
  const secretReferer = 'https://example.com/secret-referer'
  const policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: {
      Effect: 'Allow',
      Principal: '*',
      Action: 'execute-api:Invoke',
      Resource: 'execute-api:/*',
      Condition: { StringEquals: { 'aws:Referer': secretReferer } },
    },
  })
  const byReferer = await deploy(running, { policy })
  const headers = ['Referer', secretReferer]
  assert.equal((await running.call(at(byReferer), { headers })).status, 200)
  await running.signed(at(apiId, '/prod/?token=secret-query'), { service: 'execute-api' })
  await running.call(
    `${at(apiId)}?X-Amz-Signature=${'f'.repeat(64)}&X-Amz-Algorithm=AWS4-HMAC-SHA256`,
  )
  const { requestId } = await lastRecord(`&api=${byReferer}`)
  const explained = (await running.operate('GET', `explain/${requestId}`)).body
  assert.match(explained, /\[redacted\]/)
  const folder = join(running.data, 'decisions')
  const written = await Promise.all(
    (await readdir(folder)).map((name) => readFile(join(folder, name), 'utf8')),
  )
  for (const text of [...written, explained])
    for (const secret of [
      running.key.accessKeyId,
      running.key.secretAccessKey,
      running.token,
      'secret-referer',
      'secret-query',
      'f'.repeat(64),
      'AWS4-HMAC-SHA256',
    ])
      assert.ok(!text.includes(secret), secret)
})

test('what is in the data folder is for its user alone', async () => {
  for (const name of ['credentials', 'config', 'operator-token', 'operator.sock', 'state.db'])
    assert.equal((await stat(join(running.data, name))).mode & 0o077, 0, name)
  assert.equal(await readFile(join(running.data, '.gitignore'), 'utf8'), '*\n')
})

test('a second server on the same folder is refused', async () => {
  await assert.rejects(run([], { data: running.data }), /is in use by another server/)
})

test('reset is refused without --allow-reset', async () => {
  await using other = await run()
  assert.equal((await other.operate('POST', 'reset')).status, 403)
})

test('reset leaves the first account with its key, and nothing else', async () => {
  await using other = await run(['--allow-reset'])
  const apiId = await deploy(other)
  await other.operate('POST', 'accounts', { name: 'second' })
  assert.equal((await other.call(at(apiId))).status, 200)
  assert.equal((await other.operate('POST', 'reset')).status, 200)
  assert.equal((await other.call(at(apiId))).status, 403)
  assert.equal(JSON.parse((await other.aws('GET', '/restapis')).body).item.length, 0)
  assert.equal(JSON.parse((await other.operate('GET', 'accounts')).body).length, 1)
  const credentials = await readFile(join(other.data, 'credentials'), 'utf8')
  assert.doesNotMatch(credentials, /second/)
})

test('a backup of a running server becomes another one', async () => {
  const apiId = await deploy(running)
  const target = await mkdtemp(join(tmpdir(), 'sekisho-test-'))
  const socketPath = join(running.data, 'operator.sock')
  await new Promise<void>((resolve, reject) => {
    const headers = { Host: 'localhost' }
    request({ socketPath, path: '/_sekisho/backup', method: 'POST', headers }, (response) =>
      restoreFolder(response, target).then(resolve, reject),
    )
      .on('error', reject)
      .end()
  })
  await using copy = await run([], { data: target })
  assert.deepEqual(copy.key, running.key)
  assert.equal((await copy.call(at(apiId))).status, 200)
})

test('the root key can be given at the first start', async () => {
  const rootKey = { accessKeyId: 'AKIACHOSEN', secretAccessKey: 'chosen-secret' }
  await using other = await run([], { config: { rootKey } })
  assert.deepEqual(other.key, rootKey)
  assert.equal((await other.aws('GET', '/restapis')).status, 200)
})

test('what was there before is there after a restart', async () => {
  const data = await mkdtemp(join(tmpdir(), 'sekisho-test-'))
  const first = await run([], { data })
  const apiId = await deploy(first)
  const refused = await first.call(at(apiId, '/prod/none'))
  await first[Symbol.asyncDispose]()
  const second = await run([], { data })
  assert.deepEqual(second.key, first.key)
  assert.equal(second.token, first.token)
  assert.equal((await second.call(at(apiId))).status, 200)
  const explained = await second.operate('GET', `explain/${refused.headers['x-amzn-requestid']}`)
  assert.equal(explained.status, 200)
  await second[Symbol.asyncDispose]()
  await rm(data, { recursive: true })
})

test('with --iam off any key is accepted for the AWS APIs, and none for deployed ones', async () => {
  await using open = await run(['--iam', 'off'])
  const key = { accessKeyId: 'test', secretAccessKey: 'test' }
  assert.equal((await open.signed('/restapis', { service: 'apigateway', key })).status, 200)
  // A key that somebody has is still that somebody's, whatever it signs.
  const account = await open.operate('POST', 'accounts', { name: 'other' })
  const { accountId, accessKeyId } = JSON.parse(account.body)
  const whose = async (keyId: string) => {
    const path = '/?Action=GetCallerIdentity&Version=2011-06-15'
    const { body } = await open.signed(path, {
      service: 'sts',
      key: { ...key, accessKeyId: keyId },
    })
    return /<Account>(\d+)/.exec(body)?.[1]
  }
  assert.equal(await whose(accessKeyId), accountId)
  assert.equal(await whose('123456789012'), '123456789012')
  assert.equal(await whose('test'), '000000000000')
  const apiId = await deploy(open, { authorizationType: 'AWS_IAM' })
  const call = await open.signed(at(apiId), { service: 'execute-api', key })
  assert.equal(call.status, 403)
  assert.equal((await open.call('/restapis')).status, 403)
})

test('with --iam off links to objects are followed whoever made them, and no others', async () => {
  await using open = await run(['--iam', 'off'])
  const key = { accessKeyId: 'test', secretAccessKey: 'test' }
  const host = `127.0.0.1:${open.port}`
  await open.signed('/bucket', { service: 's3', method: 'PUT', key })
  const linkTo = (method: string, rawPath: string, service = 's3', now = new Date()) =>
    `${rawPath}?${presign({ method, rawPath, rawQuery: '', headers: ['Host', host] }, key, {
      region: 'us-east-1',
      service,
      now,
      expires: 60,
    })}`
  const link = (...asked: Parameters<typeof linkTo>) =>
    open.call(linkTo(...asked), { method: asked[0], headers: ['Content-Length', '0'] })
  assert.equal((await link('PUT', '/bucket/key')).status, 200)
  assert.equal((await link('GET', '/bucket/key')).status, 200)
  // Without a length there is no object, not even an empty one.
  const put = linkTo('PUT', '/bucket/other')
  const unsaid = `PUT ${put} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`
  assert.match(await open.raw(unsaid), /^HTTP\/1\.1 411 .*MissingContentLength/s)
  assert.equal((await link('GET', '/bucket/other')).status, 404)
  const past = new Date(Date.now() - 61_000)
  assert.match((await link('GET', '/bucket/key', 's3', past)).body, /Request has expired/)
  // A page could have these sent by its reader's browser.
  assert.equal((await link('POST', '/bucket/key')).status, 403)
  assert.equal((await link('GET', '/restapis', 'apigateway')).status, 403)
})
