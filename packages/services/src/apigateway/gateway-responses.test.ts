import assert from 'node:assert/strict'
import { test } from 'node:test'
import { madeApi, refusal } from './made-api.fixture.ts'

const responses = '/restapis/{api}/gatewayresponses'
const template = { 'application/json': '{"message":$context.error.messageString}' }

test('all types are listed, with what they are by default', async () => {
  await using made = await madeApi()
  const { json } = await made.ask('GET', responses)
  assert.equal(json.item.length, 21)
  assert.deepEqual(json.item[0], {
    responseType: 'ACCESS_DENIED',
    statusCode: '403',
    responseParameters: {},
    responseTemplates: template,
    defaultResponse: true,
  })
  const default4xx = await made.ask('GET', `${responses}/DEFAULT_4XX`)
  assert.equal('statusCode' in default4xx.json, false)
})

test('a response is put, changed and deleted', async () => {
  await using made = await madeApi()
  const at = `${responses}/UNAUTHORIZED`
  const put = await made.ask('PUT', at, {
    statusCode: '499',
    responseParameters: { 'gatewayresponse.header.x': "'y'" },
  })
  assert.equal(put.status, 201)
  assert.deepEqual(put.json, {
    responseType: 'UNAUTHORIZED',
    statusCode: '499',
    responseParameters: { 'gatewayresponse.header.x': "'y'" },
    responseTemplates: template,
    defaultResponse: false,
  })
  const patched = await made.patch(
    at,
    { op: 'replace', path: '/statusCode', value: '401' },
    { op: 'remove', path: '/responseParameters/gatewayresponse.header.x' },
    { op: 'add', path: '/responseParameters/gatewayresponse.header.z', value: 'context.requestId' },
    { op: 'replace', path: '/responseTemplates/application~1json', value: '{}' },
  )
  assert.deepEqual(patched.json, {
    responseType: 'UNAUTHORIZED',
    statusCode: '401',
    responseParameters: { 'gatewayresponse.header.z': 'context.requestId' },
    responseTemplates: { 'application/json': '{}' },
    defaultResponse: false,
  })
  assert.equal((await made.ask('DELETE', at)).status, 202)
  assert.equal((await made.ask('GET', at)).json.defaultResponse, true)
  assert.deepEqual(refusal(await made.ask('DELETE', at)), [
    404,
    'Gateway response type not defined on api',
  ])
})

const types =
  'REQUEST_TOO_LARGE, RESOURCE_NOT_FOUND, AUTHORIZER_CONFIGURATION_ERROR, MISSING_AUTHENTICATION_TOKEN, BAD_REQUEST_BODY, INVALID_SIGNATURE, INVALID_API_KEY, BAD_REQUEST_PARAMETERS, AUTHORIZER_FAILURE, UNAUTHORIZED, INTEGRATION_TIMEOUT, ACCESS_DENIED, DEFAULT_4XX, DEFAULT_5XX, WAF_FILTERED, QUOTA_EXCEEDED, THROTTLED, API_CONFIGURATION_ERROR, UNSUPPORTED_MEDIA_TYPE, INTEGRATION_FAILURE, EXPIRED_TOKEN'

test('a type that there is not is refused with all that there are', async () => {
  await using made = await madeApi()
  assert.deepEqual(refusal(await made.ask('PUT', `${responses}/FAKE_RESPONSE_TYPE`, {})), [
    400,
    `1 validation error detected: Value 'FAKE_RESPONSE_TYPE' at 'responseType' failed to satisfy constraint: Member must satisfy enum value set: [${types}]`,
  ])
})

const refused: readonly (readonly [operation: object, status: number, message: string])[] = [
  [{ op: 'add', path: '/statusCode', value: '1' }, 400, 'Invalid patch path /statusCode'],
  [{ op: 'replace', path: '/wrongPath', value: '1' }, 400, 'Invalid patch path /wrongPath'],
  [{ op: 'replace', value: '1' }, 400, 'Invalid patch path null'],
  [
    { op: 'replace', path: '/responseTemplates/' },
    400,
    'Invalid null or empty value in responseTemplates',
  ],
  [
    { op: 'add', path: '/responseParameters/gatewayresponse.header.x' },
    400,
    'Invalid null or empty value in responseParameters',
  ],
  [
    { op: 'replace', path: '/responseParameters/gatewayresponse.header.x', value: "'y'" },
    404,
    'Invalid parameter name specified',
  ],
  [
    { op: 'add', path: '/responseParameters/gatewayresponse.header.Content-Length', value: "'1'" },
    400,
    'Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression parameter specified: gatewayresponse.header.Content-Length]',
  ],
  [
    { op: 'add', path: '/responseParameters/gatewayresponse.header.x', value: "'a\r\nb'" },
    400,
    "Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression specified: 'a\r\nb']",
  ],
]
for (const [operation, status, message] of refused)
  test(`${JSON.stringify(operation)} is refused`, async () => {
    await using made = await madeApi()
    assert.deepEqual(refusal(await made.patch(`${responses}/DEFAULT_4XX`, operation)), [
      status,
      message,
    ])
  })
