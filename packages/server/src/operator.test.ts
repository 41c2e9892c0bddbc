import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { restoreFolder } from '@sekisho/store'
import { at, deploy, lastRecord, type Running, run } from './running.fixture.ts'

let running: Running
before(async () => {
  running = await run([])
})
after(() => running[Symbol.asyncDispose]())

test('operator calls need the socket or the token', async () => {
  const bearer = (token: string) =>
    running.call('/_sekisho/accounts', { headers: ['Authorization', `Bearer ${token}`] })
  assert.equal((await running.call('/_sekisho/accounts')).status, 401)
  assert.equal((await bearer('x')).status, 401)
  assert.equal((await bearer('')).status, 401)
  assert.equal((await bearer(`${running.token}x`)).status, 401)
  assert.equal((await bearer(running.token)).status, 200)
  assert.equal((await running.operate('GET', 'accounts')).status, 200)
  const record = await lastRecord(running)
  assert.equal(record.road, 'operator')
  assert.equal(record.outcome, 'allow')
})

test('what other gateways would ask is refused by name, not for want of a token', async () => {
  const answer = await running.call('/_sekisho/authorize')
  assert.equal(answer.status, 501)
  assert.match(answer.body, /not supported by Sekisho yet/)
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
  const { requestId } = await lastRecord(running, `&api=${byReferer}`)
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
