import assert from 'node:assert/strict'
import { test } from 'node:test'
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

for (const { claim, service, operation, output, ...expected } of rows)
  test(`${service}.${operation}: ${claim}`, async () => {
    const model = await modelOf(service)
    const { protocol, xmlNamespace } = traitsOfService(service)
    const context = { requestId: 'R', model, ...(xmlNamespace && { xmlNamespace }) }
    const given = protocols[protocol].encode(model.operations.get(operation)!, output, context)
    assert.deepEqual(given, expected)
  })
