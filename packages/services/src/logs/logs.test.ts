import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Harness, harness } from '../harness.fixture.ts'
import { appendEvents } from './append.ts'
import { sweepLogs } from './sweep.ts'

const now = new Date('2026-01-02T03:04:05Z')
const at = now.getTime()
const more = { now }

async function made(): Promise<Harness> {
  const logs = await harness('logs')
  await logs.call('CreateLogGroup', { logGroupName: '/a/b' }, more)
  await logs.call('CreateLogStream', { logGroupName: '/a/b', logStreamName: 's' }, more)
  return logs
}

const put = (logs: Harness, events: readonly (readonly [number, string])[], streamName = 's') =>
  logs.call(
    'PutLogEvents',
    {
      logGroupName: '/a/b',
      logStreamName: streamName,
      logEvents: events.map(([timestamp, message]) => ({ timestamp, message })),
    },
    more,
  )

const get = (logs: Harness, input: object = {}) =>
  logs.call('GetLogEvents', { logGroupName: '/a/b', logStreamName: 's', ...input }, more)

const filter = (logs: Harness, input: object = {}) =>
  logs.call('FilterLogEvents', { logGroupName: '/a/b', ...input }, more)

const messages = ({ json }: { json: { events: { message: string }[] } }) =>
  json.events.map(({ message }) => message)

test('a group is made once, listed by prefix and by pattern, page by page', async () => {
  await using logs = await harness('logs')
  for (const name of ['b', 'a/2', 'a/1']) await logs.call('CreateLogGroup', { logGroupName: name })
  const again = await logs.call('CreateLogGroup', { logGroupName: 'b' })
  assert.deepEqual(
    [again.status, again.json.__type, again.json.message],
    [400, 'ResourceAlreadyExistsException', 'The specified log group already exists'],
  )
  const names = async (input: object) => {
    const { json } = await logs.call('DescribeLogGroups', input)
    return [
      json.logGroups.map((group: { logGroupName: string }) => group.logGroupName),
      json.nextToken,
    ]
  }
  assert.deepEqual(await names({}), [['a/1', 'a/2', 'b'], undefined])
  assert.deepEqual(await names({ logGroupNamePrefix: 'a/' }), [['a/1', 'a/2'], undefined])
  assert.deepEqual(await names({ logGroupNamePattern: 'B' }), [['b'], undefined])
  const [first, token] = await names({ limit: 2 })
  assert.deepEqual(first, ['a/1', 'a/2'])
  assert.deepEqual(await names({ limit: 2, nextToken: token }), [['b'], undefined])
  const both = await logs.call('DescribeLogGroups', {
    logGroupNamePrefix: 'a',
    logGroupNamePattern: 'b',
  })
  assert.equal(both.json.__type, 'InvalidParameterException')
})

test('a group shows its ARN with and without :*, its retention and its size', async () => {
  await using logs = await made()
  await logs.call('PutRetentionPolicy', { logGroupName: '/a/b', retentionInDays: 7 }, more)
  await put(logs, [[at, 'four']])
  const { json } = await logs.call('DescribeLogGroups', {})
  assert.deepEqual(json.logGroups, [
    {
      logGroupName: '/a/b',
      creationTime: at,
      retentionInDays: 7,
      metricFilterCount: 0,
      arn: 'arn:aws:logs:us-east-1:111111111111:log-group:/a/b:*',
      storedBytes: 30,
      logGroupClass: 'STANDARD',
      logGroupArn: 'arn:aws:logs:us-east-1:111111111111:log-group:/a/b',
      deletionProtectionEnabled: false,
    },
  ])
})

for (const [name, input] of [
  ['a KMS key', { kmsKeyId: 'k' }],
  ['another class', { logGroupClass: 'INFREQUENT_ACCESS' }],
  ['a reserved name', { logGroupName: 'aws/x' }],
  ['a name with a space', { logGroupName: 'a b' }],
  ['a tag of AWS', { tags: { 'aws:x': 'y' } }],
] as const)
  test(`a group with ${name} is refused`, async () => {
    await using logs = await harness('logs')
    const { status, json } = await logs.call('CreateLogGroup', { logGroupName: 'g', ...input })
    assert.deepEqual([status, json.__type], [400, 'InvalidParameterException'])
  })

test('streams are listed by name and by the time of their last event, in both directions', async () => {
  await using logs = await made()
  for (const name of ['t', 'u'])
    await logs.call('CreateLogStream', { logGroupName: '/a/b', logStreamName: name }, more)
  await put(logs, [[at - 5, 'x']], 'u')
  await put(logs, [[at, 'x']], 's')
  const names = async (input: object) => {
    const { json } = await logs.call('DescribeLogStreams', { logGroupName: '/a/b', ...input })
    return json.logStreams.map((stream: { logStreamName: string }) => stream.logStreamName).join('')
  }
  assert.equal(await names({}), 'stu')
  assert.equal(await names({ descending: true }), 'uts')
  assert.equal(await names({ orderBy: 'LastEventTime' }), 'tus')
  assert.equal(await names({ orderBy: 'LastEventTime', descending: true }), 'sut')
  assert.equal(await names({ logStreamNamePrefix: 't' }), 't')
  for (const order of [{}, { orderBy: 'LastEventTime' }, { descending: true }]) {
    const whole = await names(order)
    let paged = ''
    let nextToken: string | undefined
    do {
      const { json } = await logs.call('DescribeLogStreams', {
        logGroupName: '/a/b',
        limit: 1,
        nextToken,
        ...order,
      })
      paged += json.logStreams[0].logStreamName
      nextToken = json.nextToken
    } while (nextToken !== undefined)
    assert.equal(paged, whole)
  }
})

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

const hourMs = 3_600_000
const dayMs = 24 * hourMs

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

test('retention is in force at once, and a sweep takes away what it hides', async () => {
  await using logs = await made()
  await put(logs, [[at - 10 * dayMs, 'old']])
  await put(logs, [[at, 'new']])
  await logs.call('PutRetentionPolicy', { logGroupName: '/a/b', retentionInDays: 3 }, more)
  assert.deepEqual(messages(await get(logs)), ['new'])
  assert.deepEqual(messages(await filter(logs)), ['new'])
  await sweepLogs(logs.store.documents, at)
  assert.equal((await logs.store.documents.list('logs/segments')).length, 1)
  await logs.call('DeleteRetentionPolicy', { logGroupName: '/a/b' }, more)
  assert.deepEqual(messages(await get(logs)), ['new'])
})

test('a deleted group takes its events with it, and one of the same name begins empty', async () => {
  await using logs = await made()
  await put(logs, [[at, 'x']])
  await logs.call('DeleteLogGroup', { logGroupName: '/a/b' }, more)
  assert.deepEqual(
    (await logs.store.documents.collections()).filter((name) => name.startsWith('logs/')),
    [],
  )
  assert.equal((await get(logs)).json.message, 'The specified log group does not exist.')
  await logs.call('CreateLogGroup', { logGroupName: '/a/b' }, more)
  assert.equal((await get(logs)).json.message, 'The specified log stream does not exist.')
})

test('tags are set, listed and taken away in both forms, and are condition keys', async () => {
  await using logs = await made()
  const resourceArn = 'arn:aws:logs:us-east-1:111111111111:log-group:/a/b'
  await logs.call('TagResource', { resourceArn, tags: { team: 'red', x: 'y' } })
  assert.deepEqual(logs.needs(), [
    {
      action: 'logs:TagResource',
      resource: resourceArn,
      resourceAccountId: '111111111111',
      keys: { 'aws:TagKeys': ['team', 'x'], 'aws:RequestTag/team': 'red', 'aws:RequestTag/x': 'y' },
    },
  ])
  await logs.call('UntagLogGroup', { logGroupName: '/a/b', tags: ['x'] })
  assert.deepEqual((await logs.call('ListTagsForResource', { resourceArn })).json, {
    tags: { team: 'red' },
  })
  await put(logs, [[at, 'x']])
  assert.deepEqual(logs.needs(), [
    {
      action: 'logs:PutLogEvents',
      resource: `${resourceArn}:log-stream:s`,
      resourceAccountId: '111111111111',
      keys: { 'aws:ResourceTag/team': 'red' },
    },
  ])
})

test('an ARN of another account or region names no group here', async () => {
  await using logs = await made()
  for (const logGroupIdentifier of [
    'arn:aws:logs:us-east-1:222222222222:log-group:/a/b',
    'arn:aws:logs:eu-west-1:111111111111:log-group:/a/b',
  ]) {
    const { json } = await logs.call('FilterLogEvents', { logGroupIdentifier })
    assert.equal(json.__type, 'InvalidParameterException')
  }
  const own = 'arn:aws:logs:us-east-1:111111111111:log-group:/a/b:*'
  assert.equal((await logs.call('FilterLogEvents', { logGroupIdentifier: own })).status, 200)
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
