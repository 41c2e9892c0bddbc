import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gunzipSync, inflateSync } from 'node:zlib'
import { call, headerOf, mock, type Paths, snapshotOf, textOf } from '../call.fixture.ts'
import { UpstreamError, type UpstreamRequest } from '../ports.ts'

const root: Paths = { '/': { GET: mock } }

test('HTTP_PROXY passes the request on and renames what the backend says of itself', async () => {
  const seen: UpstreamRequest[] = []
  const proxy = {
    authorizationType: 'NONE',
    methodIntegration: {
      type: 'HTTP_PROXY' as const,
      httpMethod: 'ANY',
      uri: 'http://backend.test/${stageVariables.base}/{proxy}',
      requestParameters: {
        'integration.request.path.proxy': 'method.request.path.proxy',
        'integration.request.header.X-From': "'gateway'",
      },
    },
  }
  const reply = await call(snapshotOf({ '/{proxy+}': { ANY: proxy } }), {
    method: 'PUT',
    path: '/a%2Fb/c',
    query: 'q=1&q=2',
    headers: ['X-Own', 'kept', 'Connection', 'close', 'TE', 'trailers'],
    body: 'payload',
    variables: { base: 'v1' },
    upstream(request) {
      seen.push(request)
      return {
        status: 201,
        headers: [
          'Server',
          'backend',
          'Date',
          'then',
          'Content-Type',
          'text/plain',
          'X-Answer',
          '42',
        ],
        body: Buffer.from('done'),
      }
    },
  })
  const [request] = seen
  assert.equal(request?.method, 'PUT')
  assert.equal(request?.url, 'http://backend.test/v1/a%2Fb/c?q=1&q=2')
  assert.equal(Buffer.from(request!.body).toString(), 'payload')
  assert.ok(request!.headers.includes('kept') && request!.headers.includes('gateway'))
  assert.ok(!request!.headers.some((each) => ['close', 'trailers'].includes(each)))
  assert.deepEqual(
    [
      reply.status,
      textOf(reply),
      headerOf(reply, 'content-type'),
      headerOf(reply, 'x-amzn-Remapped-Server'),
      headerOf(reply, 'x-answer'),
    ],
    [201, 'done', 'text/plain', 'backend', '42'],
  )
})

for (const path of [
  '/..',
  '/%2e%2e/admin',
  '/a/../../admin',
  '/a/%2E/b',
  '/..%2fadmin',
  '/.%2e\\admin',
])
  test(`a path that climbs is not passed on: ${path}`, async () => {
    const proxy = {
      authorizationType: 'NONE',
      methodIntegration: {
        type: 'HTTP_PROXY' as const,
        httpMethod: 'GET',
        uri: 'http://backend.test/public/{proxy}',
        requestParameters: { 'integration.request.path.proxy': 'method.request.path.proxy' },
      },
    }
    const reply = await call(snapshotOf({ '/{proxy+}': { GET: proxy } }), { path })
    assert.deepEqual([reply.status, textOf(reply)], [400, '{"message": "Invalid path parameter"}'])
  })

const failures = [
  ['TIMEOUT', 504, '{"message": "Endpoint request timed out"}'],
  ['UNREACHABLE', 504, '{"message": "Network error communicating with endpoint"}'],
] as const
for (const [code, status, body] of failures)
  test(`an upstream that is ${code} gives ${status}`, async () => {
    const http = {
      authorizationType: 'NONE',
      methodIntegration: {
        type: 'HTTP_PROXY' as const,
        httpMethod: 'GET',
        uri: 'http://backend.test/',
      },
    }
    const reply = await call(snapshotOf({ '/': { GET: http } }), {
      upstream() {
        throw new UpstreamError(code, 'no answer')
      },
    })
    assert.deepEqual(
      [reply.status, textOf(reply), headerOf(reply, 'x-amzn-errortype')],
      [status, body, 'InternalServerErrorException'],
    )
  })

test('HTTP chooses its response by status, maps headers and renders the template', async () => {
  const http = {
    authorizationType: 'NONE',
    methodResponses: {
      '200': { statusCode: '200', responseParameters: { 'method.response.header.X-Id': false } },
      '418': { statusCode: '418' },
    },
    methodIntegration: {
      type: 'HTTP' as const,
      httpMethod: 'POST',
      uri: 'http://backend.test/',
      requestTemplates: {
        'application/json':
          '{"ip":"$context.identity.sourceIp","q":"$input.params(\'q\')","id":$input.json(\'$.id\')}',
      },
      integrationResponses: {
        '200': {
          statusCode: '200',
          responseParameters: { 'method.response.header.X-Id': 'integration.response.body.id' },
          responseTemplates: {
            'application/json':
              "#set($root = $input.path('$'))#foreach($tag in $root.tags)$tag#if($foreach.hasNext),#end#end",
          },
        },
        '418': { statusCode: '418', selectionPattern: '4\\d\\d' },
      },
    },
  }
  const seen: string[] = []
  const ask = (status: number, body: string) =>
    call(snapshotOf({ '/': { POST: http } }), {
      method: 'POST',
      query: 'q=search',
      body: '{"id":7}',
      upstream(request) {
        seen.push(Buffer.from(request.body).toString())
        return { status, headers: [], body: Buffer.from(body) }
      },
    })
  const reply = await ask(200, '{"id":9,"tags":["a","b"]}')
  assert.deepEqual([reply.status, textOf(reply), headerOf(reply, 'x-id')], [200, 'a,b', '9'])
  assert.equal(seen[0], '{"ip":"11.22.33.44","q":"search","id":7}')
  assert.equal((await ask(404, 'raw')).status, 418)
})

const mockWith = (
  requestTemplates: Record<string, string> | undefined,
  passthroughBehavior: string,
) => ({
  ...mock,
  methodIntegration: {
    ...mock.methodIntegration,
    passthroughBehavior,
    ...(requestTemplates ? { requestTemplates } : { requestTemplates: {} }),
  },
})
const passthroughs: readonly (readonly [
  string,
  Record<string, string> | undefined,
  string,
  number,
])[] = [
  ['WHEN_NO_MATCH', { 'application/json': '{"statusCode": 200}' }, 'application/json', 200],
  ['WHEN_NO_MATCH', { 'text/other': '{}' }, 'application/json', 200],
  ['WHEN_NO_TEMPLATES', { 'text/other': '{}' }, 'application/json', 415],
  ['WHEN_NO_TEMPLATES', undefined, 'application/json', 200],
  ['NEVER', undefined, 'application/json', 415],
  ['NEVER', { 'text/other': '{}' }, 'application/json', 415],
]
for (const [behavior, templates, type, status] of passthroughs)
  test(`${behavior} with ${templates ? Object.keys(templates) : 'no template'}: ${type} gives ${status}`, async () => {
    const reply = await call(snapshotOf({ '/': { POST: mockWith(templates, behavior) } }), {
      method: 'POST',
      headers: ['Content-Type', type],
      body: '{"statusCode": 200}',
    })
    assert.equal(reply.status, status)
    if (status === 415) assert.equal(textOf(reply), '{"message": "Unsupported Media Type"}')
  })

const broken: readonly (readonly [string, string])[] = [
  ['does not parse', '#if('],
  ['never ends', '#foreach($a in [1..1000])#foreach($b in [1..1000])x#end#end'],
  ['explodes', '#set($x = "xxxxxxxxxx")#foreach($i in [1..30])#set($x = "$x$x")#end$x'],
  ['gives no status', '{"other": 1}'],
]
for (const [what, template] of broken)
  test(`a request template that ${what} gives an internal server error`, async () => {
    const reply = await call(
      snapshotOf({ '/': { GET: mockWith({ 'application/json': template }, 'WHEN_NO_MATCH') } }),
    )
    assert.deepEqual([reply.status, textOf(reply)], [500, '{"message": "Internal server error"}'])
  })

test('an integration that leads nowhere answers an internal server error and says why in the log', async () => {
  const aws = {
    authorizationType: 'NONE',
    methodIntegration: {
      type: 'AWS_PROXY' as const,
      httpMethod: 'POST',
      uri: 'arn:aws:apigateway:x',
    },
  }
  const reply = await call(snapshotOf({ '/': { GET: aws } }))
  assert.equal(reply.status, 500)
  assert.match(reply.outcome.detail ?? '', /is the address of no function/)
})

const encodings = [
  ['gzip', 'gzip'],
  ['br, deflate;q=0.5', 'deflate'],
  ['gzip;q=0', undefined],
  ['*', undefined],
  [undefined, undefined],
] as const
for (const [accepted, encoding] of encodings)
  test(`with compression on, Accept-Encoding ${accepted} is answered in ${encoding ?? 'plain'}`, async () => {
    const reply = await call(snapshotOf(root, { minimumCompressionSize: 5 }), {
      headers: accepted ? ['Accept-Encoding', accepted] : [],
    })
    assert.equal(headerOf(reply, 'content-encoding'), encoding)
    const bytes = Buffer.from(reply.body)
    const plain =
      encoding === 'gzip' ? gunzipSync(bytes) : encoding === 'deflate' ? inflateSync(bytes) : bytes
    assert.equal(plain.toString(), '{"hello":"world"}')
  })

test('an answer below the size stays plain', async () => {
  const reply = await call(snapshotOf(root, { minimumCompressionSize: 1_000 }), {
    headers: ['Accept-Encoding', 'gzip'],
  })
  assert.equal(headerOf(reply, 'content-encoding'), undefined)
})

test('a path parameter in a query is one value, whatever stands in it', async () => {
  const asked: string[] = []
  const method = {
    authorizationType: 'NONE',
    methodIntegration: {
      type: 'HTTP_PROXY' as const,
      httpMethod: 'GET',
      uri: 'http://backend.test/{id}?of={id}',
      requestParameters: { 'integration.request.path.id': 'method.request.path.id' },
    },
  }
  await call(snapshotOf({ '/pets/{id}': { GET: method } }), {
    path: '/pets/1&admin=true+%26',
    upstream: ({ url }) => {
      asked.push(url)
      return { status: 200, headers: [], body: new Uint8Array() }
    },
  })
  assert.deepEqual(asked, ['http://backend.test/1&admin=true+%26?of=1%26admin%3Dtrue%2B%26'])
})
