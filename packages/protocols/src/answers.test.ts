import assert from 'node:assert/strict'
import { test } from 'node:test'
import { commonError } from './aws-error.ts'
import { modelOf } from './clients.fixture.ts'
import type { Values } from './protocol.ts'
import { protocols } from './protocols.ts'
import { type ServiceName, traitsOfService } from './services.ts'

/** What stands on the wire, to the byte, where clients disagree about what they can read. */
const rows: readonly {
  readonly claim: string
  readonly service: ServiceName
  readonly operation: string
  readonly output: Values
  readonly accept?: string
  readonly status: number
  readonly headers: readonly string[]
  readonly body: string
}[] = [
  {
    claim: 'an answer with nothing in it has its element, which botocore asks for',
    service: 'iam',
    operation: 'UpdateRole',
    output: {},
    status: 200,
    headers: ['x-amzn-RequestId', 'R', 'Content-Type', 'text/xml'],
    body: '<UpdateRoleResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><UpdateRoleResult></UpdateRoleResult><ResponseMetadata><RequestId>R</RequestId></ResponseMetadata></UpdateRoleResponse>',
  },
  {
    claim: 'an answer that the model lacks has none',
    service: 'iam',
    operation: 'DeleteRole',
    output: {},
    status: 200,
    headers: ['x-amzn-RequestId', 'R', 'Content-Type', 'text/xml'],
    body: '<DeleteRoleResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><ResponseMetadata><RequestId>R</RequestId></ResponseMetadata></DeleteRoleResponse>',
  },
  {
    claim: 'whoever asks for JSON gets it, by the alphabet and with what is missing as null',
    service: 'iam',
    operation: 'GetAccessKeyLastUsed',
    accept: 'application/json',
    output: {
      UserName: 'u',
      AccessKeyLastUsed: { Region: 'N/A', LastUsedDate: new Date('2026-01-02T03:04:05Z') },
    },
    status: 200,
    headers: ['x-amzn-RequestId', 'R', 'Content-Type', 'application/json'],
    body: '{"GetAccessKeyLastUsedResponse":{"GetAccessKeyLastUsedResult":{"AccessKeyLastUsed":{"LastUsedDate":1767323045,"Region":"N/A","ServiceName":null},"UserName":"u"},"ResponseMetadata":{"RequestId":"R"}}}',
  },
  {
    claim: 'in JSON, too, an answer that the model lacks has no result',
    service: 'iam',
    operation: 'DeleteRole',
    accept: 'application/json, text/xml',
    output: {},
    status: 200,
    headers: ['x-amzn-RequestId', 'R', 'Content-Type', 'application/json'],
    body: '{"DeleteRoleResponse":{"ResponseMetadata":{"RequestId":"R"}}}',
  },
  {
    claim: 'whoever names XML first gets XML',
    service: 'iam',
    operation: 'DeleteRole',
    accept: 'text/xml, application/json;q=0.9',
    output: {},
    status: 200,
    headers: ['x-amzn-RequestId', 'R', 'Content-Type', 'text/xml'],
    body: '<DeleteRoleResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><ResponseMetadata><RequestId>R</RequestId></ResponseMetadata></DeleteRoleResponse>',
  },
  {
    claim:
      'lists stand under their wire name, times are seconds, and what is undefined is left out',
    service: 'apigateway',
    operation: 'GetRestApis',
    output: {
      items: [{ id: 'a', name: 'x', createdDate: new Date('2026-01-02T03:04:05.5Z'), tags: {} }],
      position: undefined,
    },
    status: 200,
    headers: ['x-amzn-RequestId', 'R', 'Content-Type', 'application/json'],
    body: '{"item":[{"id":"a","name":"x","createdDate":1767323045.5,"tags":{}}]}',
  },
  {
    claim: 'the status is the model’s',
    service: 'apigateway',
    operation: 'DeleteMethod',
    output: {},
    status: 204,
    headers: ['x-amzn-RequestId', 'R'],
    body: '',
  },
  {
    claim: 'members that the model binds to headers stand there, and a payload has its own type',
    service: 'apigateway',
    operation: 'GetExport',
    output: {
      contentType: 'application/yaml',
      contentDisposition: 'attachment; filename="x.yaml"',
      body: 'openapi: 3.0.1',
    },
    status: 200,
    headers: [
      'x-amzn-RequestId',
      'R',
      'Content-Type',
      'application/yaml',
      'Content-Disposition',
      'attachment; filename="x.yaml"',
    ],
    body: 'openapi: 3.0.1',
  },
  {
    claim:
      'text is escaped, control characters too, and flattened lists have no element of their own',
    service: 's3',
    operation: 'ListObjectsV2',
    output: { Name: 'b', Contents: [{ Key: 'a<&>\u0001' }, { Key: 'c' }] },
    status: 200,
    headers: ['x-amz-request-id', 'R', 'x-amz-id-2', 'R', 'Content-Type', 'application/xml'],
    body: '<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Contents><Key>a&lt;&amp;&gt;&#x1;</Key></Contents><Contents><Key>c</Key></Contents><Name>b</Name></ListBucketResult>',
  },
  {
    claim: 'an answer without content is an empty object',
    service: 'events',
    operation: 'DeleteRule',
    output: {},
    status: 200,
    headers: ['x-amzn-RequestId', 'R', 'Content-Type', 'application/x-amz-json-1.1'],
    body: '{}',
  },
]

for (const { claim, service, operation, output, accept, ...expected } of rows)
  test(`${service}.${operation}: ${claim}`, async () => {
    const model = await modelOf(service)
    const { protocol, xmlNamespace } = traitsOfService(service)
    const context = {
      requestId: 'R',
      model,
      ...(xmlNamespace && { xmlNamespace }),
      ...(accept && { accept }),
    }
    const given = protocols[protocol].encode(model.operations.get(operation)!, output, context)
    assert.deepEqual(given, expected)
  })

test('a refusal, too, is JSON to whoever asks for it', async () => {
  const given = protocols.awsQuery.encodeError(commonError('ExpiredToken', 'Too late.'), {
    requestId: 'R',
    model: await modelOf('sts'),
    accept: 'application/json',
  })
  assert.deepEqual(given, {
    status: 403,
    headers: ['x-amzn-RequestId', 'R', 'Content-Type', 'application/json'],
    body: '{"Error":{"Code":"ExpiredToken","Message":"Too late.","Type":"Sender"},"RequestId":"R"}',
  })
})
