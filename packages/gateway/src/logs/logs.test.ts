import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type CallOptions, call, mock, petMethod, petModels, snapshotOf } from '../call.fixture.ts'
import type { SnapshotMethod, StageSettings } from '../snapshot.ts'

const id = '3d2b9f4e-0000-4000-8000-000000000000'

/** What a call writes, by log. */
async function written(
  stage: Partial<StageSettings>,
  options: CallOptions = {},
  method: SnapshotMethod = mock,
  more: Parameters<typeof snapshotOf>[1] = {},
) {
  const logs = { access: [] as string[], execution: [] as string[] }
  const reply = await call(
    snapshotOf({ '/': { GET: method }, '/pets/{id}': { GET: method } }, more),
    {
      ...options,
      stage: { logRoleArn: 'arn:aws:iam::000000001234:role/logs', ...stage },
      journal: { write: (log, _, line) => logs[log].push(line) },
    },
  )
  return { ...logs, reply }
}

const access = (format: string): Partial<StageSettings> => ({
  accessLogSettings: {
    destinationArn: 'arn:aws:logs:us-east-1:000000001234:log-group:access',
    format,
  },
})
const execution = (
  loggingLevel: 'OFF' | 'ERROR' | 'INFO',
  dataTraceEnabled = false,
): Partial<StageSettings> => ({ methodSettings: { '*/*': { loggingLevel, dataTraceEnabled } } })

const http: SnapshotMethod = {
  ...mock,
  methodIntegration: {
    type: 'HTTP_PROXY',
    httpMethod: 'GET',
    uri: 'http://backend.example/pets',
    integrationResponses: {},
  },
}
const upstream = () => ({
  status: 200,
  headers: ['Content-Type', 'text/plain'],
  body: Buffer.from('cat'),
})
const denying = {
  policy: JSON.stringify({
    Version: '2012-10-17',
    Statement: { Effect: 'Deny', Principal: '*', Action: '*', Resource: '*' },
  }),
}

test('a line of the access log has the values of the variables that its format names', async () => {
  const { access: lines } = await written(
    access(
      '$context.identity.sourceIp $context.identity.caller [$context.requestTime]"$context.httpMethod $context.resourcePath $context.protocol" $context.status $context.responseLength $context.requestId',
    ),
  )
  assert.deepEqual(lines, [
    `11.22.33.44 - [02/Jan/2026:03:04:05 +0000]"GET / HTTP/1.1" 200 17 ${id}`,
  ])
})

test('the way by which a call came is told: its domain, TLS and VPC endpoint', async () => {
  const { access: lines } = await written(
    access(
      '$context.domainName $context.domainPrefix $context.customDomain.basePathMatched $context.path $context.tlsVersion $context.cipherSuite $context.identity.vpceId $context.requestId',
    ),
    {
      received: {
        rawPath: '/v1/',
        domainName: 'api.example.com',
        customDomain: { basePath: 'v1' },
        tls: { version: 'TLSv1.3', cipherSuite: 'TLS_AES_128_GCM_SHA256' },
        vpcEndpoint: { id: 'vpce-1a2b' },
      },
    },
  )
  assert.deepEqual(lines, [
    `api.example.com api v1 /v1/ TLSv1.3 TLS_AES_128_GCM_SHA256 vpce-1a2b ${id}`,
  ])
})

test('what a variable does not have is a dash, whatever its name', async () => {
  const format =
    '$context.error.message,$context.authorizer.claims,$context.identity.cognitoIdentityId,$context.nothing.of.this,$context.constructor.name,$context.identity,$context.requestId\n'
  const { access: lines } = await written(access(format))
  assert.deepEqual(lines, [`-,-,-,-,-,-,${id}`])
})

const cases: readonly (readonly [string, string, CallOptions, Record<string, unknown>])[] = [
  [
    'a call that its integration answers',
    'open',
    { path: '/pets/7' },
    { status: '200', integrationStatus: '200', message: '-', type: '-', latency: '0' },
  ],
  [
    'a call that the resource policy denies',
    'denied',
    {},
    {
      status: '403',
      integrationStatus: '-',
      message:
        'User: anonymous is not authorized to perform: execute-api:Invoke on resource: arn:aws:execute-api:us-east-1:********1234:abcdefghij/prod/GET/ with an explicit deny',
      type: 'ACCESS_DENIED',
      latency: '-',
    },
  ],
]
for (const [name, kind, options, expected] of cases)
  test(`the access log tells of ${name}`, async () => {
    const format =
      '{"id":"$context.extendedRequestId","status":"$context.status","integrationStatus":"$context.integrationStatus","message":"$context.error.message","type":"$context.error.responseType","latency":"$context.integrationLatency"}'
    const { access: lines } = await written(
      access(format),
      { upstream, ...options },
      http,
      kind === 'denied' ? denying : {},
    )
    assert.deepEqual(JSON.parse(lines[0]!), { id: 'AbCdEfGhIjKlMnO=', ...expected })
  })

test('nothing that a caller sends ends a value of JSON or XML, or begins a line', async () => {
  const headers = ['User-Agent', '"},{"a":"<b>\'&']
  const json = await written(
    access('{"id":"$context.requestId","agent":"$context.identity.userAgent"}'),
    { headers },
  )
  assert.deepEqual(JSON.parse(json.access[0]!), { id, agent: '"},{"a":"<b>\'&' })
  const xml = await written(
    access('<l id="$context.requestId" agent="$context.identity.userAgent"/>'),
    { headers },
  )
  assert.match(xml.access[0]!, /agent="&quot;},{&quot;a&quot;:&quot;&lt;b&gt;&apos;&amp;"\/>$/)
  const plain = await written(access('$context.requestId $context.identity.userAgent'), {
    headers: ['User-Agent', 'a\u0085b\tc'],
  })
  assert.equal(plain.access[0], `${id} a b c`)
})

test('a quoted message stands for itself', async () => {
  const format = '{"id":"$context.requestId","error":$context.error.messageString}'
  const { access: lines } = await written(access(format), { path: '/nothing' })
  assert.deepEqual(JSON.parse(lines[0]!), { id, error: 'Missing Authentication Token' })
})

test('who called is in the access log, and never a whole key', async () => {
  const value = 'abcdefghijklmnopqrstuvwxyz'
  const { access: lines } = await written(
    access(
      '$context.identity.apiKey $context.identity.apiKeyId $context.identity.accountId $context.identity.userArn $context.authenticate.status $context.authorize.status $context.requestId',
    ),
    {
      signedBy: '000000001234',
      headers: ['x-api-key', value],
      findKey: () => ({ keyId: 'key1', plan: { id: 'plan', methods: {} } }),
    },
    { ...mock, authorizationType: 'AWS_IAM', apiKeyRequired: true },
  )
  assert.deepEqual(lines, [
    `********************uvwxyz key1 000000001234 arn:aws:iam::000000001234:root 200 200 ${id}`,
  ])
})

test('the execution log tells every step, in order', async () => {
  const { execution: lines } = await written(execution('INFO'), { upstream, path: '/pets/7' }, http)
  assert.deepEqual(lines, [
    `(${id}) Extended Request Id: AbCdEfGhIjKlMnO=`,
    `(${id}) Verifying Usage Plan for request: ${id}. API Key:  API Stage: abcdefghij/prod`,
    `(${id}) API Key  authorized because method 'GET /pets/{id}' does not require API Key. Request will not contribute to throttle or quota limits`,
    `(${id}) Usage Plan check succeeded for API Key  and API Stage abcdefghij/prod`,
    `(${id}) Starting execution for request: ${id}`,
    `(${id}) HTTP Method: GET, Resource Path: /pets/7`,
    `(${id}) Sending request to http://backend.example/pets`,
    `(${id}) Received response. Status: 200, Integration latency: 0 ms`,
    `(${id}) Successfully completed execution`,
    `(${id}) Method completed with status: 200`,
  ])
})

test('data are traced when that is asked for, and secrets are not among them', async () => {
  const { execution: lines } = await written(
    execution('INFO', true),
    {
      upstream,
      path: '/pets/7',
      query: 'a=1&X-Amz-Signature=0123456789012345678901234567890123456789',
      headers: ['Authorization', 'Bearer 0123456789abcdef0123456789', 'x-api-key', 'short'],
    },
    http,
  )
  const data = lines.map((line) => line.slice(id.length + 3))
  assert.ok(data.includes('Method request path: {id=7}'))
  assert.ok(
    data.includes(`Method request query string: {a=1, X-Amz-Signature=${'*'.repeat(34)}456789}`),
  )
  assert.ok(
    data.some((line) => /^Endpoint request headers: \{X-Amzn-Apigateway-Api-Id=/.test(line)),
  )
  assert.ok(data.includes('Endpoint response body before transformations: cat'))
  assert.ok(data.includes('Method response body after transformations: cat'))
  const whole = data.join('\n')
  assert.match(whole, /Authorization=\*{27}456789, x-api-key=\*{5}\}/)
  assert.doesNotMatch(whole, /Bearer|short|012345678901/)
})

test('at ERROR only what went wrong is written', async () => {
  assert.deepEqual((await written(execution('ERROR'), { upstream }, http)).execution, [])
  const unmapped = await written(
    execution('ERROR'),
    {},
    {
      ...mock,
      methodIntegration: { ...mock.methodIntegration!, integrationResponses: {} },
    },
  )
  assert.deepEqual(unmapped.execution, [
    `(${id}) Execution failed due to configuration error: No match for output mapping and no default output mapping configured. Endpoint Response Status Code: 200`,
    `(${id}) Gateway response type: API_CONFIGURATION_ERROR with status code: 500`,
  ])
  const keyless = await written(execution('ERROR'), {}, { ...mock, apiKeyRequired: true })
  assert.match(
    keyless.execution[0]!,
    /API Key not authorized because method 'GET \/' requires API Key and API Key is not associated with a Usage Plan for API Stage abcdefghij\/prod: No Usage Plan found/,
  )
  const denied = await written(execution('ERROR'), {}, mock, denying)
  assert.deepEqual(denied.execution, [
    `(${id}) The client is not authorized to perform this operation.`,
    `(${id}) Gateway response type: ACCESS_DENIED with status code: 403`,
  ])
})

test('long lines are cut, and bytes that are no text are not shown', async () => {
  const body = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.alloc(2_000)])
  const { execution: lines } = await written(
    execution('INFO', true),
    {
      upstream: () => ({ status: 200, headers: [], body }),
      query: `a=${'x'.repeat(2_000)}`,
    },
    http,
  )
  assert.ok(lines.every((line) => line.length <= 1_024 + id.length + 3))
  assert.ok(lines.some((line) => line.endsWith(' [TRUNCATED]')))
  assert.ok(lines.includes(`(${id}) Method response body after transformations: [Binary Data]`))
})

test('a large body is shown by its beginning, whole characters alone', async () => {
  const body = Buffer.from('é'.repeat(500_000))
  const answer = () => ({ status: 200, headers: [], body })
  const { execution: lines } = await written(execution('INFO', true), { upstream: answer }, http)
  const shown = lines.find((line) => line.includes('Method response body'))!
  assert.match(shown, /transformations: é+ \[TRUNCATED\]$/)
})

test('nothing is written without a role, at OFF, or of what no method answers', async () => {
  const both = { ...access('$context.requestId'), ...execution('INFO', true) }
  const roleless = await written({ ...both, logRoleArn: undefined as never })
  assert.deepEqual([roleless.access, roleless.execution], [[], []])
  assert.deepEqual((await written(execution('OFF', true))).execution, [])
  const lost = await written(both, { path: '/nothing' })
  assert.deepEqual([lost.access, lost.execution], [[id], []])
})

test('what validation found is in both logs', async () => {
  const { access: lines, execution: steps } = await written(
    { ...access('$context.requestId $context.error.validationErrorString'), ...execution('ERROR') },
    { body: '{}', method: 'GET' },
    petMethod,
    petModels,
  )
  assert.match(lines[0]!, /missing required properties/)
  assert.match(
    steps[0]!,
    /Request body does not match model schema for content type application\/json: \[/,
  )
})

test('a method has its own level', async () => {
  const methodSettings = {
    '*/*': { loggingLevel: 'INFO' },
    '~1pets~1{id}/GET': { loggingLevel: 'OFF' },
  } as const
  assert.equal((await written({ methodSettings }, { path: '/pets/1' })).execution.length, 0)
  assert.ok((await written({ methodSettings })).execution.length > 0)
})
