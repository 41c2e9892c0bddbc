import assert from 'node:assert/strict'
import { createSign, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { test } from 'node:test'
import { createEdge } from './edge.fixture.ts'

const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 })
const elliptic = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
const pemOf = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }) as string
const trustedKeys = [
  { id: 'KRSA', pem: pemOf(rsa.publicKey) },
  { id: 'KEC', pem: pemOf(elliptic.publicKey) },
]

const forUrl = (bytes: Buffer) =>
  bytes.toString('base64').replaceAll('+', '-').replaceAll('=', '_').replaceAll('/', '~')
const sign = (policy: string, key: KeyObject, hash = 'SHA1') =>
  forUrl(createSign(hash).update(policy).sign(key))

const now = Date.UTC(2026, 0, 1) / 1_000
const url = 'https://d111111abcdef8.cloudfront.net/private/a.jpg'

function canned(resource: string, expires: number): string {
  return `{"Statement":[{"Resource":"${resource}","Condition":{"DateLessThan":{"AWS:EpochTime":${expires}}}}]}`
}

interface Custom {
  readonly Resource?: string
  readonly until?: number
  readonly from?: number
  readonly block?: string
  readonly more?: object
}

function custom({ Resource = '*', until = now + 60, from, block, more }: Custom): string {
  const Condition = {
    DateLessThan: { 'AWS:EpochTime': until },
    ...(from !== undefined && { DateGreaterThan: { 'AWS:EpochTime': from } }),
    ...(block !== undefined && { IpAddress: { 'AWS:SourceIp': block } }),
    ...more,
  }
  return JSON.stringify({ Statement: [{ Resource, Condition }] })
}

const edge = () => createEdge({ behaviour: { trustedKeys } })

const cannedQuery = (resource: string, expires: number, key = rsa.privateKey, id = 'KRSA') =>
  `Expires=${expires}&Signature=${sign(canned(resource, expires), key)}&Key-Pair-Id=${id}`
const customQuery = (policy: string, hash = 'SHA1') =>
  `Policy=${forUrl(Buffer.from(policy))}&Signature=${sign(policy, rsa.privateKey, hash)}&Key-Pair-Id=KRSA`

const refused: Readonly<Record<string, string>> = {
  'an expired signature': cannedQuery(url, now),
  'a signature for another path': cannedQuery(url.replace('a.jpg', 'b.jpg'), now + 60),
  'a signature for another host': cannedQuery('https://other.example/private/a.jpg', now + 60),
  'a later expiry than the signed one': cannedQuery(url, now + 60).replace(
    /Expires=\d+/,
    `Expires=${now + 600}`,
  ),
  'a key that is not trusted': cannedQuery(url, now + 60, rsa.privateKey, 'KOTHER'),
  "another key's signature": cannedQuery(url, now + 60, elliptic.privateKey, 'KRSA'),
  'no signature': `Expires=${now + 60}&Key-Pair-Id=KRSA`,
  'an empty signature': `Expires=${now + 60}&Signature=&Key-Pair-Id=KRSA`,
  'a custom policy for something else': customQuery(custom({ Resource: 'https://*/public/*' })),
  'a custom policy that begins later': customQuery(custom({ from: now + 1 })),
  'a custom policy for another address': customQuery(custom({ block: '198.51.100.0/24' })),
  'a condition that is not known': customQuery(custom({ more: { StringEquals: { a: 'b' } } })),
  'a policy without an end': customQuery('{"Statement":[{"Resource":"*","Condition":{}}]}'),
  'two statements': customQuery(
    `{"Statement":[${custom({}).slice(14, -2)},${custom({}).slice(14, -2)}]}`,
  ),
  'a policy that is no JSON': customQuery('anything'),
  'a hash that is not offered': `${customQuery(custom({}), 'MD5')}&Hash-Algorithm=MD5`,
  'a key named twice': `${cannedQuery(url, now + 60)}&Key-Pair-Id=KRSA`,
}

for (const [name, query] of Object.entries(refused))
  test(`private content is refused with ${name}`, async () => {
    const { status, text, headers } = await edge().get(`/private/a.jpg?${query}`)
    assert.equal(status, 403)
    assert.equal(headers('content-type'), 'text/xml')
    assert.match(text, /<Code>(?:AccessDenied|MissingKey)<\/Code>/)
  })

const served: Readonly<Record<string, string>> = {
  'a canned policy': cannedQuery(url, now + 60),
  'the address that was called': cannedQuery(
    'http://d111111abcdef8.cloudfront.localhost/private/a.jpg',
    now + 60,
  ),
  'an elliptic key': cannedQuery(url, now + 60, elliptic.privateKey, 'KEC'),
  'a custom policy with wildcards': customQuery(
    custom({ Resource: 'http*://*/private/?.jpg', from: now - 1, block: '203.0.113.0/24' }),
  ),
  'SHA-256': `${customQuery(custom({}), 'SHA256')}&Hash-Algorithm=SHA256`,
}

for (const [name, query] of Object.entries(served))
  test(`private content is served with ${name}`, async () => {
    assert.equal((await edge().get(`/private/a.jpg?${query}`)).status, 200)
  })

test('without a key there is nothing to judge', async () => {
  const { status, text } = await edge().get('/private/a.jpg')
  assert.equal(status, 403)
  assert.equal(
    text,
    '<?xml version="1.0" encoding="UTF-8"?><Error><Code>MissingKey</Code><Message>Missing Key-Pair-Id query parameter or cookie value</Message></Error>',
  )
})

test('signed cookies let in as signed URLs do', async () => {
  const policy = custom({ Resource: 'https://d111111abcdef8.cloudfront.net/private/*' })
  const cookie = [
    `CloudFront-Policy=${forUrl(Buffer.from(policy))}`,
    `CloudFront-Signature=${sign(policy, rsa.privateKey)}`,
    'CloudFront-Key-Pair-Id=KRSA',
  ].join('; ')
  assert.equal((await edge().get('/private/a.jpg', { Cookie: cookie })).status, 200)
  assert.equal((await edge().get('/public/a.jpg', { Cookie: cookie })).status, 403)
})

test('a signature is no part of the key, and the origin never sees it', async () => {
  const made = createEdge({
    behaviour: { trustedKeys },
    cache: { query: { mode: 'all' } },
  })
  await made.get(`/private/a.jpg?${cannedQuery(url, now + 60)}`)
  assert.equal(made.asked[0]?.rawQuery, '')
  const again = await made.get(`/private/a.jpg?${cannedQuery(url, now + 90)}`)
  assert.equal(again.cache, 'Hit')
  const withQuery = cannedQuery(`${url}?size=1`, now + 60)
  assert.equal((await made.get(`/private/a.jpg?size=1&${withQuery}`)).status, 200)
  assert.equal(made.asked.at(-1)?.rawQuery, 'size=1')
  assert.equal((await made.get(`/private/a.jpg?size=2&${withQuery}`)).status, 403)
})

test('a hit is for those who may, and a behaviour that trusts nobody serves nobody', async () => {
  const made = edge()
  await made.get(`/private/a.jpg?${cannedQuery(url, now + 60)}`)
  assert.equal((await made.get('/private/a.jpg')).status, 403)
  const nobody = createEdge({ behaviour: { trustedKeys: [] } })
  const { status } = await nobody.get(`/private/a.jpg?${cannedQuery(url, now + 60)}`)
  assert.equal(status, 403)
})

test('where the path names the distribution, what is signed for one is not for another', async () => {
  const address = (id: string) => `http://127.0.0.1:4566/_aws/cloudfront/${id}/private/a.jpg`
  const viewer = { host: '127.0.0.1:4566', prefix: '/_aws/cloudfront/EONE' }
  const statusOf = async (id: string) =>
    (await edge().get(`/private/a.jpg?${cannedQuery(address(id), now + 60)}`, {}, viewer)).status
  assert.equal(await statusOf('EONE'), 200)
  assert.equal(await statusOf('ETWO'), 403)
  const bare = cannedQuery('http://127.0.0.1:4566/private/a.jpg', now + 60)
  assert.equal((await edge().get(`/private/a.jpg?${bare}`, {}, viewer)).status, 403)
})
