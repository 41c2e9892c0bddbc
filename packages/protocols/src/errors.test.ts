import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AwsError, commonError, errorNamed, notImplemented } from './aws-error.ts'
import { modelOf } from './clients.fixture.ts'
import type { ProtocolName } from './protocol.ts'
import { protocols } from './protocols.ts'
import { type ServiceName, traitsOfService } from './services.ts'

async function answer(service: ServiceName, error: AwsError, protocol?: ProtocolName) {
  const { protocol: first, xmlNamespace } = traitsOfService(service)
  const context = {
    requestId: 'R',
    model: await modelOf(service),
    ...(xmlNamespace && { xmlNamespace }),
  }
  return protocols[protocol ?? first].encodeError(error, context)
}

/** What stands on the wire, to the byte. */
const written: readonly {
  readonly claim: string
  readonly service: ServiceName
  readonly error: AwsError
  readonly status: number
  readonly headers: readonly string[]
  readonly body: string
}[] = [
  {
    claim: 'API Gateway names the type in a header',
    service: 'apigateway',
    error: new AwsError('NotFoundException', 'Invalid Method identifier specified', 404),
    status: 404,
    headers: [
      'x-amzn-RequestId',
      'R',
      'x-amzn-ErrorType',
      'NotFoundException',
      'Content-Type',
      'application/json',
    ],
    body: '{"message":"Invalid Method identifier specified"}',
  },
  {
    claim: 'a member that the model binds to a header stands there',
    service: 'apigateway',
    error: new AwsError('TooManyRequestsException', 'Slow', 429, { retryAfterSeconds: '7' }),
    status: 429,
    headers: [
      'x-amzn-RequestId',
      'R',
      'x-amzn-ErrorType',
      'TooManyRequestsException',
      'Retry-After',
      '7',
      'Content-Type',
      'application/json',
    ],
    body: '{"message":"Slow"}',
  },
  {
    claim: 'a line break in such a member makes no second header',
    service: 'apigateway',
    error: new AwsError('TooManyRequestsException', 'Slow', 429, {
      retryAfterSeconds: '7\r\nX: y',
    }),
    status: 429,
    headers: [
      'x-amzn-RequestId',
      'R',
      'x-amzn-ErrorType',
      'TooManyRequestsException',
      'Retry-After',
      '7 X: y',
      'Content-Type',
      'application/json',
    ],
    body: '{"message":"Slow"}',
  },
  {
    claim: 'refusals for lack of permission have a capital',
    service: 'apigateway',
    error: commonError('AccessDeniedException', 'User: x is not authorized'),
    status: 403,
    headers: [
      'x-amzn-RequestId',
      'R',
      'x-amzn-ErrorType',
      'AccessDeniedException',
      'Content-Type',
      'application/json',
    ],
    body: '{"Message":"User: x is not authorized"}',
  },
  {
    claim: 'Lambda says whose fault it was, under the names of its model',
    service: 'lambda',
    error: new AwsError('ResourceNotFoundException', 'Function not found: f', 404),
    status: 404,
    headers: [
      'x-amzn-RequestId',
      'R',
      'x-amzn-ErrorType',
      'ResourceNotFoundException',
      'Content-Type',
      'application/json',
    ],
    body: '{"Type":"User","Message":"Function not found: f"}',
  },
  {
    claim: 'JSON 1.1 names the type in the body and answers 400',
    service: 'organizations',
    error: new AwsError('AccountNotFoundException', 'No such account', 404),
    status: 400,
    headers: ['x-amzn-RequestId', 'R', 'Content-Type', 'application/x-amz-json-1.1'],
    body: '{"__type":"AccountNotFoundException","Message":"No such account"}',
  },
  {
    claim: 'an operation that is not built is named',
    service: 'events',
    error: notImplemented('PutRule of events'),
    status: 501,
    headers: ['x-amzn-RequestId', 'R', 'Content-Type', 'application/x-amz-json-1.1'],
    body: '{"__type":"NotImplemented","message":"PutRule of events is not supported by Sekisho."}',
  },
  {
    claim: 'IAM wraps the error and escapes what it says',
    service: 'iam',
    error: new AwsError('NoSuchEntity', 'The user with name <a&b> cannot be found.', 404),
    status: 404,
    headers: ['x-amzn-RequestId', 'R', 'Content-Type', 'text/xml'],
    body: '<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type><Code>NoSuchEntity</Code><Message>The user with name &lt;a&amp;b&gt; cannot be found.</Message></Error><RequestId>R</RequestId></ErrorResponse>',
  },
  {
    claim: 'a fault of the server is the receiver’s',
    service: 'sts',
    error: commonError('InternalFailure', 'x'),
    status: 500,
    headers: ['x-amzn-RequestId', 'R', 'Content-Type', 'text/xml'],
    body: '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Receiver</Type><Code>InternalFailure</Code><Message>x</Message></Error><RequestId>R</RequestId></ErrorResponse>',
  },
  {
    claim: 'S3 answers with the error alone',
    service: 's3',
    error: new AwsError('NoSuchBucket', 'The specified bucket does not exist', 404, {
      BucketName: 'b',
    }),
    status: 404,
    headers: ['x-amz-request-id', 'R', 'x-amz-id-2', 'R', 'Content-Type', 'application/xml'],
    body: '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>NoSuchBucket</Code><Message>The specified bucket does not exist</Message><BucketName>b</BucketName><RequestId>R</RequestId><HostId>R</HostId></Error>',
  },
  {
    claim: 'CloudFront wraps it',
    service: 'cloudfront',
    error: new AwsError('NoSuchDistribution', 'x', 404),
    status: 404,
    headers: ['x-amzn-RequestId', 'R', 'Content-Type', 'application/xml'],
    body: '<?xml version="1.0" encoding="UTF-8"?>\n<ErrorResponse xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/"><Error><Type>Sender</Type><Code>NoSuchDistribution</Code><Message>x</Message></Error><RequestId>R</RequestId></ErrorResponse>',
  },
]

for (const { claim, service, error, ...expected } of written)
  test(`${service}: ${claim}`, async () => {
    assert.deepEqual(await answer(service, error), expected)
  })

const named: readonly (readonly [
  service: ServiceName,
  name: string,
  code: string,
  status: number,
])[] = [
  ['iam', 'NoSuchEntityException', 'NoSuchEntity', 404],
  ['iam', 'EntityAlreadyExistsException', 'EntityAlreadyExists', 409],
  ['sts', 'MalformedPolicyDocumentException', 'MalformedPolicyDocument', 400],
  ['s3', 'NoSuchKey', 'NoSuchKey', 404],
  ['apigateway', 'LimitExceededException', 'LimitExceededException', 429],
  ['cloudformation', 'ChangeSetNotFoundException', 'ChangeSetNotFound', 404],
  ['apigateway', 'SerializationException', 'SerializationException', 400],
  ['apigateway', 'InternalFailure', 'InternalFailure', 500],
]

for (const [service, name, code, status] of named)
  test(`${service}: ${name} is written as ${code} with ${status}`, async () => {
    const error = errorNamed(await modelOf(service), name, 'x')
    assert.deepEqual([error.code, error.status], [code, status])
  })
