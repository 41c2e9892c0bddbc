import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AwsError } from './aws-error.ts'
import { modelOf, serviceNames } from './clients.fixture.ts'
import { identifyOperation, identifyService, protocolOf } from './identify.ts'
import type { ProtocolName } from './protocol.ts'
import { type ServiceName, serviceByPath, traitsOfService } from './services.ts'
import type { WireRequest } from './wire.ts'

interface Given {
  readonly method?: string
  readonly path?: string
  readonly query?: string
  readonly headers?: readonly string[]
  readonly body?: string | Uint8Array
}

const formType = ['Content-Type', 'application/x-www-form-urlencoded; charset=utf-8']

function request({ method = 'POST', path = '/', query = '', headers = [], body = '' }: Given) {
  return {
    method,
    rawPath: path,
    rawQuery: query,
    headers,
    body: new Uint8Array(Buffer.from(body)),
  } satisfies WireRequest
}

function faultOf(call: () => unknown): AwsError {
  try {
    call()
  } catch (error) {
    if (error instanceof AwsError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

/** What a request is taken for, sign by sign. */
const services: readonly (readonly [
  claim: string,
  given: Given,
  signed: string | undefined,
  service: ServiceName,
])[] = [
  ['the scope decides', { path: '/restapis' }, 'apigateway', 'apigateway'],
  ['the scope decides over the path', { path: '/restapis' }, 's3', 's3'],
  [
    'Access Analyzer signs with a hyphen',
    { path: '/analyzer' },
    'access-analyzer',
    'accessanalyzer',
  ],
  ['a target decides', { headers: ['X-Amz-Target', 'AWSEvents.PutRule'] }, undefined, 'events'],
  [
    'an RPC path decides',
    {
      path: '/service/Logs_20140328/operation/PutLogEvents',
      headers: ['smithy-protocol', 'rpc-v2-cbor'],
    },
    undefined,
    'logs',
  ],
  [
    'an RPC path without its header is the key of an object',
    { path: '/service/Logs_20140328/operation/PutLogEvents' },
    undefined,
    's3',
  ],
  [
    'an unsigned form is told by its version',
    { headers: formType, body: 'Action=AssumeRoleWithWebIdentity&Version=2011-06-15' },
    undefined,
    'sts',
  ],
  [
    'a form in the query of GET counts',
    { method: 'GET', query: 'Action=ListUsers&Version=2010-05-08' },
    'iam',
    'iam',
  ],
  [
    'a body that is no form is not read as one',
    { body: 'Action=A&Version=2010-05-08' },
    undefined,
    's3',
  ],
  ['a path of a model decides', { path: '/2020-05-31/distribution' }, undefined, 'cloudfront'],
  ['S3 is what is left', { method: 'GET', path: '/photos/a.jpg' }, undefined, 's3'],
  ['a bucket in the host decides', { headers: ['Host', 'a.b.s3.localhost:4566'] }, undefined, 's3'],
]

for (const [claim, given, signed, service] of services)
  test(`${claim} (${service})`, () => {
    assert.equal(identifyService(request(given), signed), service)
  })

const disagreements: readonly (readonly [
  claim: string,
  given: Given,
  signed: string | undefined,
])[] = [
  ['scope and target', { headers: ['X-Amz-Target', 'AWSEvents.PutRule'] }, 'logs'],
  ['scope and form', { headers: formType, body: 'Action=A&Version=2010-05-08' }, 'sts'],
  [
    'target and form',
    { headers: ['X-Amz-Target', 'AWSEvents.A', ...formType], body: 'Action=A&Version=2010-05-08' },
    undefined,
  ],
  ['host and scope', { headers: ['Host', 'photos.s3.localhost'] }, 'iam'],
  [
    'host and target',
    { headers: ['Host', 'photos.s3.localhost', 'X-Amz-Target', 'AWSEvents.A'] },
    undefined,
  ],
]

for (const [claim, given, signed] of disagreements)
  test(`${claim} that disagree are refused`, () => {
    const { code, message } = faultOf(() => identifyService(request(given), signed))
    assert.equal(code, 'UnknownOperationException')
    assert.match(message, /names different services: \w+, \w+/)
  })

const refusals: readonly (readonly [
  claim: string,
  given: Given,
  signed: string | undefined,
  code: string,
  message: RegExp,
])[] = [
  [
    'a service that is not ours',
    {},
    'dynamodb',
    'NotImplemented',
    /^The service dynamodb is not supported by Sekisho\.$/,
  ],
  [
    'a target of no service',
    { headers: ['X-Amz-Target', 'Nobody.Does'] },
    undefined,
    'UnknownOperationException',
    /target/,
  ],
  [
    'a target without an operation',
    { headers: ['X-Amz-Target', 'AWSEvents'] },
    undefined,
    'UnknownOperationException',
    /target/,
  ],
  [
    'two targets',
    { headers: ['X-Amz-Target', 'AWSEvents.A', 'x-amz-target', 'AWSEvents.B'] },
    undefined,
    'UnknownOperationException',
    /more than one/,
  ],
  [
    'an action given twice',
    { headers: formType, body: 'Action=A&Action=B&Version=2010-05-08' },
    'iam',
    'MalformedQueryString',
    /more than once/,
  ],
  [
    'an action in query and form',
    { query: 'Action=A', headers: formType, body: 'Action=A&Version=2010-05-08' },
    'iam',
    'MalformedQueryString',
    /more than once/,
  ],
  [
    'an action without a version',
    { headers: formType, body: 'Action=ListUsers' },
    'iam',
    'InvalidAction',
    /^Could not find operation ListUsers for version NO_VERSION_SPECIFIED$/,
  ],
  [
    'an action of an unknown version',
    { headers: formType, body: 'Action=A&Version=1999-01-01' },
    undefined,
    'InvalidAction',
    /^Could not find operation A for version 1999-01-01$/,
  ],
]

for (const [claim, given, signed, code, message] of refusals)
  test(`${claim} is refused`, () => {
    const fault = faultOf(() => identifyService(request(given), signed))
    assert.equal(fault.code, code)
    assert.match(fault.message, message)
  })

const operations: readonly (readonly [service: ServiceName, given: Given, expected: string])[] = [
  ['apigateway', { path: '/restapis', query: 'mode=import' }, 'ImportRestApi'],
  ['apigateway', { path: '/restapis', query: 'mode=x&mode=import' }, 'CreateRestApi'],
  ['apigateway', { path: '/restapis/' }, 'CreateRestApi'],
  ['apigateway', { path: '/restapis/a/resources/b' }, 'CreateResource'],
  [
    'apigateway',
    { method: 'DELETE', path: '/tags/arn%3Aaws%3Aapigateway%3A%3A%3A%2Frestapis%2Fa' },
    'UntagResource',
  ],
  ['s3', { method: 'GET' }, 'ListBuckets'],
  ['s3', { method: 'GET', path: '/b' }, 'ListObjects'],
  ['s3', { method: 'GET', path: '/b/', query: 'list-type=2' }, 'ListObjectsV2'],
  ['s3', { method: 'GET', path: '/b', query: 'x-id=DeleteBucket' }, 'ListObjects'],
  ['s3', { method: 'GET', path: '/b', query: 'policy' }, 'GetBucketPolicy'],
  ['s3', { method: 'GET', path: '/b', query: 'policyStatus' }, 'GetBucketPolicyStatus'],
  ['s3', { method: 'GET', path: '/b/k' }, 'GetObject'],
  ['s3', { method: 'GET', path: '/b/k', query: 'acl=' }, 'GetObjectAcl'],
  ['s3', { method: 'GET', path: '/b/k', query: 'uploadId=u' }, 'ListParts'],
  ['s3', { method: 'PUT', path: '/b' }, 'CreateBucket'],
  ['s3', { method: 'PUT', path: '/b/k' }, 'PutObject'],
  ['s3', { method: 'PUT', path: '/b/k', headers: ['X-Amz-Copy-Source', 'b/a'] }, 'CopyObject'],
  ['s3', { method: 'PUT', path: '/b/k', query: 'partNumber=1&uploadId=u' }, 'UploadPart'],
  [
    's3',
    {
      method: 'PUT',
      path: '/b/k',
      query: 'partNumber=1&uploadId=u',
      headers: ['x-amz-copy-source', 'b/a'],
    },
    'UploadPartCopy',
  ],
  ['s3', { method: 'DELETE', path: '/k', headers: ['Host', 'b.s3.localhost'] }, 'DeleteObject'],
  [
    's3',
    { method: 'DELETE', path: '/', headers: ['Host', 'b.s3.us-east-1.amazonaws.com'] },
    'DeleteBucket',
  ],
  ['s3', { method: 'HEAD', path: '/b' }, 'HeadBucket'],
  ['lambda', { path: '/2015-03-31/functions/f/invocations' }, 'Invoke'],
  ['scheduler', { path: '/schedules/nightly' }, 'CreateSchedule'],
]

for (const [service, given, expected] of operations) {
  const { method = 'POST', path = '/', query = '' } = given
  test(`${service}: ${method} ${path}${query && `?${query}`} is ${expected}`, async () => {
    const found = identifyOperation(service, await modelOf(service), request(given))
    assert.equal(found.operation.name, expected)
  })
}

test('labels are decoded, a slash in them too', async () => {
  const given = request({ method: 'GET', path: '/tags/arn%3Aaws%3Aa%3A%3A%3A%2Frestapis%2Fb' })
  const { labels } = identifyOperation('apigateway', await modelOf('apigateway'), given)
  assert.deepEqual(labels, { resourceArn: 'arn:aws:a:::/restapis/b' })
})

test('keys keep every slash', async () => {
  const given = request({ method: 'GET', path: '/b//a%2Fb//' })
  const { labels } = identifyOperation('s3', await modelOf('s3'), given)
  assert.deepEqual(labels, { Bucket: 'b', Key: '/a/b//' })
})

const unknown: readonly (readonly [
  service: ServiceName,
  given: Given,
  code: string,
  message: string,
])[] = [
  [
    'iam',
    { headers: formType, body: 'Action=ListUsers&Version=2011-06-15' },
    'InvalidAction',
    'Could not find operation ListUsers for version 2011-06-15',
  ],
  [
    'iam',
    { headers: formType, body: '' },
    'MissingAction',
    'The request is missing an action or a required parameter.',
  ],
  [
    'iam',
    { headers: formType, body: 'Action=Nope&Version=2010-05-08' },
    'InvalidAction',
    'Could not find operation Nope for version 2010-05-08',
  ],
  [
    'iam',
    { headers: formType, body: 'Action=__proto__&Version=2010-05-08' },
    'InvalidAction',
    'Could not find operation __proto__ for version 2010-05-08',
  ],
  ['events', { headers: ['X-Amz-Target', 'AWSEvents.Nope'] }, 'UnknownOperationException', ''],
  [
    'apigateway',
    { method: 'PATCH', path: '/nope' },
    'UnknownOperationException',
    'No operation of apigateway has PATCH on this path.',
  ],
  [
    'apigateway',
    { method: 'GET', path: '/restapis/%E0%A4%A' },
    'UnknownOperationException',
    'No operation of apigateway has GET on this path.',
  ],
  [
    'apigateway',
    { method: 'GET', path: '/restapis//resources' },
    'UnknownOperationException',
    'No operation of apigateway has GET on this path.',
  ],
  ['s3', { method: 'GET', path: '/%ff/k' }, 'InvalidURI', "Couldn't parse the specified URI."],
  [
    's3',
    { method: 'PATCH', path: '/bucket/key' },
    'MethodNotAllowed',
    'The specified method is not allowed against this resource.',
  ],
  [
    's3',
    {
      method: 'POST',
      path: '/bucket',
      headers: ['Content-Type', 'multipart/form-data; boundary=b'],
    },
    'NotImplemented',
    'Uploads from HTML forms are not supported by Sekisho.',
  ],
]

for (const [service, given, code, message] of unknown)
  test(`${service}: ${JSON.stringify(given)} is no operation`, async () => {
    const model = await modelOf(service)
    const fault = faultOf(() => identifyOperation(service, model, request(given)))
    assert.deepEqual([fault.code, fault.message], [code, message])
  })

const spoken: readonly (readonly [given: Given, service: ServiceName | undefined, ProtocolName])[] =
  [
    [{}, 'apigateway', 'restJson1'],
    [{ headers: ['Content-Type', 'application/x-amz-json-1.0'] }, 'events', 'awsJson1_0'],
    [{ headers: ['Content-Type', 'application/x-amz-json-1.1'] }, 'events', 'awsJson1_1'],
    [
      { path: '/service/AWSEvents/operation/PutRule', headers: ['smithy-protocol', 'rpc-v2-cbor'] },
      'events',
      'rpcv2Cbor',
    ],
    [
      { path: '/service/a/operation/b', headers: ['smithy-protocol', 'rpc-v2-cbor'] },
      's3',
      'restXml',
    ],
    [{ headers: ['X-Amz-Target', 'Nobody.Does'] }, undefined, 'awsJson1_1'],
    [{ headers: formType }, undefined, 'awsQuery'],
    [{ method: 'GET', query: 'Version=1&Action=A' }, undefined, 'awsQuery'],
    [{ path: '/restapis' }, undefined, 'restJson1'],
    [{ path: '/photos' }, undefined, 'restXml'],
  ]

for (const [given, service, protocol] of spoken)
  test(`${service ?? 'nobody yet'} is answered in ${protocol} for ${JSON.stringify(given)}`, () => {
    assert.equal(protocolOf(request(given), service), protocol)
  })

/** Several services have such paths: unsigned, they are nobody's but S3's. */
const shared = /^\/tags\//

test('the path alone names the service of every REST operation, but for paths that several have', async () => {
  for (const name of serviceNames) {
    if (!['restJson1', 'restXml'].includes(traitsOfService(name).protocol) || name === 's3')
      continue
    for (const { name: operation, http } of (await modelOf(name)).operations.values()) {
      const path = http!.path.replace(/\{\w+\+?\}/g, 'x')
      const expected: ServiceName | undefined = shared.test(path) ? undefined : name
      assert.equal(serviceByPath(path), expected, `${name}.${operation}: ${path}`)
    }
  }
})
