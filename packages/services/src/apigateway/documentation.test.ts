import assert from 'node:assert/strict'
import { test } from 'node:test'
import { madeApi, refusal } from './made-api.fixture.ts'

const parts = '/restapis/{api}/documentation/parts'
const versions = '/restapis/{api}/documentation/versions'
const said = (text: string) => JSON.stringify({ description: text })

test('a part is created, read, changed, listed and deleted', async () => {
  await using made = await madeApi()
  const { ask } = made
  const location = { type: 'METHOD', path: '/pets', method: 'GET' }
  const created = await ask('POST', parts, { location, properties: said('pets') })
  const { id } = created.json
  assert.deepEqual(
    [created.status, created.json],
    [201, { id, location, properties: said('pets') }],
  )
  assert.deepEqual((await ask('GET', `${parts}/${id}`)).json, created.json)
  const changed = await made.patch(`${parts}/${id}`, {
    op: 'replace',
    path: '/properties',
    value: said('all pets'),
  })
  assert.equal(changed.json.properties, said('all pets'))
  await ask('POST', parts, { location: { type: 'API' }, properties: said('shop') })
  const types = async (query: string) =>
    (await ask('GET', `${parts}${query}`)).json.item.map((each: never) => each['location']['type'])
  assert.deepEqual((await types('')).sort(), ['API', 'METHOD'])
  assert.deepEqual(await types('?type=API'), ['API'])
  assert.deepEqual(await types('?path=%2Fpets'), ['METHOD'])
  assert.equal((await ask('DELETE', `${parts}/${id}`)).status, 202)
  assert.deepEqual(refusal(await ask('GET', `${parts}/${id}`)), [
    404,
    'Invalid Documentation part identifier specified',
  ])
})

test('what is no part is refused in the words of AWS', async () => {
  await using made = await madeApi()
  const create = async (location: object, properties = said('x')) =>
    refusal(await made.ask('POST', parts, { location, properties }))
  assert.deepEqual(await create({ type: 'INVALID' }), [
    400,
    "1 validation error detected: Value 'INVALID' at 'createDocumentationPartInput.location.type' failed to satisfy constraint: Member must satisfy enum value set: [RESPONSE_BODY, RESPONSE, METHOD, MODEL, AUTHORIZER, RESPONSE_HEADER, RESOURCE, PATH_PARAMETER, REQUEST_BODY, QUERY_PARAMETER, API, REQUEST_HEADER]",
  ])
  assert.deepEqual(await create({ type: 'API' }, ''), [
    400,
    'Documentation part properties must be non-empty',
  ])
  for (const wrong of [
    { type: 'API', path: '/' },
    { type: 'MODEL' },
    { type: 'METHOD', statusCode: '200' },
    { type: 'QUERY_PARAMETER', path: '/' },
  ])
    assert.equal((await create(wrong))[0], 400, JSON.stringify(wrong))
  assert.equal((await create({ type: 'API' }, '[]'))[0], 400)
  assert.equal((await create({ type: 'API' }, '{'))[0], 400)
  const { id } = (
    await made.ask('POST', parts, { location: { type: 'RESOURCE' }, properties: said('root') })
  ).json
  // The root is what is meant where no path is said.
  assert.equal((await create({ type: 'RESOURCE', path: '/' }))[0], 409)
  assert.deepEqual(
    refusal(
      await made.patch(`${parts}/${id}`, { op: 'replace', path: '/invalidPath', value: 'x' }),
    ),
    [
      400,
      "Invalid patch path  '/invalidPath' specified for op 'replace'. Must be one of: [/properties]",
    ],
  )
  assert.deepEqual(
    refusal(await made.patch(`${parts}/${id}`, { op: 'add', path: '/properties', value: 'x' })),
    [
      400,
      "Invalid patch path  '/properties' specified for op 'add'. Please choose supported operations",
    ],
  )
})

const documented = (...found: readonly (readonly [object, string])[]) => ({
  openapi: '3.0.1',
  info: { title: 'shop', version: '1' },
  paths: {},
  'x-amazon-apigateway-documentation': {
    version: '1.0',
    documentationParts: found.map(([location, description]) => ({
      location,
      properties: { description },
    })),
  },
})

test('parts are imported: merged by their place, or in place of all others', async () => {
  await using made = await madeApi()
  const { ask } = made
  const listed = async () =>
    (await ask('GET', parts)).json.item
      .map(
        ({ location, properties }: never) =>
          `${location['type']} ${JSON.parse(properties).description}`,
      )
      .sort()
  const api = { type: 'API' }
  const pets = { type: 'RESOURCE', path: '/pets' }
  const first = await ask('PUT', parts, documented([api, 'a'], [pets, 'b']))
  assert.deepEqual([first.status, first.json.ids.length, first.json.warnings], [200, 2, []])
  await ask('PUT', `${parts}?mode=merge`, documented([api, 'c']))
  assert.deepEqual(await listed(), ['API c', 'RESOURCE b'])
  await ask('PUT', `${parts}?mode=overwrite`, documented([pets, 'd']))
  assert.deepEqual(await listed(), ['RESOURCE d'])
  assert.deepEqual(refusal(await ask('PUT', parts, 'no document')), [
    400,
    'Unable to build importer with provided input.',
  ])
  assert.equal(
    (
      await ask('PUT', `${parts}?failonwarnings=true`, {
        ...documented(),
        'x-amazon-apigateway-documentation': undefined,
      })
    ).status,
    400,
  )
})

test('a version is what was said when it was made, published by a stage and exported with it', async () => {
  await using made = await madeApi()
  const { ask } = made
  await ask('POST', '/restapis/{api}/deployments', { stageName: 'prod' })
  const { id } = (await ask('POST', parts, { location: { type: 'API' }, properties: said('one') }))
    .json
  const created = await ask('POST', versions, {
    documentationVersion: '1.0',
    stageName: 'prod',
    description: 'first',
  })
  assert.deepEqual([created.status, created.json.version], [201, '1.0'])
  await made.patch(`${parts}/${id}`, { op: 'replace', path: '/properties', value: said('two') })
  assert.equal((await ask('GET', '/restapis/{api}/stages/prod')).json.documentationVersion, '1.0')
  const exported = await ask(
    'GET',
    '/restapis/{api}/stages/prod/exports/oas30?extensions=documentation',
  )
  assert.deepEqual(exported.json['x-amazon-apigateway-documentation'].documentationParts, [
    { location: { type: 'API' }, properties: { description: 'one' } },
  ])
  assert.deepEqual((await ask('GET', versions)).json, { item: [created.json] })
  assert.equal((await ask('POST', versions, { documentationVersion: '1.0' })).status, 409)
  assert.equal((await ask('DELETE', `${versions}/1.0`)).status, 400)
  const set = (value: string) =>
    made.patch('/restapis/{api}/stages/prod', {
      op: 'replace',
      path: '/documentationVersion',
      value,
    })
  assert.deepEqual(refusal(await set('2.0')), [400, 'Invalid Documentation version specified'])
  assert.equal((await set('')).status, 200)
  assert.equal((await ask('DELETE', `${versions}/1.0`)).status, 202)
})

test('an imported API brings its documentation and the version of it, unless that is ignored', async () => {
  await using made = await madeApi()
  const document = documented([{ type: 'API' }, 'all'])
  const imported = async (query: string) => {
    const { json } = await made.ask('POST', `/restapis?mode=import${query}`, document)
    const at = `/restapis/${json.id}/documentation`
    const [kept, published] = [
      await made.ask('GET', `${at}/parts`),
      await made.ask('GET', `${at}/versions`),
    ]
    return [kept.json.item.length, published.json.item.length]
  }
  assert.deepEqual(await imported(''), [1, 1])
  assert.deepEqual(await imported('&ignore=documentation'), [0, 0])
  const { json } = await made.ask('POST', '/restapis?mode=import', document)
  assert.equal((await made.ask('DELETE', `/restapis/${json.id}`)).status, 202)
  assert.equal((await made.api.store.documents.list('apigateway/documentation-parts')).length, 1)
})
