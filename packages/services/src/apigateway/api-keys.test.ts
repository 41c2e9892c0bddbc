import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accountId, region } from '../harness.fixture.ts'
import { madeApi, refusal } from './made-api.fixture.ts'
import { deployed, ownValue, planOf } from './usage-plans.fixture.ts'

const keysOf = (object: object) => Object.keys(object).sort()

test('a key is made, and its value shown to whoever asks for it', async () => {
  await using made = await madeApi()
  const created = await made.ask('POST', '/apikeys', { name: 'office', enabled: true })
  assert.equal(created.status, 201)
  assert.match(created.json.id, /^[a-z0-9]{10}$/)
  assert.match(created.json.value, /^[A-Za-z0-9]{40}$/)
  assert.deepEqual(keysOf(created.json), [
    'createdDate',
    'enabled',
    'id',
    'lastUpdatedDate',
    'name',
    'stageKeys',
    'value',
  ])
  const path = `/apikeys/${created.json.id}`
  assert.equal('value' in (await made.ask('GET', path)).json, false)
  const shown = await made.ask('GET', `${path}?includeValue=true`)
  assert.equal(shown.json.value, created.json.value)
  const listed = await made.ask('GET', '/apikeys?includeValues=true')
  assert.equal(listed.json.item[0].value, created.json.value)
  assert.equal('value' in (await made.ask('GET', '/apikeys')).json.item[0], false)
})

test('a key is disabled until it is enabled, and its value is nobody else’s', async () => {
  await using made = await madeApi()
  const { json } = await made.ask('POST', '/apikeys', { value: ownValue })
  assert.deepEqual([json.value, json.enabled, json.stageKeys], [ownValue, false, []])
  const again = await made.ask('POST', '/apikeys', { value: ownValue })
  assert.deepEqual(refusal(again), [409, 'API Key already exists'])
  assert.equal((await made.ask('DELETE', `/apikeys/${json.id}`)).status, 202)
  assert.equal((await made.ask('POST', '/apikeys', { value: ownValue })).status, 201)
})

test('a key is changed by its paths and no other', async () => {
  await using made = await madeApi()
  const { json } = await made.ask('POST', '/apikeys', { name: 'a', value: ownValue })
  const path = `/apikeys/${json.id}`
  const set = (member: string, value: string) => ({ op: 'replace', path: `/${member}`, value })
  const changed = await made.patch(
    path,
    set('name', 'b'),
    set('description', 'd'),
    set('customerId', 'c'),
    set('enabled', 'true'),
  )
  const { name, description, customerId, enabled } = changed.json
  assert.deepEqual(
    { name, description, customerId, enabled },
    {
      name: 'b',
      description: 'd',
      customerId: 'c',
      enabled: true,
    },
  )
  const tooLong = await made.patch(path, set('description', 'd'.repeat(125_001)))
  assert.deepEqual(refusal(tooLong), [400, 'Invalid API Key description specified.'])
  assert.equal((await made.patch(path, set('value', 'x'.repeat(20)))).status, 400)
  assert.equal((await made.patch(path, { op: 'add', path: '/stages', value: 'a/b' })).status, 400)
})

test('keys are listed the newest first, by the beginning of their name or by customer', async () => {
  await using made = await madeApi()
  for (let at = 0; at < 7; at++)
    await made.ask('POST', '/apikeys', {
      name: `${at % 2 === 0 ? 'even' : 'Even'} ${at}`,
      ...(at > 3 && { customerId: 'late' }),
    })
  const names = async (query: string) => {
    const { json } = await made.ask('GET', `/apikeys?${query}`)
    return { names: json.item.map(({ name }: { name: string }) => name), position: json.position }
  }
  assert.deepEqual((await names('name=even')).names, ['even 6', 'even 4', 'even 2', 'even 0'])
  assert.deepEqual((await names('customerId=late')).names, ['even 6', 'Even 5', 'even 4'])
  const first = await names('limit=3&name=even')
  const second = await names(`limit=3&name=even&position=${first.position}`)
  assert.deepEqual([...first.names, ...second.names], ['even 6', 'even 4', 'even 2', 'even 0'])
  assert.equal(second.position, undefined)
  const all = await names('limit=7')
  assert.deepEqual([all.names.length, all.position], [7, undefined])
})

test('keys come from a file, with their plans; a key that is there is changed', async () => {
  await using made = await deployed()
  const plan = await planOf(made)
  const file = [
    'Enabled,Name,KEY,UsageplanIds,Whatever',
    `true,"one, two","${ownValue}-1",'${plan}',x`,
    '',
    `FALSE,'it''s',${ownValue}-2,"absent",`,
    'true,short,too-short,,',
    `,again,${ownValue}-1,${plan},`,
  ].join('\r\n')
  const imported = await made.ask('POST', '/apikeys?mode=import&format=csv', file)
  assert.equal(imported.status, 201, imported.text)
  assert.deepEqual(imported.json.warnings, [
    'Row 3: API Key value should be at least 20 characters',
    `API Key ${imported.json.ids[1]}: Invalid Usage Plan ID specified`,
  ])
  const keys = (await made.ask('GET', '/apikeys?includeValues=true')).json.item
  const shown = keys.map(({ name, value, enabled }: { [name: string]: unknown }) => [
    name,
    value,
    enabled,
  ])
  assert.deepEqual(shown.sort(), [
    ['again', `${ownValue}-1`, true],
    ["it's", `${ownValue}-2`, false],
  ])
  assert.equal((await made.ask('GET', `/usageplans/${plan}/keys`)).json.item.length, 1)
  const again = await made.ask(
    'POST',
    '/apikeys?mode=import&format=csv',
    `Key,name\n${ownValue}-2,changed`,
  )
  assert.deepEqual(again.json.ids, [imported.json.ids[1]])
  const { json } = await made.ask('GET', `/apikeys/${imported.json.ids[1]}`)
  assert.deepEqual([json.name, json.enabled], ['changed', true])
})

test('usage is a log of days; what remains can be set, and what was used stays', async () => {
  await using made = await deployed()
  const { id: planId, json: key } = {
    id: await planOf(made, { quota: { limit: 10, offset: 0, period: 'WEEK' } }),
    json: (await made.ask('POST', '/apikeys', {})).json,
  }
  await made.ask('POST', `/usageplans/${planId}/keys`, { keyId: key.id, keyType: 'API_KEY' })
  const { counters } = made.api.store
  const name = `usage/111111111111/us-east-1/${planId}/${key.id}`
  const call = async (day: string, week: string, times: number) => {
    await counters.shift(`${name}/used`, day, times)
    await counters.shift(`${name}/quota`, `WEEK0:${week}`, times)
  }
  // 2026-01-02, today, is a Friday: the week began on 2025-12-28.
  await call('2025-12-27', '2025-12-21', 9)
  await call('2025-12-28', '2025-12-28', 2)
  await call('2026-01-02', '2025-12-28', 3)
  const usage = `/usageplans/${planId}/usage?startDate=2025-12-27&endDate=2026-01-02`
  const log = async () => (await made.ask('GET', `${usage}&keyId=${key.id}`)).json.values[key.id]
  assert.deepEqual(await log(), [
    [9, 1],
    [2, 8],
    [0, 8],
    [0, 8],
    [0, 8],
    [0, 8],
    [3, 5],
  ])
  const remaining = { op: 'replace', path: '/remaining', value: '50' }
  const set = await made.patch(`/usageplans/${planId}/keys/${key.id}/usage`, remaining)
  assert.deepEqual(set.json, {
    usagePlanId: planId,
    startDate: '2026-01-02',
    endDate: '2026-01-02',
    values: { [key.id]: [[3, 50]] },
  })
  assert.deepEqual((await log()).slice(-2), [
    [0, 8],
    [3, 50],
  ])
  const counted = new Map(await counters.read(`${name}/quota`))
  assert.equal(counted.get('WEEK0:2025-12-28'), -40)
  assert.deepEqual((await made.ask('GET', usage)).json, {
    usagePlanId: planId,
    startDate: '2025-12-27',
    endDate: '2026-01-02',
    values: { [key.id]: await log() },
  })
  for (const dates of [
    'startDate=2026-01-02',
    'startDate=2026-01-02&endDate=2026-01-01',
    'startDate=2026-02-30&endDate=2026-03-01',
    'startDate=2020-01-01&endDate=2026-01-01',
  ])
    assert.equal((await made.ask('GET', `/usageplans/${planId}/usage?${dates}`)).status, 400, dates)
})

test('keys and plans carry tags', async () => {
  await using made = await madeApi()
  for (const kind of ['apikeys', 'usageplans']) {
    const { json } = await made.ask('POST', `/${kind}`, { name: 'n', tags: { a: '1' } })
    assert.deepEqual(json.tags, { a: '1' })
    const arn = encodeURIComponent(`arn:aws:apigateway:us-east-1::/${kind}/${json.id}`)
    await made.ask('PUT', `/tags/${arn}`, { tags: { b: '2' } })
    await made.ask('DELETE', `/tags/${arn}?tagKeys=a`)
    assert.deepEqual((await made.ask('GET', `/tags/${arn}`)).json.tags, { b: '2' })
    assert.deepEqual((await made.ask('GET', `/${kind}/${json.id}`)).json.tags, { b: '2' })
    const [need] = made.api.needs()
    assert.deepEqual(need, {
      action: 'apigateway:GET',
      resource: `arn:aws:apigateway:us-east-1::/${kind}/${json.id}`,
      keys: { 'aws:ResourceTag/b': '2' },
    })
  }
})

test('a key that goes while keys are listed is left out', async () => {
  await using made = await madeApi()
  const [gone, kept] = [
    await made.ask('POST', '/apikeys', { name: 'gone' }),
    await made.ask('POST', '/apikeys', { name: 'kept' }),
  ]
  const { json: plan } = await made.ask('POST', '/usageplans', { name: 'p' })
  for (const { json } of [gone, kept])
    await made.ask('POST', `/usageplans/${plan.id}/keys`, { keyId: json.id, keyType: 'API_KEY' })
  const key = `${accountId}/${region}/${gone.json.id}`
  await made.api.store.documents.transact(async (transaction) =>
    transaction.delete('apigateway/api-keys', key),
  )
  for (const path of ['/apikeys', `/usageplans/${plan.id}/keys`]) {
    const { json } = await made.ask('GET', path)
    assert.deepEqual(
      json.item.map(({ name }: { name: string }) => name),
      ['kept'],
    )
  }
})
