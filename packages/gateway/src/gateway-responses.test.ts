/** Every answer that the gateway makes itself, to the byte; and what an API may say instead. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type CallOptions, call, headerOf, mock, snapshotOf, textOf } from './call.fixture.ts'
import { type Row, requestValidators, rows, validated } from './gateway-responses.fixture.ts'
import { gatewayResponses } from './gateway-responses.ts'
import type { GatewayReply } from './pass.ts'
import type { DeploymentSnapshot, SnapshotGatewayResponse, SnapshotMethod } from './snapshot.ts'

const provoke = (
  { method, more, options }: Row,
  responses?: DeploymentSnapshot['gatewayResponses'],
) =>
  call(
    snapshotOf(
      { '/': { GET: method } },
      { ...more, ...(responses && { gatewayResponses: responses }) },
    ),
    options,
  )

function assertAnswer(reply: GatewayReply, { status, body }: Row): void {
  assert.equal(reply.status, status)
  if (typeof body === 'string') assert.equal(textOf(reply), body)
  else assert.match(textOf(reply), body)
}

test('every gateway response that can arise here has a row', () => {
  const rowed = new Set(Object.keys(rows).map((what) => what.split(' ')[0]))
  const elsewhere = Object.keys(gatewayResponses).filter((type) => !rowed.has(type))
  // The two classes are no refusals of their own, a body is measured below, and no web ACL filters.
  assert.deepEqual(elsewhere, ['DEFAULT_4XX', 'REQUEST_TOO_LARGE', 'WAF_FILTERED'])
})

for (const [what, row] of Object.entries(rows))
  test(`${what} is answered as AWS does`, async () => {
    const reply = await provoke(row)
    assertAnswer(reply, row)
    assert.equal(headerOf(reply, 'x-amzn-ErrorType'), row.errorType)
    assert.equal(headerOf(reply, 'Content-Type'), 'application/json')
  })

test('a body that is too large is told so in plain words, whatever the API would say', async () => {
  const { status, errorType, message } = gatewayResponses.REQUEST_TOO_LARGE
  assert.deepEqual(
    [status, errorType, message],
    [413, 'RequestEntityTooLargeException', 'HTTP content length exceeded 10485760 bytes.'],
  )
})

const cors = { 'gatewayresponse.header.Access-Control-Allow-Origin': "'*'" }

for (const [what, row] of Object.entries(rows))
  test(`${what} carries what the default of its class carries`, async () => {
    const type = row.status >= 500 ? 'DEFAULT_5XX' : 'DEFAULT_4XX'
    const reply = await provoke(row, { [type]: { responseParameters: cors } })
    assertAnswer(reply, row)
    assert.equal(headerOf(reply, 'Access-Control-Allow-Origin'), '*')
    const other = type === 'DEFAULT_5XX' ? 'DEFAULT_4XX' : 'DEFAULT_5XX'
    const unchanged = await provoke(row, {
      [other]: { responseParameters: cors, statusCode: '418' },
    })
    assert.deepEqual(
      [unchanged.status, headerOf(unchanged, 'Access-Control-Allow-Origin')],
      [row.status, undefined],
    )
  })

const says = async (
  response: SnapshotGatewayResponse,
  options: CallOptions = {},
  method: SnapshotMethod = { ...mock, apiKeyRequired: true },
) => {
  const snapshot = snapshotOf(
    { '/pets/{id}': { GET: method } },
    { gatewayResponses: { INVALID_API_KEY: response, UNAUTHORIZED: { statusCode: '418' } } },
  )
  return call(snapshot, { path: '/pets/7', query: 'q=1&q=2', variables: { a: 'b' }, ...options })
}

test('status, headers and body are what the API says', async () => {
  const reply = await says(
    {
      statusCode: '404',
      responseParameters: {
        'gatewayresponse.header.x-static': "'a.b.c'",
        'gatewayresponse.header.x-path': 'method.request.path.id',
        'gatewayresponse.header.x-query': 'method.request.querystring.q',
        'gatewayresponse.header.x-queries': 'method.request.multivaluequerystring.q',
        'gatewayresponse.header.x-header': 'method.request.header.accept-language',
        'gatewayresponse.header.x-context': 'context.error.responseType',
        'gatewayresponse.header.x-variable': 'stageVariables.a',
        'gatewayresponse.header.x-nothing': 'method.request.header.none',
        'gatewayresponse.header.Content-Type': "'application/problem+json'",
      },
      responseTemplates: {
        'application/json':
          '{"message":$context.error.messageString,"type":"$context.error.responseType","stage":"$context.stage","path":"$context.resourcePath","a":"$stageVariables.a","id":"$method.request.path.id","none":"$context.none${context.nowhere}"}',
      },
    },
    { headers: ['Accept-Language', 'ja'] },
  )
  assert.equal(reply.status, 404)
  assert.deepEqual(JSON.parse(textOf(reply)), {
    message: 'Forbidden',
    type: 'INVALID_API_KEY',
    stage: 'prod',
    path: '/pets/{id}',
    a: 'b',
    id: '7',
    none: '',
  })
  assert.deepEqual(reply.headers, [
    ...['x-amzn-ErrorType', 'ForbiddenException'],
    ...['x-static', 'a.b.c', 'x-path', '7', 'x-query', '2', 'x-queries', '1,2'],
    ...['x-header', 'ja', 'x-context', 'INVALID_API_KEY', 'x-variable', 'b'],
    ...['Content-Type', 'application/problem+json'],
  ])
})

test('the template goes by what the client accepts', async () => {
  const responseTemplates = {
    'text/html': '<p>$context.error.message</p>',
    'application/json': '{}',
  }
  const html = await says({ responseTemplates }, { headers: ['Accept', 'text/html,*/*'] })
  assert.deepEqual(
    [textOf(html), headerOf(html, 'Content-Type')],
    ['<p>Forbidden</p>', 'text/html'],
  )
  assert.equal(textOf(await says({ responseTemplates })), '{}')
})

test('what validation found can be told', async () => {
  const snapshot = snapshotOf(
    { '/': { POST: { ...validated, requestModels: { 'application/json': 'M' } } } },
    {
      requestValidators,
      models: {
        M: { id: 'M', name: 'M', contentType: 'application/json', schema: '{"required":["a"]}' },
      },
      gatewayResponses: {
        BAD_REQUEST_BODY: {
          responseTemplates: { 'application/json': '$context.error.validationErrorString' },
        },
      },
    },
  )
  const reply = await call(snapshot, { method: 'POST', body: '{}' })
  assert.equal(textOf(reply), '[object has missing required properties (["a"])]')
})

test('nothing that a caller sends makes another header, another line or a loop', async () => {
  const reply = await says(
    {
      responseParameters: {
        'gatewayresponse.header.x-evil': 'method.request.querystring.evil',
        'gatewayresponse.header.Transfer-Encoding': "'chunked'",
        'gatewayresponse.header.Content-Length': "'1'",
      },
      responseTemplates: { 'application/json': '$method.request.querystring.evil' },
    },
    { query: `evil=${encodeURIComponent('$context.stage\r\nSet-Cookie: a=b')}` },
  )
  assert.deepEqual(reply.headers, [
    ...['x-amzn-ErrorType', 'ForbiddenException', 'Content-Type', 'application/json'],
  ])
  assert.equal(textOf(reply), '$context.stage\r\nSet-Cookie: a=b')
})
