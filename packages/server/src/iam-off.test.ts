import assert from 'node:assert/strict'
import { test } from 'node:test'
import { presign } from '@sekisho/sigv4'
import { at, deploy, run } from './running.fixture.ts'

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
