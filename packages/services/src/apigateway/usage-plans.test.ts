import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keyOfValue, loadUsagePlan } from './key-records.ts'
import { refusal } from './made-api.fixture.ts'

import { deployed, ownValue, planOf } from './usage-plans.fixture.ts'

test('a plan says what it was given and nothing more', async () => {
  await using made = await deployed()
  const { json, status } = await made.ask('POST', '/usageplans', { name: 'bare' })
  const { id, ...bare } = json
  assert.match(id, /^[a-z0-9]{6}$/)
  assert.deepEqual([status, bare], [201, { name: 'bare', apiStages: [] }])
  const given = {
    name: 'full',
    description: 'd',
    apiStages: [
      {
        apiId: made.id,
        stage: 'prod',
        throttle: { '//GET': { burstLimit: 1, rateLimit: 0.5 } },
      },
    ],
    throttle: { burstLimit: 10, rateLimit: 5 },
    quota: { limit: 100, offset: 2, period: 'WEEK' },
    tags: { team: 'a' },
  }
  const full = (await made.ask('POST', '/usageplans', given)).json
  assert.deepEqual(full, { ...given, id: full.id })
  assert.deepEqual((await made.ask('GET', `/usageplans/${full.id}`)).json, full)
  assert.equal((await made.ask('GET', '/usageplans')).json.item.length, 2)
})

test('a plan has only stages that are there', async () => {
  await using made = await deployed()
  for (const [apiId, stage] of [
    [made.id, 'absent'],
    ['absent', 'prod'],
  ]) {
    const refused = await made.ask('POST', '/usageplans', {
      name: 'p',
      apiStages: [{ apiId, stage }],
    })
    assert.equal(refused.status, 404)
    assert.match(
      refused.json.message,
      new RegExp(
        `^Invalid API Stage \\{api: ${apiId}, stage: ${stage}\\} specified for usageplan [a-z0-9]{6}$`,
      ),
    )
  }
})

test('a plan is changed path by path', async () => {
  await using made = await deployed()
  const path = `/usageplans/${await planOf(made, { apiStages: [] })}`
  const stage = `${made.id}:prod`
  const set = (op: string, where: string, value?: string) => ({
    op,
    path: where,
    ...(value !== undefined && { value }),
  })
  const { json } = await made.patch(
    path,
    set('replace', '/name', 'other'),
    set('add', '/apiStages', stage),
    set('replace', '/throttle/rateLimit', '2.5'),
    set('add', '/throttle/burstLimit', '3'),
    set('replace', '/quota/limit', '7'),
    set('add', '/quota/period', 'DAY'),
    set('add', '/productCode', 'pc'),
    set('replace', `/apiStages/${stage}/throttle/~1/GET/rateLimit`, '1'),
    set('add', `/apiStages/${stage}/throttle/~1pets/POST/burstLimit`, '2'),
    set('replace', `/apiStages/${stage}/throttle//pets/{id}/GET/rateLimit`, '3'),
  )
  const { id, ...changed } = json
  assert.deepEqual(changed, {
    name: 'other',
    apiStages: [
      {
        apiId: made.id,
        stage: 'prod',
        throttle: {
          '//GET': { rateLimit: 1 },
          '/pets/POST': { burstLimit: 2 },
          '/pets/{id}/GET': { rateLimit: 3 },
        },
      },
    ],
    throttle: { rateLimit: 2.5, burstLimit: 3 },
    quota: { limit: 7, offset: 0, period: 'DAY' },
    productCode: 'pc',
  })
  const emptied = await made.patch(
    path,
    set('remove', `/apiStages/${stage}/throttle/~1/GET`),
    set('remove', `/apiStages/${stage}/throttle`),
    set('remove', '/apiStages', stage),
    set('remove', '/quota'),
    set('remove', '/throttle'),
    set('remove', '/productCode'),
  )
  assert.deepEqual(emptied.json, { id, name: 'other', apiStages: [] })
  const wrong = await made.patch(path, set('remove', `/apiStages/${stage}`))
  assert.deepEqual(refusal(wrong), [
    400,
    `Invalid patch path  '/apiStages/${stage}' specified for op 'remove'. Must be one of: [/apiStages, /quota, /throttle, /productCode, /apiStages/<apidId:stageName>/throttle/<resourcePath>/<httpMethod>, /apiStages/<apidId:stageName>/throttle]`,
  ])
  const gone = await made.patch(path, set('remove', '/apiStages', stage))
  assert.deepEqual(refusal(gone), [400, 'Invalid API Stage specified'])
  for (const [where, value] of [
    ['/throttle/rateLimit', '-1'],
    ['/throttle/burstLimit', '1.5'],
    ['/quota/period', 'YEAR'],
    ['/name', ''],
  ] as const)
    assert.equal((await made.patch(path, set('replace', where, value))).status, 400, where)
})

test('a plan with stages cannot be deleted; without them its keys are free', async () => {
  await using made = await deployed()
  const planId = await planOf(made)
  const { json: key } = await made.ask('POST', '/apikeys', { name: 'k', value: ownValue })
  const asked = { keyId: key.id, keyType: 'API_KEY' }
  const added = await made.ask('POST', `/usageplans/${planId}/keys`, asked)
  assert.deepEqual(
    [added.status, added.json],
    [201, { id: key.id, type: 'API_KEY', name: 'k', value: ownValue }],
  )
  assert.deepEqual(refusal(await made.ask('POST', `/usageplans/${planId}/keys`, asked))[0], 409)
  assert.deepEqual(refusal(await made.ask('DELETE', `/usageplans/${planId}`)), [
    400,
    `Cannot delete Usage Plan ${planId} because there are API Stages associated with it, including ${made.id}:prod`,
  ])
  await made.ask('DELETE', '/restapis/{api}/stages/prod')
  assert.deepEqual((await made.ask('GET', `/usageplans/${planId}`)).json.apiStages, [])
  assert.equal((await made.ask('DELETE', `/usageplans/${planId}`)).status, 202)
  const { documents } = made.api.store
  const place = { accountId: '111111111111', region: 'us-east-1' }
  assert.deepEqual((await keyOfValue(documents, place, ownValue))?.planIds, [])
  assert.equal(await loadUsagePlan(documents, place, planId), undefined)
})

test('a key is in one plan only for each stage', async () => {
  await using made = await deployed()
  const [one, two] = [await planOf(made), await planOf(made)]
  const other = await planOf(made, { apiStages: [{ apiId: made.id, stage: 'test' }] })
  const { json: key } = await made.ask('POST', '/apikeys', {})
  const add = (plan: string) =>
    made.ask('POST', `/usageplans/${plan}/keys`, { keyId: key.id, keyType: 'API_KEY' })
  assert.deepEqual([(await add(one)).status, (await add(other)).status], [201, 201])
  assert.equal((await add(two)).status, 409)
  const widened = await made.patch(`/usageplans/${other}`, {
    op: 'add',
    path: '/apiStages',
    value: `${made.id}:prod`,
  })
  assert.equal(widened.status, 409)
  const listed = (await made.ask('GET', `/usageplans?keyId=${key.id}`)).json.item
  assert.deepEqual(listed.map(({ id }: { id: string }) => id).sort(), [one, other].sort())
  const inPlan = `/usageplans/${one}/keys`
  assert.deepEqual((await made.ask('GET', inPlan)).json, {
    item: [{ id: key.id, type: 'API_KEY' }],
  })
  assert.equal((await made.ask('DELETE', `${inPlan}/${key.id}`)).status, 202)
  assert.equal((await made.ask('GET', `${inPlan}/${key.id}`)).status, 404)
  assert.equal((await add(two)).status, 201)
  await made.ask('DELETE', `/apikeys/${key.id}`)
  assert.deepEqual((await made.ask('GET', `/usageplans/${two}/keys`)).json, { item: [] })
})
