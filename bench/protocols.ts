/** How long does it take to tell, read and answer one request? Prints microseconds per call, medians of rounds. */
import { cpus } from 'node:os'
import {
  identifyOperation,
  identifyService,
  protocols,
  readModel,
  type ServiceName,
  traitsOfService,
  type Values,
  validateInput,
  type WireRequest,
} from '@sekisho/protocols'

const bytes = (text: string) => new Uint8Array(Buffer.from(text))
const empty = bytes('')
const stack = 'arn:aws:cloudformation:us-east-1:000000000000:stack/shop/1'

/** One request and one answer a protocol, of the size that clients send all day. */
const calls: readonly {
  readonly name: string
  readonly service: ServiceName
  readonly sdk: () => Promise<object>
  readonly request: WireRequest
  readonly output: Values
}[] = [
  {
    name: 'restJson1: apigateway PutIntegration',
    service: 'apigateway',
    sdk: () => import('@aws-sdk/client-api-gateway'),
    request: {
      method: 'PUT',
      rawPath: '/restapis/a1b2c3d4e5/resources/f6g7h8/methods/GET/integration',
      rawQuery: '',
      headers: ['Content-Type', 'application/json'],
      body: bytes(
        '{"type":"MOCK","requestTemplates":{"application/json":"{\\"statusCode\\": 200}"},"timeoutInMillis":29000}',
      ),
    },
    output: {
      type: 'MOCK',
      requestTemplates: { 'application/json': '{"statusCode": 200}' },
      passthroughBehavior: 'WHEN_NO_MATCH',
      timeoutInMillis: 29000,
      cacheNamespace: 'f6g7h8',
      cacheKeyParameters: [],
      integrationResponses: { 200: { statusCode: '200' } },
    },
  },
  {
    name: 'awsQuery: iam CreateRole',
    service: 'iam',
    sdk: () => import('@aws-sdk/client-iam'),
    request: {
      method: 'POST',
      rawPath: '/',
      rawQuery: '',
      headers: ['Content-Type', 'application/x-www-form-urlencoded; charset=utf-8'],
      body: bytes(
        'Action=CreateRole&Version=2010-05-08&RoleName=reader&AssumeRolePolicyDocument=%7B%22Version%22%3A%222012-10-17%22%7D&Tags.member.1.Key=team&Tags.member.1.Value=gate',
      ),
    },
    output: {
      Role: {
        Path: '/',
        RoleName: 'reader',
        RoleId: 'AROAEXAMPLE',
        Arn: 'arn:aws:iam::000000000000:role/reader',
        CreateDate: new Date('2026-11-20T12:00:00Z'),
        AssumeRolePolicyDocument: '%7B%22Version%22%3A%222012-10-17%22%7D',
        Tags: [{ Key: 'team', Value: 'gate' }],
      },
    },
  },
  {
    name: 'awsJson1_1: events PutRule',
    service: 'events',
    sdk: () => import('@aws-sdk/client-eventbridge'),
    request: {
      method: 'POST',
      rawPath: '/',
      rawQuery: '',
      headers: ['X-Amz-Target', 'AWSEvents.PutRule', 'Content-Type', 'application/x-amz-json-1.1'],
      body: bytes('{"Name":"nightly","ScheduleExpression":"cron(0 0 * * ? *)","State":"ENABLED"}'),
    },
    output: { RuleArn: 'arn:aws:events:us-east-1:000000000000:rule/nightly' },
  },
  {
    name: 'awsQuery: cloudformation DescribeStacks',
    service: 'cloudformation',
    sdk: () => import('@aws-sdk/client-cloudformation'),
    request: {
      method: 'POST',
      rawPath: '/',
      rawQuery: '',
      headers: ['Content-Type', 'application/x-www-form-urlencoded'],
      body: bytes('Action=DescribeStacks&Version=2010-05-15&StackName=shop'),
    },
    output: {
      Stacks: [
        {
          StackId: stack,
          StackName: 'shop',
          CreationTime: new Date('2026-11-20T12:00:00Z'),
          StackStatus: 'CREATE_COMPLETE',
          Outputs: [{ OutputKey: 'Url', OutputValue: 'http://127.0.0.1:4566/' }],
        },
      ],
    },
  },
  {
    name: 'restXml: s3 ListObjectsV2',
    service: 's3',
    sdk: () => import('@aws-sdk/client-s3'),
    request: {
      method: 'GET',
      rawPath: '/bucket',
      rawQuery: 'list-type=2&prefix=photos%2F&max-keys=10',
      headers: ['Host', '127.0.0.1:4566'],
      body: empty,
    },
    output: {
      Name: 'bucket',
      Prefix: 'photos/',
      KeyCount: 3,
      MaxKeys: 10,
      IsTruncated: false,
      Contents: ['a', 'b', 'c'].map((name) => ({
        Key: `photos/${name}.jpg`,
        LastModified: new Date('2026-11-20T12:00:00Z'),
        ETag: '"d41d8cd98f00b204e9800998ecf8427e"',
        Size: 1024,
        StorageClass: 'STANDARD',
      })),
    },
  },
]

const rounds = 7
const callsPerRound = 5_000

console.log(`node ${process.version}, ${cpus()[0]?.model ?? 'unknown processor'}`)
console.log(`${'µs per call'.padEnd(42)} identify   decode validate   encode`)
for (const { name, service, sdk, request, output } of calls) {
  const model = readModel((await sdk()) as Readonly<Record<string, unknown>>)
  const traits = traitsOfService(service)
  const protocol = protocols[traits.protocol]
  // A request of its own each time: what is read of it is kept beside it.
  const identify = () => {
    const fresh = { ...request }
    return identifyOperation(identifyService(fresh, undefined), model, fresh)
  }
  const { operation, labels } = identifyOperation(service, model, request)
  const input = protocol.decode(operation, request, labels)
  const context = { requestId: '7007d6a5-dbb6-11e4-8c03-c9ca8fbb6a6d', model, ...traits }
  const figures = [
    identify,
    () => protocol.decode(operation, { ...request }, labels),
    () => validateInput(operation, input, {}, { prefix: '', code: 'ValidationException' }),
    () => protocol.encode(operation, output, context),
  ].map((call) => medianMicroseconds(call).toFixed(2).padStart(8))
  console.log(`${name.padEnd(42)} ${figures.join(' ')}`)
}

function medianMicroseconds(call: () => unknown): number {
  for (let i = 0; i < callsPerRound; i++) call()
  const times = Array.from({ length: rounds }, () => {
    const start = process.hrtime.bigint()
    for (let i = 0; i < callsPerRound; i++) call()
    return Number(process.hrtime.bigint() - start) / 1_000 / callsPerRound
  })
  return times.sort((a, b) => a - b)[Math.floor(rounds / 2)]!
}
