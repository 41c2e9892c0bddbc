import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type MadeApi, madeApi, refusal } from './made-api.fixture.ts'

const models = '/restapis/{api}/models'
const validators = '/restapis/{api}/requestvalidators'
const post = '/restapis/{api}/resources/{root}/methods/POST'

const create = (made: MadeApi, name: string, schema: unknown) =>
  made.ask('POST', models, {
    name,
    contentType: 'application/json',
    schema: typeof schema === 'string' ? schema : JSON.stringify(schema),
  })
const urlOf = ({ id }: MadeApi, name: string) =>
  `https://apigateway.amazonaws.com/restapis/${id}/models/${name}`

test('every API has the models Empty and Error', async () => {
  await using made = await madeApi()
  const { json } = await made.ask('GET', models)
  assert.deepEqual(
    json.item.map(({ name }: { name: string }) => name),
    ['Empty', 'Error'],
  )
})

test('models are made, changed and deleted', async () => {
  await using made = await madeApi()
  const made201 = await create(made, 'Pet', { type: 'object' })
  assert.equal(made201.status, 201)
  assert.deepEqual(made201.json, {
    id: made201.json.id,
    name: 'Pet',
    contentType: 'application/json',
    schema: '{"type":"object"}',
  })
  const patched = await made.patch(
    `${models}/Pet`,
    { op: 'replace', path: '/schema', value: '{"type":"array"}' },
    { op: 'replace', path: '/description', value: 'many' },
  )
  assert.deepEqual(patched.json, {
    ...made201.json,
    schema: '{"type":"array"}',
    description: 'many',
  })
  assert.equal((await made.ask('DELETE', `${models}/Pet`)).status, 202)
  assert.deepEqual(refusal(await made.ask('GET', `${models}/Pet`)), [
    404,
    'Invalid model name specified: Pet',
  ])
})

const refused: readonly (readonly [name: string, schema: unknown, message: string])[] = [
  ['', { type: 'object' }, 'Model name must be non-empty'],
  ['a-b', { type: 'object' }, 'Model name must be alphanumeric: a-b'],
  ['A', '', 'Model schema must have at least 1 property or array items defined'],
  [
    'A',
    { $ref: 'https://example.com/a.json' },
    'Invalid model specified: Validation Result: warnings : [], errors : [Invalid model schema specified, Model reference must be in canonical form]',
  ],
  [
    'A',
    { example: 1 },
    'Invalid model specified: Validation Result: warnings : [], errors : [Invalid model schema specified. Unsupported keyword(s): ["example"]]',
  ],
  [
    'A',
    { pattern: '(a)\\1' },
    'Invalid model specified: Validation Result: warnings : [], errors : [Invalid model schema specified. the expression "(a)\\\\1" cannot be used: references back are not supported]',
  ],
]
for (const [name, schema, message] of refused)
  test(`a model ${name} of ${JSON.stringify(schema)} is refused`, async () => {
    await using made = await madeApi()
    assert.deepEqual(refusal(await create(made, name, schema)), [400, message])
  })

test('a model that something refers to stays', async () => {
  await using made = await madeApi()
  await create(made, 'Owner', { type: 'object' })
  await create(made, 'Pet', { properties: { owner: { $ref: urlOf(made, 'Owner') } } })
  assert.deepEqual(refusal(await made.ask('DELETE', `${models}/Owner`)), [
    409,
    "Cannot delete model 'Owner', is referenced in model: Pet",
  ])
  await made.ask('PUT', post, {
    authorizationType: 'NONE',
    requestModels: { 'application/json': 'Pet' },
  })
  assert.deepEqual(refusal(await made.ask('DELETE', `${models}/Pet`)), [
    409,
    "Cannot delete model 'Pet', is referenced in method request: //POST",
  ])
})

test('flattened, a model has those that it refers to within; a template follows it', async () => {
  await using made = await madeApi()
  await create(made, 'Owner', { type: 'object', properties: { id: { type: 'integer' } } })
  await create(made, 'Pets', {
    type: 'array',
    items: {
      type: 'object',
      properties: { name: { type: 'string' }, owner: { $ref: urlOf(made, 'Owner') } },
    },
  })
  const flat = await made.ask('GET', `${models}/Pets?flatten=true`)
  const { items, definitions } = JSON.parse(flat.json.schema)
  assert.deepEqual(items.properties.owner, { $ref: '#/definitions/Owner' })
  assert.deepEqual(Object.keys(definitions), ['Owner'])
  const { json } = await made.ask('GET', `${models}/Pets/default_template`)
  assert.match(json.value, /^#set\(\$inputRoot = \$input\.path\('\$'\)\)\n\[\n##TODO/)
  assert.match(json.value, /"name" : "foo",\n\s+"owner" : \{\n\s+"id" : 42\n/)
})

test("a copy's models refer to the copy's", async () => {
  await using made = await madeApi()
  await create(made, 'Owner', { type: 'object' })
  await create(made, 'Pet', { properties: { owner: { $ref: urlOf(made, 'Owner') } } })
  const { json: copy } = await made.ask('POST', '/restapis', { name: 'copy', cloneFrom: made.id })
  const { json } = await made.ask('GET', `/restapis/${copy.id}/models/Pet`)
  assert.equal(json.schema.includes(copy.id) && !json.schema.includes(made.id), true)
})

test('validators are made, changed and deleted, and stay while a method asks them', async () => {
  await using made = await madeApi()
  const first = await made.ask('POST', validators, { name: 'all', validateRequestBody: true })
  assert.equal(first.status, 201)
  const { id } = first.json
  assert.deepEqual(first.json, {
    id,
    name: 'all',
    validateRequestBody: true,
    validateRequestParameters: false,
  })
  const at = `${validators}/${id}`
  const patched = await made.patch(at, {
    op: 'replace',
    path: '/validateRequestParameters',
    value: 'true',
  })
  assert.equal(patched.json.validateRequestParameters, true)
  assert.deepEqual(
    refusal(await made.patch(at, { op: 'replace', path: '/invalidPath', value: 'x' })),
    [
      400,
      "Invalid patch path  '/invalidPath' specified for op 'replace'. Must be one of: [/name, /validateRequestParameters, /validateRequestBody]",
    ],
  )
  assert.deepEqual(refusal(await made.patch(at, { op: 'replace', path: '/name', value: '' })), [
    400,
    'Request Validator name cannot be blank',
  ])
  const { json } = await made.ask('PUT', post, {
    authorizationType: 'NONE',
    requestValidatorId: id,
  })
  assert.equal(json.requestValidatorId, id)
  assert.equal((await made.ask('DELETE', at)).status, 409)
  await made.patch(post, { op: 'replace', path: '/requestValidatorId', value: '' })
  assert.equal((await made.ask('DELETE', at)).status, 202)
  assert.deepEqual(refusal(await made.ask('GET', at)), [
    404,
    'Invalid Request Validator identifier specified',
  ])
  assert.deepEqual(
    refusal(await made.ask('POST', '/restapis/none/requestvalidators', { name: 'a' })),
    [400, 'Invalid REST API identifier specified'],
  )
})

const endless = {
  type: 'object',
  properties: Object.fromEntries([...'abcdefghijkl'].map((name) => [name, { $ref: '#' }])),
}
const shownModels: readonly (readonly [what: string, schema: object, shown: RegExp])[] = [
  ['contains itself', { type: 'object', properties: { child: { $ref: '#' } } }, /"child" : \{/],
  ['contains itself twelve times', endless, /"l" : /],
  [
    'refers by an encoded name',
    { $ref: '#/definitions/a%20b', definitions: { 'a b': {} } },
    /\{\}/,
  ],
]
for (const [what, schema, shown] of shownModels)
  test(`a model that ${what} has a template of bounded size`, async () => {
    await using made = await madeApi()
    const text = JSON.stringify(schema)
    const created = await made.ask('POST', models, {
      name: 'Endless',
      contentType: 'application/json',
      schema: text,
    })
    assert.equal(created.status, 201)
    const { status, json } = await made.ask('GET', `${models}/Endless/default_template`)
    assert.equal(status, 200)
    assert.match(json.value, shown)
    assert.ok(json.value.length < 1_000_000)
  })
