import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { AwsError } from '@sekisho/protocols'
import { harness } from '../harness.fixture.ts'
import { config, create, elementOf, optimized, type Parts, root } from './cloudfront.fixture.ts'

interface Refused {
  readonly name: string
  readonly parts: Parts
  readonly code: string
  readonly message?: string
}

const forwarded = (name: string) =>
  `<ForwardedValues><QueryString>false</QueryString><Cookies><Forward>none</Forward></Cookies><Headers><Quantity>1</Quantity><Items><Name>${name}</Name></Items></Headers></ForwardedValues><MinTTL>0</MinTTL>`

function logging(bucket: string, prefix = ''): string {
  return `<Logging><Enabled>true</Enabled><IncludeCookies>false</IncludeCookies><Bucket>${bucket}</Bucket><Prefix>${prefix}</Prefix></Logging>`
}

function certificate(version: string): string {
  return `<ViewerCertificate><ACMCertificateArn>arn:aws:acm:us-east-1:111111111111:certificate/a-b</ACMCertificateArn><SSLSupportMethod>sni-only</SSLSupportMethod><MinimumProtocolVersion>${version}</MinimumProtocolVersion></ViewerCertificate>`
}

const refused: readonly Refused[] = [
  {
    name: 'a header both added and forwarded',
    parts: { headers: { 'X-Api-Key': 'k' }, behaviour: forwarded('x-api-key') },
    code: 'InvalidArgument',
    message:
      'The parameter Header Name with value X-Api-Key is not allowed as both an origin custom header and a forward header.',
  },
  {
    name: 'a header both added and forwarded by an origin request policy',
    parts: {
      headers: { Referer: 'secret' },
      behaviour: `<CachePolicyId>${optimized}</CachePolicyId><OriginRequestPolicyId>acba4595-bd28-49b8-b9fe-13317c0390fa</OriginRequestPolicyId>`,
    },
    code: 'InvalidArgument',
    message:
      'The parameter Header Name with value Referer is not allowed as both an origin custom header and a forward header.',
  },
  {
    name: 'a custom header that CloudFront keeps to itself',
    parts: { headers: { 'X-Amz-Date': 'now' } },
    code: 'InvalidArgument',
    message: 'The parameter Header Name with value X-Amz-Date is not allowed.',
  },
  { name: 'a custom header Host', parts: { headers: { Host: 'a.b' } }, code: 'InvalidArgument' },
  { name: 'an address for an origin', parts: { domain: '10.0.0.1' }, code: 'InvalidArgument' },
  {
    name: 'a URL for an origin',
    parts: { domain: 'https://a.example.com' },
    code: 'InvalidArgument',
    message: 'The parameter origin name cannot contain a colon.',
  },
  {
    name: 'a country that there is not',
    parts: {
      more: '<Restrictions><GeoRestriction><RestrictionType>blacklist</RestrictionType><Quantity>1</Quantity><Items><Location>ZZ</Location></Items></GeoRestriction></Restrictions>',
    },
    code: 'InvalidLocationCode',
  },
  {
    name: 'a cache policy that is not there',
    parts: { behaviour: '<CachePolicyId>nothing</CachePolicyId>' },
    code: 'NoSuchCachePolicy',
  },
  {
    name: 'neither a policy nor forwarded values',
    parts: { behaviour: '' },
    code: 'InvalidArgument',
    message: 'The parameter ForwardedValues is required.',
  },
  {
    name: 'a name without a certificate',
    parts: {
      more: '<Aliases><Quantity>1</Quantity><Items><CNAME>www.example.com</CNAME></Items></Aliases>',
    },
    code: 'InvalidViewerCertificate',
  },
  {
    name: 'a quantity that does not hold',
    parts: { more: '<Aliases><Quantity>2</Quantity><Items></Items></Aliases>' },
    code: 'InconsistentQuantities',
  },
  {
    name: 'a log that goes to no bucket',
    parts: { more: logging('logs.example.com') },
    code: 'InvalidArgument',
    message: 'The parameter Logging Bucket does not refer to a valid S3 bucket.',
  },
  {
    name: 'a log whose names begin with a slash',
    parts: { more: logging('logs.s3.amazonaws.com', '/cdn') },
    code: 'InvalidArgument',
  },
  {
    name: 'viewers of TLS 1.3 alone',
    parts: { more: certificate('TLSv1.3_2025') },
    code: 'InvalidArgument',
    message:
      'The minimum protocol version TLSv1.3_2025 of viewers is not supported by Sekisho yet.',
  },
  {
    name: 'viewers of a protocol that there is not',
    parts: { more: certificate('TLSv9') },
    code: 'InvalidArgument',
    message: 'The parameter MinimumProtocolVersion is not valid.',
  },
  {
    name: 'what is not built',
    parts: { more: '<WebACLId>acl</WebACLId>' },
    code: 'InvalidArgument',
    message: 'A web ACL is not supported by Sekisho yet.',
  },
]

for (const { name, parts, code, message } of refused)
  test(`a distribution is refused with ${name}`, async () => {
    await using cloudfront = await harness('cloudfront')
    const { text } = await create(cloudfront, parts)
    assert.equal(elementOf(text, 'Code'), code)
    if (message !== undefined) assert.equal(elementOf(text, 'Message'), message)
  })

test('policies that forward all headers do not clash with custom headers', async () => {
  await using cloudfront = await harness('cloudfront')
  const { status } = await create(cloudfront, {
    headers: { 'x-api-key': 'k' },
    behaviour: `<CachePolicyId>${optimized}</CachePolicyId><OriginRequestPolicyId>b689b0a8-53d0-40ab-baf2-68738e2966ac</OriginRequestPolicyId>`,
  })
  assert.equal(status, 201)
})

interface Asked {
  readonly operation: string
  readonly policy: unknown
}

/** A bucket with that policy, and what is asked of it. */
function bucketWith(policy?: object) {
  const asked: Asked[] = []
  const aws = async (_: string, operation: string, input: Record<string, unknown>) => {
    const given = input['Policy']
    asked.push({ operation, policy: given === undefined ? undefined : JSON.parse(String(given)) })
    if (operation === 'PutBucketPolicy') return {}
    if (policy === undefined) throw new AwsError('NoSuchBucketPolicy', 'none', 404)
    return { Policy: JSON.stringify(policy) }
  }
  return { asked, aws }
}

test("a log's bucket lets it in from then on, beside what its policy says already", async () => {
  await using cloudfront = await harness('cloudfront')
  const body = config({ more: logging('logs.s3.amazonaws.com', 'cdn') })
  const first = bucketWith()
  const path = `${root}/distribution`
  assert.equal((await cloudfront.ask('POST', path, body, { aws: first.aws })).status, 201)
  const { Statement } = first.asked[1]!.policy as { Statement: object[] }
  const [granted] = Statement as [Record<string, unknown>]
  assert.equal(granted['Action'], 's3:PutObject')
  assert.equal(granted['Resource'], 'arn:aws:s3:::logs/cdn*')
  assert.deepEqual(granted['Principal'], { Service: 'delivery.logs.amazonaws.com' })
  const own = { Sid: 'mine', Effect: 'Deny', Principal: '*', Action: 's3:*', Resource: '*' }
  const second = bucketWith({ Version: '2012-10-17', Statement: own })
  await cloudfront.ask('POST', path, body, { aws: second.aws })
  assert.deepEqual(second.asked[1]?.policy, { Version: '2012-10-17', Statement: [own, granted] })
  const third = bucketWith({ Version: '2012-10-17', Statement: [own, granted] })
  await cloudfront.ask('POST', path, body, { aws: third.aws })
  assert.deepEqual(
    third.asked.map(({ operation }) => operation),
    ['GetBucketPolicy'],
  )
})

test('nobody has a log written where they may not change who may write', async () => {
  await using cloudfront = await harness('cloudfront')
  const aws = async () => {
    throw new AwsError('AccessDenied', 'no', 403)
  }
  const body = config({ more: logging('logs.s3.amazonaws.com') })
  const { status, text } = await cloudfront.ask('POST', `${root}/distribution`, body, { aws })
  assert.deepEqual([status, elementOf(text, 'Code')], [403, 'AccessDenied'])
})

test('the same caller reference makes the same distribution, or is refused for another', async () => {
  await using cloudfront = await harness('cloudfront')
  const first = await create(cloudfront)
  const again = await create(cloudfront)
  assert.equal(elementOf(again.text, 'Id'), elementOf(first.text, 'Id'))
  const other = await create(cloudfront, { enabled: false })
  assert.equal(elementOf(other.text, 'Code'), 'DistributionAlreadyExists')
  assert.equal(other.status, 409)
})

test('a distribution is deleted once it is disabled, under the version that its ETag names', async () => {
  await using cloudfront = await harness('cloudfront')
  const made = await create(cloudfront)
  const path = `${root}/distribution/${elementOf(made.text, 'Id')}`
  const change = (method: string, version: string | undefined, body?: string) =>
    cloudfront.ask(
      method,
      method === 'PUT' ? `${path}/config` : path,
      body,
      {},
      version === undefined ? [] : ['If-Match', version],
    )
  const etag = made.headers['etag'] ?? ''
  const codeOf = async (answer: Promise<{ text: string }>) => elementOf((await answer).text, 'Code')
  assert.equal(await codeOf(change('DELETE', undefined)), 'InvalidIfMatchVersion')
  assert.equal(await codeOf(change('DELETE', 'ESTALE')), 'PreconditionFailed')
  assert.equal(await codeOf(change('DELETE', etag)), 'DistributionNotDisabled')
  const renamed = change('PUT', etag, config({ reference: 'two' }))
  assert.equal(await codeOf(renamed), 'IllegalUpdate')
  const disabled = await change('PUT', etag, config({ enabled: false }))
  assert.equal(disabled.status, 200)
  assert.equal(await codeOf(change('DELETE', etag)), 'PreconditionFailed')
  assert.equal((await change('DELETE', disabled.headers['etag'])).status, 204)
  assert.equal(await codeOf(change('GET', undefined)), 'NoSuchDistribution')
})

test("nobody sees another account's distribution", async () => {
  await using cloudfront = await harness('cloudfront')
  const made = await create(cloudfront)
  const { text } = await cloudfront.ask(
    'GET',
    `${root}/distribution/${elementOf(made.text, 'Id')}`,
    undefined,
    { accountId: '222222222222' },
  )
  assert.equal(elementOf(text, 'Code'), 'NoSuchDistribution')
})

test('every managed policy is known by its id', async () => {
  await using cloudfront = await harness('cloudfront')
  for (const [kind, count] of [
    ['cache-policy', 7],
    ['origin-request-policy', 8],
    ['response-headers-policy', 5],
  ] as const) {
    const { text } = await cloudfront.ask('GET', `${root}/${kind}?Type=managed`)
    assert.equal(elementOf(text, 'Quantity'), String(count), kind)
  }
})

test('a policy that a distribution uses is not deleted, and a managed one never', async () => {
  await using cloudfront = await harness('cloudfront')
  const policy = `<CachePolicyConfig><Name>mine</Name><MinTTL>0</MinTTL></CachePolicyConfig>`
  const made = await cloudfront.ask('POST', `${root}/cache-policy`, policy)
  const id = elementOf(made.text, 'Id') ?? ''
  await create(cloudfront, { behaviour: `<CachePolicyId>${id}</CachePolicyId>` })
  const headers = ['If-Match', made.headers['etag'] ?? '']
  const used = await cloudfront.ask('DELETE', `${root}/cache-policy/${id}`, undefined, {}, headers)
  assert.equal(elementOf(used.text, 'Code'), 'CachePolicyInUse')
  const managed = await cloudfront.ask(
    'DELETE',
    `${root}/cache-policy/${optimized}`,
    undefined,
    {},
    headers,
  )
  assert.equal(elementOf(managed.text, 'Code'), 'IllegalDelete')
})

test('invalidations are kept, completed, and the same batch is the same invalidation', async () => {
  await using cloudfront = await harness('cloudfront')
  const id = elementOf((await create(cloudfront)).text, 'Id')
  const batch = (path: string) =>
    `<InvalidationBatch><Paths><Quantity>1</Quantity><Items><Path>${path}</Path></Items></Paths><CallerReference>r</CallerReference></InvalidationBatch>`
  const path = `${root}/distribution/${id}/invalidation`
  const first = await cloudfront.ask('POST', path, batch('/images/*'))
  assert.equal(first.status, 201)
  const again = await cloudfront.ask('POST', path, batch('/images/*'))
  assert.equal(elementOf(again.text, 'Id'), elementOf(first.text, 'Id'))
  const other = await cloudfront.ask('POST', path, batch('/*'))
  assert.equal(elementOf(other.text, 'Code'), 'InvalidArgument')
  const found = await cloudfront.ask('GET', `${path}/${elementOf(first.text, 'Id')}`)
  assert.equal(elementOf(found.text, 'Status'), 'Completed')
})

test('a key group holds keys that exist, and both stay as long as they are used', async () => {
  await using cloudfront = await harness('cloudfront')
  const pem = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).publicKey.export({
    type: 'spki',
    format: 'pem',
  })
  const key = (encoded: unknown) =>
    `<PublicKeyConfig><CallerReference>r</CallerReference><Name>key</Name><EncodedKey>${encoded}</EncodedKey></PublicKeyConfig>`
  const group = (id: string) =>
    `<KeyGroupConfig><Name>group</Name><Items><PublicKey>${id}</PublicKey></Items></KeyGroupConfig>`
  const codeOf = async (answer: Promise<{ text: string }>) => elementOf((await answer).text, 'Code')
  const badKey = cloudfront.ask('POST', `${root}/public-key`, key('no key'))
  assert.equal(await codeOf(badKey), 'InvalidArgument')
  const badGroup = cloudfront.ask('POST', `${root}/key-group`, group('KNOTHING'))
  assert.equal(await codeOf(badGroup), 'InvalidArgument')
  const made = await cloudfront.ask('POST', `${root}/public-key`, key(pem))
  const keyId = elementOf(made.text, 'Id') ?? ''
  const grouped = await cloudfront.ask('POST', `${root}/key-group`, group(keyId))
  const groupId = elementOf(grouped.text, 'Id') ?? ''
  const remove = (path: string, etag: string | undefined) =>
    cloudfront.ask('DELETE', `${root}/${path}`, undefined, {}, ['If-Match', etag ?? ''])
  assert.equal(await codeOf(remove(`public-key/${keyId}`, made.headers['etag'])), 'PublicKeyInUse')
  const trusting = (id: string) =>
    create(cloudfront, {
      behaviour: `<TrustedKeyGroups><Enabled>true</Enabled><Quantity>1</Quantity><Items><KeyGroup>${id}</KeyGroup></Items></TrustedKeyGroups><CachePolicyId>${optimized}</CachePolicyId>`,
    })
  assert.equal(await codeOf(trusting('nothing')), 'TrustedKeyGroupDoesNotExist')
  assert.equal((await trusting(groupId)).status, 201)
  assert.equal(
    await codeOf(remove(`key-group/${groupId}`, grouped.headers['etag'])),
    'ResourceInUse',
  )
})
