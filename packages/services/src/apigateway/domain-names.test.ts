import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type MadeApi, madeApi, refusal } from './made-api.fixture.ts'

const certificate = 'arn:aws:acm:us-east-1:000000000000:certificate/1'

async function deployed(): Promise<MadeApi> {
  const made = await madeApi()
  await made.ask('POST', '/restapis/{api}/deployments', { stageName: 'prod' })
  return made
}

const createDomain = ({ ask }: MadeApi, members: object = {}) =>
  ask('POST', '/domainnames', {
    domainName: 'api.example.com',
    regionalCertificateArn: certificate,
    endpointConfiguration: { types: ['REGIONAL'] },
    ...members,
  })

const mappings = '/domainnames/api.example.com/basepathmappings'

test('a regional domain name is shown as AWS shows it', async () => {
  await using made = await deployed()
  const { status, json } = await createDomain(made, { tags: { team: 'a' } })
  assert.equal(status, 201)
  const { regionalDomainName, ...others } = json
  assert.match(regionalDomainName, /^d-[a-z0-9]{10}\.execute-api\.us-east-1\.amazonaws\.com$/)
  assert.deepEqual(others, {
    domainName: 'api.example.com',
    domainNameArn: 'arn:aws:apigateway:us-east-1::/domainnames/api.example.com',
    domainNameStatus: 'AVAILABLE',
    endpointConfiguration: { ipAddressType: 'ipv4', types: ['REGIONAL'] },
    regionalCertificateArn: certificate,
    regionalHostedZoneId: 'Z1UJRXOUMOOFQ8',
    routingMode: 'BASE_PATH_MAPPING_ONLY',
    securityPolicy: 'TLS_1_2',
    tags: { team: 'a' },
  })
  assert.deepEqual((await made.ask('GET', '/domainnames/api.example.com')).json, json)
  assert.deepEqual((await made.ask('GET', '/domainnames')).json, { item: [json] })
})

test('an edge-optimized domain name has a distribution instead', async () => {
  await using made = await deployed()
  const { json } = await made.ask('POST', '/domainnames', {
    domainName: 'API.example.com',
    certificateArn: certificate,
  })
  assert.match(json.distributionDomainName, /^d[a-z0-9]{13}\.cloudfront\.net$/)
  assert.deepEqual(
    [json.domainName, json.distributionHostedZoneId, json.regionalDomainName],
    ['api.example.com', 'Z2FDTNDATAQYW2', undefined],
  )
})

test('that somebody owns the name can be shown by another certificate', async () => {
  await using made = await deployed()
  const path = '/ownershipVerificationCertificateArn'
  const { json } = await createDomain(made, { ownershipVerificationCertificateArn: certificate })
  assert.equal(json.ownershipVerificationCertificateArn, certificate)
  const removed = await made.patch('/domainnames/api.example.com', { op: 'remove', path })
  assert.equal(removed.json.ownershipVerificationCertificateArn, undefined)
  const elsewhere = certificate.replace('us-east-1', 'eu-west-1')
  const wrong = { op: 'replace', path, value: elsewhere }
  assert.equal((await made.patch('/domainnames/api.example.com', wrong)).status, 400)
})

test('a name belongs to one place alone', async () => {
  await using made = await deployed()
  await createDomain(made)
  const again = [400, 'The domain name you provided already exists.']
  assert.deepEqual(refusal(await createDomain(made)), again)
  const other = await made.api.ask(
    'POST',
    '/domainnames',
    { domainName: 'api.example.com', certificateArn: certificate },
    { accountId: '222222222222' },
  )
  assert.deepEqual(refusal(other), again)
  const elsewhere = { accountId: '222222222222' }
  assert.deepEqual(
    refusal(await made.api.ask('DELETE', '/domainnames/api.example.com', undefined, elsewhere)),
    [404, 'Invalid domain name identifier specified'],
  )
})

const refused: readonly (readonly [string, object, RegExp])[] = [
  ['an address', { domainName: '10.0.0.1' }, /^The provided domain name is invalid/],
  ['a single label', { domainName: 'localhost' }, /^The provided domain name is invalid/],
  ['a bucket of this endpoint', { domainName: 'bucket.localhost' }, /reserved for this endpoint/],
  ['this endpoint itself', { domainName: 'sts.us-east-1.localhost' }, /reserved/],
  ['an API of this endpoint', { domainName: 'a.execute-api.us-east-1.localhost' }, /reserved/],
  ["a name of AWS's", { domainName: 'iam.amazonaws.com' }, /reserved/],
  ['a wildcard within', { domainName: 'a.*.example.com' }, /^The provided domain name is invalid/],
  ['no certificate', { regionalCertificateArn: undefined }, /regionalCertificateArn\.$/],
  ['no ARN', { regionalCertificateArn: 'cert' }, /^Invalid certificate ARN specified/],
  [
    "another region's certificate",
    { regionalCertificateArn: certificate.replace('us-east-1', 'eu-west-1') },
    /must be in 'us-east-1'/,
  ],
  [
    'a truststore that is no object of S3',
    { mutualTlsAuthentication: { truststoreUri: 'https://a/b' } },
    /^Invalid truststoreUri/,
  ],
  [
    'a version of no truststore',
    { mutualTlsAuthentication: { truststoreVersion: '1' } },
    /^truststoreVersion requires a truststoreUri/,
  ],
  ['a policy', { policy: '{}' }, /'policy' is not supported/],
  [
    'a key of its own',
    { certificatePrivateKey: 'key' },
    /'certificatePrivateKey' is not supported/,
  ],
  ['routing rules', { routingMode: 'ROUTING_RULE_ONLY' }, /'ROUTING_RULE_ONLY' is not supported/],
  ['a newer TLS policy', { securityPolicy: 'SecurityPolicy_TLS13_1_3_2025_09' }, /not supported/],
  [
    'a private endpoint',
    { endpointConfiguration: { types: ['PRIVATE'] } },
    /A private custom domain name is not supported/,
  ],
]
for (const [what, members, message] of refused)
  test(`a domain name may not be or have: ${what}`, async () => {
    await using made = await deployed()
    const { status, json } = await createDomain(made, members)
    assert.equal(status, 400)
    assert.match(json.message, message)
  })

test('base paths are created, read, changed and deleted', async () => {
  await using made = await deployed()
  const { ask, id } = made
  await createDomain(made)
  const created = await ask('POST', mappings, { basePath: 'v1', restApiId: id, stage: 'prod' })
  assert.deepEqual(
    [created.status, created.json],
    [201, { basePath: 'v1', restApiId: id, stage: 'prod' }],
  )
  const root = await ask('POST', mappings, { restApiId: id })
  assert.deepEqual(root.json, { basePath: '(none)', restApiId: id })
  assert.deepEqual((await ask('GET', mappings)).json.item.length, 2)
  const moved = await made.patch(
    `${mappings}/v1`,
    { op: 'replace', path: '/basePath', value: 'v2' },
    { op: 'replace', path: '/stage', value: '' },
  )
  assert.deepEqual(moved.json, { basePath: 'v2', restApiId: id })
  assert.equal((await ask('GET', `${mappings}/v1`)).status, 404)
  assert.equal((await ask('DELETE', `${mappings}/v2`)).status, 202)
  assert.equal((await ask('DELETE', `${mappings}/(none)`)).status, 202)
  assert.deepEqual((await ask('GET', mappings)).json, { item: [] })
})

test('what a base path may not be or lead to is refused in the words of AWS', async () => {
  await using made = await deployed()
  const { ask, id } = made
  await createDomain(made)
  await ask('POST', mappings, { restApiId: id, stage: 'prod' })
  const create = async (members: object) =>
    refusal(await ask('POST', mappings, { restApiId: id, ...members }))
  assert.deepEqual(await create({ basePath: '(none)' }), [
    409,
    'Base path already exists for this domain name',
  ])
  assert.deepEqual(await create({ basePath: 'a/b' }), [
    400,
    "API Gateway V1 doesn't support the slash character (/) in base path mappings. To create a multi-level base path mapping, use API Gateway V2.",
  ])
  assert.deepEqual(await create({ basePath: 'a', restApiId: 'nothing' }), [
    400,
    'Invalid REST API identifier specified',
  ])
  assert.deepEqual(await create({ basePath: 'a', stage: 'beta' }), [
    400,
    'Invalid stage identifier specified',
  ])
  assert.equal((await create({ basePath: '..' }))[0], 400)
  assert.deepEqual(refusal(await ask('GET', `${mappings}/a`)), [
    404,
    'Invalid base path mapping identifier specified',
  ])
})

test('an API or stage that a domain name leads to is not deleted', async () => {
  await using made = await deployed()
  const { ask, id } = made
  await createDomain(made)
  await ask('POST', mappings, { restApiId: id, stage: 'prod' })
  assert.deepEqual(refusal(await ask('DELETE', '/restapis/{api}')), [
    400,
    `Deleting RestApi ${id} failed. Please remove all base path mappings related to the RestApi in your domains: api.example.com`,
  ])
  assert.equal((await ask('DELETE', '/restapis/{api}/stages/prod')).status, 400)
  assert.equal((await ask('DELETE', '/domainnames/api.example.com')).status, 202)
  assert.equal((await ask('DELETE', '/restapis/{api}')).status, 202)
})

test('who may call is asked with the endpoint type, the TLS policy and the tags', async () => {
  await using made = await deployed()
  await createDomain(made, { tags: { team: 'a' } })
  assert.deepEqual(made.api.needs()[0], {
    action: 'apigateway:POST',
    resource: 'arn:aws:apigateway:us-east-1::/domainnames',
    keys: {
      'apigateway:Request/EndpointType': ['REGIONAL'],
      'apigateway:Request/SecurityPolicy': 'TLS_1_2',
      'aws:TagKeys': ['team'],
      'aws:RequestTag/team': 'a',
    },
  })
  await made.ask('GET', '/domainnames/api.example.com')
  assert.deepEqual(made.api.needs()[0], {
    action: 'apigateway:GET',
    resource: 'arn:aws:apigateway:us-east-1::/domainnames/api.example.com',
    keys: { 'aws:ResourceTag/team': 'a' },
  })
})

test('an endpoint moves where it has a certificate', async () => {
  await using made = await deployed()
  await createDomain(made)
  const at = '/domainnames/api.example.com'
  const toEdge = { op: 'replace', path: '/endpointConfiguration/types/0', value: 'EDGE' }
  assert.equal((await made.patch(at, toEdge)).status, 400)
  const certified = { op: 'replace', path: '/certificateArn', value: certificate }
  const { json } = await made.patch(at, certified, toEdge)
  assert.deepEqual(json.endpointConfiguration.types, ['EDGE'])
})
