import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type CallOptions, call, mock, snapshotOf } from './call.fixture.ts'
import { modelUrl } from './schema/compile.ts'
import type { SnapshotMethod } from './snapshot.ts'

const model = (name: string, schema: object) => ({
  id: name,
  name,
  contentType: 'application/json',
  schema: JSON.stringify(schema),
})
const models = {
  Pet: model('Pet', {
    type: 'object',
    required: ['name'],
    properties: { name: { type: 'string' }, owner: { $ref: modelUrl('abcdefghij', 'Owner') } },
    additionalProperties: false,
  }),
  Owner: model('Owner', { type: 'object', required: ['id'] }),
  Guest: model('Guest', { type: 'object', properties: { role: { enum: ['guest'] } } }),
  Written: {
    ...model('Written', {}),
    schema: String.raw`{"properties":{"writtenName":{},"\u0072ole":{"enum":["guest"]}}}`,
  },
  Broken: model('Broken', { $ref: 'https://example.com/' }),
}
const validator = (validateRequestBody: boolean, validateRequestParameters: boolean) => ({
  id: 'v',
  name: 'v',
  validateRequestBody,
  validateRequestParameters,
})

const asked: SnapshotMethod = {
  ...mock,
  requestValidatorId: 'v',
  requestModels: { 'application/json': 'Pet' },
  requestParameters: {
    'method.request.querystring.qs1': true,
    'method.request.header.x-header': true,
    'method.request.header.optional': false,
    'method.request.querystring.constructor': true,
  },
}

async function answered(
  options: CallOptions,
  {
    body = true,
    parameters = false,
    method = asked,
  }: { body?: boolean; parameters?: boolean; method?: SnapshotMethod } = {},
) {
  const snapshot = snapshotOf(
    { '/': { POST: method } },
    { models, requestValidators: { v: validator(body, parameters) } },
  )
  const reply = await call(snapshot, { method: 'POST', ...options })
  return { ...reply, text: String(reply.body) }
}

test('a member is not hidden by how its name is written', async () => {
  const method = { ...asked, requestModels: { 'application/json': 'Guest' } }
  const status = async (body: string) => (await answered({ body }, { method })).status
  assert.equal(await status(String.raw`{"guestName":null,"\\u00":1}`), 200)
  assert.equal(await status(String.raw`{"guestName":null,"\u0072ole":"admin"}`), 400)
})

test('nor by how the name is written in its model', async () => {
  JSON.parse(String.raw`{"writtenName":{},"\\u00":{}}`)
  const method = { ...asked, requestModels: { 'application/json': 'Written' } }
  assert.equal((await answered(json({ role: 'admin' }), { method })).status, 400)
})

const json = (value: unknown): CallOptions => ({ body: JSON.stringify(value) })
const invalid = '{"message": "Invalid request body"}'

test('a body that fits its model goes on, one that does not is 400', async () => {
  assert.equal((await answered(json({ name: 'a' }))).status, 200)
  const { status, text, headers, outcome } = await answered(json({ foo: 1 }))
  assert.deepEqual([status, text], [400, invalid])
  assert.equal(headers[headers.indexOf('x-amzn-ErrorType') + 1], 'BadRequestException')
  assert.equal(
    outcome.detail,
    '[object has missing required properties (["name"]), object instance has properties which are not allowed by the schema: ["foo"]]',
  )
})

test('a model of another model asks it too', async () => {
  assert.equal((await answered(json({ name: 'a', owner: {} }))).text, invalid)
  assert.equal((await answered(json({ name: 'a', owner: { id: 1 } }))).status, 200)
})

test('an empty body is an empty object, and what is no JSON fits nothing', async () => {
  for (const options of [{}, { body: '' }, { body: '{"name":' }, { body: 'name=a' }])
    assert.equal((await answered(options)).text, invalid)
})

test('the model goes by the content type; where none is named for it the body is not looked at', async () => {
  const headers = (type: string) => ({
    headers: ['Content-Type', type],
    ...json({ statusCode: 200 }),
  })
  assert.equal((await answered(headers('application/json; charset=utf-8'))).text, invalid)
  assert.equal((await answered(headers('Application/JSON'))).text, invalid)
  assert.equal((await answered(headers('text/plain'))).status, 200)
  const method = { ...asked, requestModels: { $default: 'Pet' } }
  assert.equal((await answered(headers('text/plain'), { method })).text, invalid)
})

test('required parameters are asked for first, in the order that AWS lists them', async () => {
  assert.equal(
    (await answered(json({}), { parameters: true })).text,
    '{"message": "Missing required request parameters: [x-header, constructor, qs1]"}',
  )
  const given = { headers: ['X-Header', ' '], query: 'qs1=1&constructor=1', ...json({ name: 'a' }) }
  assert.match((await answered(given, { parameters: true })).text, /\[x-header\]/)
})

test('a validator asks for what it is for and no more', async () => {
  assert.equal((await answered(json({ name: 'a' }), { parameters: false })).status, 200)
  assert.equal((await answered(json({}), { body: false })).status, 200)
})

test('a validator that is gone asks for everything', async () => {
  const method = { ...asked, requestValidatorId: 'gone' }
  assert.equal((await answered(json({ name: 'a' }), { method })).status, 400)
})

test('a model that cannot be used lets nothing pass', async () => {
  const method = { ...asked, requestModels: { 'application/json': 'Broken' } }
  const { status, text } = await answered(json({}), { method })
  assert.deepEqual([status, text], [500, '{"message": "Internal server error"}'])
})
