import assert from 'node:assert/strict'
import { test } from 'node:test'
import { appendEvents } from './append.ts'
import { at, dayMs, filter, get, hourMs, made, messages, more, put } from './logs.fixture.ts'

test('events come back in the order of their times, whatever order they came in', async () => {
  await using logs = await made()
  await put(logs, [
    [at - 60_000, 'b'],
    [at, 'd'],
  ])
  await put(logs, [
    [at - 120_000, 'a'],
    [at - 30_000, 'c'],
  ])
  const all = await get(logs, { startFromHead: true })
  assert.deepEqual(messages(all), ['a', 'b', 'c', 'd'])
  assert.deepEqual(messages(await get(logs, { limit: 2 })), ['c', 'd'])
  assert.deepEqual(messages(await filter(logs)), ['a', 'b', 'c', 'd'])
})

test('a stream is read page by page in both directions, and an end gives back its token', async () => {
  await using logs = await made()
  await put(
    logs,
    Array.from({ length: 25 }, (_, n) => [at - 25_000 + n * 1_000, `m${n}`] as const),
  )
  let page = await get(logs, { startFromHead: true, limit: 10 })
  const seen = messages(page)
  for (let turn = 0; turn < 3; turn++) {
    page = await get(logs, { nextToken: page.json.nextForwardToken, limit: 10 })
    seen.push(...messages(page))
  }
  assert.deepEqual(
    seen,
    Array.from({ length: 25 }, (_, n) => `m${n}`),
  )
  assert.deepEqual(messages(page), [])
  const end = await get(logs, { nextToken: page.json.nextForwardToken })
  assert.equal(end.json.nextForwardToken, page.json.nextForwardToken)
  assert.match(end.json.nextForwardToken, /^f\/\d{56}\/s$/)
  await put(logs, [[at, 'late']])
  assert.deepEqual(messages(await get(logs, { nextToken: end.json.nextForwardToken })), ['late'])

  const newest = await get(logs, { limit: 3 })
  const older = await get(logs, { nextToken: newest.json.nextBackwardToken, limit: 3 })
  assert.deepEqual(
    [...messages(older), ...messages(newest)],
    ['m20', 'm21', 'm22', 'm23', 'm24', 'late'],
  )
  const first = await get(logs, { startFromHead: true, limit: 1 })
  const before = await get(logs, { nextToken: first.json.nextBackwardToken })
  assert.deepEqual(
    [messages(before), before.json.nextBackwardToken],
    [[], first.json.nextBackwardToken],
  )
})

test('the end of the time asked for is outside for GetLogEvents and inside for FilterLogEvents', async () => {
  await using logs = await made()
  await put(logs, [
    [at - 2, 'a'],
    [at - 1, 'b'],
    [at, 'c'],
  ])
  const times = { startTime: at - 1, endTime: at }
  assert.deepEqual(messages(await get(logs, times)), ['b'])
  assert.deepEqual(messages(await filter(logs, times)), ['b', 'c'])
})

test('events of several streams are interleaved, filtered and paged', async () => {
  await using logs = await made()
  await logs.call('CreateLogStream', { logGroupName: '/a/b', logStreamName: 't' }, more)
  const third = (rest: number) =>
    Array.from(
      { length: 30 },
      (_, n) => [at - 90_000 + (3 * n + rest) * 1_000, `n${3 * n + rest}`] as const,
    )
  await put(logs, third(0), 's')
  await put(logs, third(1), 't')
  await put(logs, third(2), 's')
  const seen: string[] = []
  const ids = new Set<string>()
  let nextToken: string | undefined
  do {
    const { json } = await filter(logs, { limit: 7, ...(nextToken && { nextToken }) })
    for (const { message, eventId } of json.events) {
      seen.push(message)
      ids.add(eventId)
      assert.match(eventId, /^\d{56}$/)
    }
    nextToken = json.nextToken
  } while (nextToken !== undefined)
  assert.deepEqual(
    seen,
    Array.from({ length: 90 }, (_, n) => `n${n}`),
  )
  assert.equal(ids.size, 90)
  assert.deepEqual(messages(await filter(logs, { filterPattern: 'n89' })), ['n89'])
  assert.equal(messages(await filter(logs, { logStreamNames: ['t'] })).length, 30)
  const missing = await filter(logs, { logStreamNames: ['t', 'nosuch'] })
  assert.deepEqual(
    [missing.status, missing.json.message],
    [400, 'The specified log stream does not exist.'],
  )
  assert.equal(messages(await filter(logs, { logStreamNamePrefix: 't' })).length, 30)
  const wrong = await filter(logs, { filterPattern: '{ $.a }' })
  assert.deepEqual(
    [wrong.json.__type, wrong.json.message],
    ['InvalidParameterException', 'Invalid filter pattern'],
  )
})

test('events too old, too new or beyond the retention are told apart and left out', async () => {
  await using logs = await made()
  assert.equal(
    (await put(logs, [[at - 15 * dayMs, 'x']])).json.rejectedLogEventsInfo.tooOldLogEventEndIndex,
    1,
  )
  const newest = await put(logs, [
    [at, 'kept'],
    [at + 3 * hourMs, 'x'],
  ])
  assert.deepEqual(newest.json.rejectedLogEventsInfo, { tooNewLogEventStartIndex: 1 })
  await logs.call('PutRetentionPolicy', { logGroupName: '/a/b', retentionInDays: 1 }, more)
  const expired = await put(logs, [
    [at - dayMs - 1, 'x'],
    [at - dayMs, 'kept too'],
  ])
  assert.deepEqual(expired.json.rejectedLogEventsInfo, { expiredLogEventEndIndex: 1 })
  assert.deepEqual(messages(await get(logs)), ['kept too', 'kept'])
})

for (const [name, events, message] of [
  [
    'out of order',
    [
      [at, 'a'],
      [at - 1, 'b'],
    ],
    'Log events in a single PutLogEvents request must be in chronological order.',
  ],
  [
    'over a day',
    [
      [at - dayMs - 1, 'a'],
      [at, 'b'],
    ],
    'The batch of log events in a single PutLogEvents request cannot span more than 24 hours.',
  ],
  [
    'too large',
    [[at, 'x'.repeat(1_048_551)]],
    'Upload too large: 1048577 bytes exceeds limit of 1048576',
  ],
] as const)
  test(`a batch ${name} is refused whole`, async () => {
    await using logs = await made()
    const { status, json } = await put(logs, events)
    assert.deepEqual(
      [status, json.__type, json.message],
      [400, 'InvalidParameterException', message],
    )
    assert.deepEqual(messages(await get(logs)), [])
  })

test('many writers of one group lose nothing and share transactions', async () => {
  await using logs = await made()
  let transactions = 0
  const { documents } = logs.store
  const counted: typeof documents = {
    get: (...args) => documents.get(...args),
    list: (...args) => documents.list(...args),
    collections: () => documents.collections(),
    transact(work) {
      transactions++
      return documents.transact(work)
    },
  }
  const group = { accountId: '111111111111', region: 'us-east-1', name: 'by-the-writer' }
  const ids = {
    text: (alphabet: string, length: number) => alphabet[0]!.repeat(length),
    uuid: () => '',
  }
  await Promise.all(
    Array.from({ length: 200 }, (_, n) =>
      appendEvents(counted, {
        group,
        streamName: 's',
        events: [{ at: at + n, message: `${n}` }],
        nowMs: at,
        makes: 'group and stream',
        ids,
      }),
    ),
  )
  assert.ok(transactions <= 3, `${transactions} transactions`)
  const { json } = await logs.call('GetLogEvents', {
    logGroupName: 'by-the-writer',
    logStreamName: 's',
    startFromHead: true,
  })
  assert.deepEqual(
    json.events.map(({ message }: { message: string }) => Number(message)),
    Array.from({ length: 200 }, (_, n) => n),
  )
})

test('a pattern that takes long holds up nobody, and loses nothing', async () => {
  await using logs = await made()
  const long = 'ab1'.repeat(5_000)
  for (let first = 0; first < 240; first += 60)
    await put(
      logs,
      Array.from({ length: 60 }, (_, each) => [at, `${first + each} ${long}`] as const),
    )
  const filterPattern = `%${'[ab1]*'.repeat(100)}[!-&]|^2?39 %`
  let turns = 0
  const found: string[] = []
  let nextToken: string | undefined
  do {
    const others = setInterval(() => turns++, 1)
    const page = await filter(logs, { filterPattern, ...(nextToken && { nextToken }) })
    clearInterval(others)
    found.push(...messages(page).map((message) => message.split(' ')[0]!))
    nextToken = page.json.nextToken
  } while (nextToken !== undefined)
  assert.deepEqual(found, ['39', '239'])
  assert.ok(turns > 0)
})
