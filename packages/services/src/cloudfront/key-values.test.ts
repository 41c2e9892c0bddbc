import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AwsError } from '@sekisho/protocols'
import { accountId, harness } from '../harness.fixture.ts'
import { keyValueCollections } from './key-value-records.ts'

const id = '00000000-0000-4000-8000-000000000001'
const arn = `arn:aws:cloudfront::${accountId}:key-value-store/${id}`
const root = `/key-value-stores/${encodeURIComponent(arn)}`
const elementOf = (text: string, name: string) => new RegExp(`<${name}>([^<]*)<`).exec(text)?.[1]

async function filled() {
  const data = await harness('cloudfront-keyvaluestore')
  await data.store.documents.transact((transaction) =>
    transaction.put(keyValueCollections.contents, id, {
      accountId,
      etag: 'KV0',
      createdAt: 0,
      modifiedAt: 0,
      items: 0,
      bytes: 0,
    }),
  )
  let etag = 'KV0'
  return {
    data,
    ask: async (method: string, path: string, body?: unknown, ifMatch = etag) => {
      const answer = await data.ask(method, root + path, body, {}, ['If-Match', ifMatch])
      etag = answer.headers['etag'] ?? etag
      return answer
    },
  }
}

test('pairs are put, read, counted and deleted, each time under another version', async () => {
  const { data, ask } = await filled()
  await using _ = data
  const put = await ask('PUT', '/keys/a%2Fb', { Value: 'één' })
  assert.deepEqual(put.json, { ItemCount: 1, TotalSizeInBytes: 8 })
  assert.match(put.headers['etag'] ?? '', /^KV/)
  assert.deepEqual(data.needs(), [
    { action: 'cloudfront-keyvaluestore:PutKey', resource: arn, resourceAccountId: accountId },
  ])
  const got = await ask('GET', '/keys/a%2Fb')
  assert.deepEqual(got.json, { Key: 'a/b', Value: 'één', ItemCount: 1, TotalSizeInBytes: 8 })
  const replaced = await ask('PUT', '/keys/a%2Fb', { Value: '' })
  assert.deepEqual(replaced.json, { ItemCount: 1, TotalSizeInBytes: 3 })
  const stale = await ask('PUT', '/keys/c', { Value: '1' }, 'KV0')
  assert.deepEqual(
    [stale.status, stale.json.message ?? stale.json.Message],
    [409, 'Pre-Condition failed'],
  )
  const updated = await ask('POST', '/keys', {
    Puts: [
      { Key: 'c', Value: '1' },
      { Key: 'd', Value: '2' },
    ],
    Deletes: [{ Key: 'a/b' }, { Key: 'never there' }],
  })
  assert.deepEqual(updated.json, { ItemCount: 2, TotalSizeInBytes: 4 })
  const gone = await ask('DELETE', '/keys/c')
  assert.deepEqual(gone.json, { ItemCount: 1, TotalSizeInBytes: 2 })
  assert.equal((await ask('GET', '/keys/c')).status, 404)
  const described = await ask('GET', '')
  assert.equal(described.json.Status, 'READY')
  assert.equal(described.json.KvsARN, arn)
})

test('keys are listed in pages', async () => {
  const { data, ask } = await filled()
  await using _ = data
  const keys = Array.from({ length: 23 }, (_, at) => `k${String(at).padStart(2, '0')}`)
  await ask('POST', '/keys', { Puts: keys.map((Key) => ({ Key, Value: 'v' })) })
  const seen: string[] = []
  let token = ''
  do {
    const page = await ask('GET', `/keys?${token && `NextToken=${token}`}`)
    assert.ok(page.json.Items.length <= 10)
    seen.push(...page.json.Items.map(({ Key }: { Key: string }) => Key))
    token = page.json.NextToken ?? ''
  } while (token !== '')
  assert.deepEqual(seen, keys)
  assert.equal((await ask('GET', '/keys?MaxResults=50')).json.Items.length, 23)
  assert.equal((await ask('GET', '/keys?MaxResults=51')).status, 400)
  assert.equal((await ask('GET', '/keys?NextToken=!')).status, 400)
})

const long = (length: number) => 'x'.repeat(length)
const fifty = Array.from({ length: 51 }, (_, at) => ({ Key: `k${at}`, Value: '' }))

const refused: readonly (readonly [
  name: string,
  method: string,
  path: string,
  body: unknown,
  status: number,
])[] = [
  ['a key that is too long', 'PUT', `/keys/${long(513)}`, { Value: '' }, 400],
  ['a value that is too long', 'PUT', '/keys/k', { Value: long(1_025) }, 400],
  ['a value of many bytes', 'PUT', '/keys/k', { Value: 'é'.repeat(513) }, 400],
  ['no value', 'PUT', '/keys/k', {}, 400],
  ['too many keys at once', 'POST', '/keys', { Puts: fifty }, 400],
  ['no keys at all', 'POST', '/keys', {}, 400],
  [
    'a key twice',
    'POST',
    '/keys',
    { Puts: [{ Key: 'k', Value: '' }], Deletes: [{ Key: 'k' }] },
    400,
  ],
]

for (const [name, method, path, body, status] of refused)
  test(`refused, and nothing is written: ${name}`, async () => {
    const { data, ask } = await filled()
    await using _ = data
    assert.equal((await ask(method, path, body)).status, status)
    assert.equal((await ask('GET', '')).json.ItemCount, 0)
  })

test('a store holds no more than it may', async () => {
  const { data, ask } = await filled()
  await using _ = data
  const before = {
    accountId,
    etag: 'KV0',
    createdAt: 0,
    modifiedAt: 0,
    items: 9,
    bytes: 5 * 2 ** 20 - 3,
  }
  await data.store.documents.transact((transaction) =>
    transaction.put(keyValueCollections.contents, id, before),
  )
  assert.equal((await ask('PUT', '/keys/key', { Value: 'v' })).status, 402)
  assert.equal((await ask('PUT', '/keys/ke', { Value: 'v' })).status, 200)
})

test("another account's store is none of the caller's", async () => {
  const { data } = await filled()
  await using _ = data
  const asked = await data.ask('GET', `${root}/keys/k`, undefined, { accountId: '222222222222' })
  assert.equal(asked.status, 404)
  assert.equal(data.needs()[0]?.resourceAccountId, accountId)
  assert.equal((await data.ask('GET', '/key-value-stores/other/keys/k')).status, 400)
})

const file = (text: string) => ({
  aws: async (_service: string, operation: string) =>
    operation === 'GetObject' ? { Body: Buffer.from(text) } : {},
})
const creation = (name: string) =>
  `<CreateKeyValueStoreRequest xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/"><Name>${name}</Name><ImportSource><SourceType>S3</SourceType><SourceARN>arn:aws:s3:::files/pairs.json</SourceARN></ImportSource></CreateKeyValueStoreRequest>`

test('a store is filled from a file, described, changed, and deleted', async () => {
  await using cloudfront = await harness('cloudfront')
  const path = '/2020-05-31/key-value-store'
  const pairs = '{"data":[{"key":"a","value":"1"},{"key":"b","value":"22"}]}'
  const made = await cloudfront.ask('POST', path, creation('one'), file(pairs))
  assert.equal(made.status, 201)
  assert.equal(elementOf(made.text, 'Status'), 'PROVISIONING')
  const kept = await cloudfront.store.documents.list<{ items: number; bytes: number }>(
    keyValueCollections.contents,
  )
  assert.deepEqual([kept[0]?.value.items, kept[0]?.value.bytes], [2, 5])
  const twice = await cloudfront.ask('POST', path, creation('one'), file(pairs))
  assert.equal(elementOf(twice.text, 'Code'), 'EntityAlreadyExists')
  const described = await cloudfront.ask('GET', `${path}/one`)
  assert.equal(elementOf(described.text, 'Status'), 'READY')
  const changed = await cloudfront.ask(
    'PUT',
    `${path}/one`,
    '<UpdateKeyValueStoreRequest xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/"><Comment>c</Comment></UpdateKeyValueStoreRequest>',
    {},
    ['If-Match', described.headers['etag'] ?? ''],
  )
  assert.equal(elementOf(changed.text, 'Comment'), 'c')
  const stale = ['If-Match', described.headers['etag'] ?? '']
  assert.equal((await cloudfront.ask('DELETE', `${path}/one`, undefined, {}, stale)).status, 412)
  const fresh = ['If-Match', changed.headers['etag'] ?? '']
  assert.equal((await cloudfront.ask('DELETE', `${path}/one`, undefined, {}, fresh)).status, 204)
  assert.equal((await cloudfront.store.documents.list(keyValueCollections.values)).length, 0)
  assert.equal((await cloudfront.ask('GET', `${path}/one`)).status, 404)
})

const unusable: Readonly<Record<string, string>> = {
  'no JSON': '{',
  'another form': '{"a":"b"}',
  'a key twice': '{"data":[{"key":"a","value":"1"},{"key":"a","value":"2"}]}',
  'a value that is a number': '{"data":[{"key":"a","value":1}]}',
  'an entry that is none': '{"data":[null]}',
  'a key that is too long': JSON.stringify({ data: [{ key: long(600), value: '' }] }),
}

for (const [name, text] of Object.entries(unusable))
  test(`no store is made from a file with ${name}`, async () => {
    await using cloudfront = await harness('cloudfront')
    const path = '/2020-05-31/key-value-store'
    const made = await cloudfront.ask('POST', path, creation('one'), file(text))
    assert.deepEqual([made.status, elementOf(made.text, 'Code')], [400, 'InvalidArgument'])
    assert.equal((await cloudfront.ask('GET', `${path}/one`)).status, 404)
  })

test('a file is read with the rights of who asks', async () => {
  await using cloudfront = await harness('cloudfront')
  const aws = async () => {
    throw new AwsError('AccessDenied', 'no', 403)
  }
  const made = await cloudfront.ask('POST', '/2020-05-31/key-value-store', creation('one'), { aws })
  assert.deepEqual([made.status, elementOf(made.text, 'Code')], [403, 'AccessDenied'])
})
