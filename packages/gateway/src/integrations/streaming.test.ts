import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { keptResponses } from '../cache/store.ts'
import { type CallOptions, call, snapshotOf } from '../call.fixture.ts'
import type { BodyStream, FunctionCall, Ports, UpstreamRequest } from '../ports.ts'
import type { DeploymentSnapshot, SnapshotMethod } from '../snapshot.ts'
import { testMethod } from '../test-method.ts'

const http: SnapshotMethod = {
  authorizationType: 'NONE',
  methodIntegration: {
    type: 'HTTP_PROXY',
    httpMethod: 'GET',
    uri: 'http://backend.test/',
    responseTransferMode: 'STREAM',
    timeoutInMillis: 600_000,
  },
}
const arn = 'arn:aws:lambda:us-east-1:000000001234:function:f'
const streamingUri = `arn:aws:apigateway:us-east-1:lambda:path/2021-11-15/functions/${arn}/response-streaming-invocations`
const invokeUri = `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${arn}/invocations`
const lambda = (uri: string, responseTransferMode?: 'STREAM'): SnapshotMethod => ({
  authorizationType: 'NONE',
  methodIntegration: {
    type: 'AWS_PROXY',
    httpMethod: 'POST',
    uri,
    ...(responseTransferMode && { responseTransferMode }),
  },
})

async function* pieces(...all: readonly (string | Error)[]): AsyncIterable<Uint8Array> {
  for (const each of all) {
    if (each instanceof Error) throw each
    yield Buffer.from(each, 'latin1')
  }
}

async function textOf(stream: BodyStream | undefined): Promise<string> {
  const all: Uint8Array[] = []
  for await (const piece of stream ?? []) all.push(piece)
  return Buffer.concat(all).toString('latin1')
}

function callHttp(more: Partial<DeploymentSnapshot> = {}, options: CallOptions = {}) {
  const asked: UpstreamRequest[] = []
  const reply = call(snapshotOf({ '/': { GET: http } }, more), {
    upstream(request) {
      asked.push(request)
      const headers = ['Server', 'theirs', 'Content-Length', '3']
      return { status: 200, headers, body: new Uint8Array(), stream: pieces('a', '\xff', 'c') }
    },
    ...options,
  })
  return reply.then(({ stream, ...rest }) => ({ asked, stream, ...rest }))
}

test('an answer is passed on as it comes, within the integration’s own time', async () => {
  const { asked, status, headers, stream } = await callHttp()
  assert.deepEqual([status, await textOf(stream)], [200, 'a\xffc'])
  assert.deepEqual(headers.slice(0, 2), ['x-amzn-Remapped-Server', 'theirs'])
  assert.equal(asked[0]?.timeoutMs, 600_000)
  assert.deepEqual(asked[0]?.streaming, { idleMs: 300_000 })
})

test('an edge-optimized API waits less long for the next piece', async () => {
  const { asked } = await callHttp({ endpointTypes: ['EDGE'] })
  assert.deepEqual(asked[0]?.streaming, { idleMs: 30_000 })
})

test('what is passed on as it comes is not compressed, and not kept', async () => {
  const compressed = await callHttp(
    { minimumCompressionSize: 0 },
    { headers: ['Accept-Encoding', 'gzip'] },
  )
  assert.ok(!compressed.headers.includes('Content-Encoding'))
  assert.equal(await textOf(compressed.stream), 'a\xffc')
  const cache = keptResponses(1_000_000)
  const stage = { cacheClusterEnabled: true, methodSettings: { '*/*': { cachingEnabled: true } } }
  for (let time = 0; time < 2; time++) {
    const { asked } = await callHttp({}, { cache, stage })
    assert.equal(asked.length, 1)
  }
})

test('a method that is tried shows what came, cut at a megabyte', async () => {
  const tried = async (...said: readonly (string | Error)[]) => {
    let asked: UpstreamRequest | undefined
    const answer = await testMethod(
      {
        snapshot: snapshotOf({ '/': { GET: http } }),
        resourceId: 'res0',
        httpMethod: 'GET',
        path: '/',
        rawQuery: '',
        headers: [],
        body: '',
        stageVariables: {},
        caller: { type: 'anonymous' },
        requestId: '3d2b9f4e-0000-4000-8000-000000000000',
        clientCertificateId: undefined,
      },
      {
        nowMs: () => 0,
        machineNowMs: () => 0,
        async send(request: UpstreamRequest) {
          asked = request
          return { status: 200, headers: [], body: new Uint8Array(), stream: pieces(...said) }
        },
      } as unknown as Ports,
    )
    return { timeoutMs: asked?.timeoutMs, body: Buffer.from(answer!.reply.body).toString() }
  }
  assert.deepEqual(await tried('a', 'b'), { timeoutMs: 35_000, body: 'ab' })
  assert.equal((await tried('a', new Error('out of time'))).body, 'a')
  const megabyte = 'x'.repeat(1_048_576)
  assert.equal((await tried(megabyte, 'y', 'z')).body, `${megabyte}y`)
})

test('the access log is written when the body is over, with its length', async () => {
  const lines: string[] = []
  const { stream } = await callHttp(
    {},
    {
      journal: { write: (_, __, line) => void lines.push(line) },
      stage: {
        logRoleArn: 'arn:aws:iam::000000001234:role/logs',
        accessLogSettings: {
          destinationArn: 'arn:aws:logs:us-east-1:000000001234:log-group:g',
          format: '$context.integration.responseTransferMode $context.responseLength',
        },
      },
    },
  )
  assert.deepEqual(lines, [])
  await textOf(stream)
  stream?.destroy?.()
  assert.deepEqual(lines, ['STREAM 3'])
})

function callFunction(
  said: BodyStream,
  method: SnapshotMethod = lambda(streamingUri, 'STREAM'),
): Promise<{ status: number; headers: readonly string[]; body: string }> {
  const invokeFunction = async ({ streaming }: FunctionCall) =>
    streaming
      ? { payload: new Uint8Array(), stream: said }
      : { payload: Buffer.from('{"body":"whole"}') }
  return call(snapshotOf({ '/': { GET: method } }), { invokeFunction }).then(
    async ({ status, headers, body, stream }) => ({
      status,
      headers: headers.slice(0, -2),
      body: stream ? await textOf(stream) : Buffer.from(body).toString(),
    }),
  )
}

const nuls = '\0'.repeat(8)

test('a function says its status and headers first, however its answer is cut', async () => {
  const metadata = JSON.stringify({
    statusCode: 201,
    headers: { 'X-A': 'one' },
    multiValueHeaders: { 'X-B': ['two', 'three'] },
    cookies: ['a=b', 'c=d'],
  })
  const whole = `${metadata}${nuls}body\0${nuls}more`
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(fc.nat(whole.length), { maxLength: 6 }), async (cuts) => {
      const at = [0, ...cuts.sort((one, other) => one - other), whole.length]
      const cut = at.slice(1).map((end, index) => whole.slice(at[index], end))
      const { status, headers, body } = await callFunction(pieces(...cut))
      assert.equal(status, 201)
      assert.deepEqual(headers, [
        ...['X-B', 'two', 'X-B', 'three', 'X-A', 'one', 'Set-Cookie', 'a=b', 'Set-Cookie', 'c=d'],
        ...['Content-Type', 'application/json'],
      ])
      assert.equal(body, `body\0${nuls}more`)
    }),
  )
})

const malformed: Readonly<Record<string, readonly (string | Error)[]>> = {
  'no delimiter': ['{"statusCode":200}'],
  'a delimiter too short': ['{"statusCode":200}', '\0'.repeat(7), 'body'],
  'no JSON': [`hello${nuls}`],
  'no object': [`[]${nuls}`],
  'a body in the metadata': [`{"body":"x"}${nuls}`],
  'a status that is none': [`{"statusCode":99}${nuls}`],
  'a header that would be two': [`{"headers":{"A":"b\\r\\nC: d"}}${nuls}`],
  'a cookie that would be a header': [`{"cookies":["a=b\\r\\nC: d"]}${nuls}`],
  'cookies that are no list': [`{"cookies":"a=b"}${nuls}`],
  'metadata beyond 16 KB': [`{"headers":{"A":"${'b'.repeat(16_384)}"}}${nuls}`],
  'metadata without end': ['{'.padEnd(20_000), '{'.padEnd(20_000)],
  'a failure before the body': ['{"statusCode":200}', new Error('the function ended')],
}
for (const [what, said] of Object.entries(malformed))
  test(`a function that streams answers with ${what}: 502`, async () => {
    const { status, body } = await callFunction(pieces(...said))
    assert.deepEqual([status, body], [502, '{"message": "Internal server error"}'])
  })

test('each transfer mode has an address of its own', async () => {
  const said = () => pieces(`{}${nuls}body`)
  assert.equal((await callFunction(said())).body, 'body')
  assert.equal((await callFunction(said(), lambda(invokeUri))).body, 'whole')
  assert.equal((await callFunction(said(), lambda(invokeUri, 'STREAM'))).status, 500)
  assert.equal((await callFunction(said(), lambda(streamingUri))).status, 500)
})
