import assert from 'node:assert/strict'
import { test } from 'node:test'
import { harness } from '../harness.fixture.ts'
import { at, dayMs, filter, get, made, messages, more, put } from './logs.fixture.ts'
import { sweepLogs } from './sweep.ts'

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
