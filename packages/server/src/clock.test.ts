import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTestClock } from './clock.ts'
import { run } from './running.fixture.ts'

test('a test clock runs on from where it was set, and tells who waits', () => {
  let machineMs = 1_000
  const clock = createTestClock(0, () => machineMs)
  const heard: number[] = []
  const hearing = clock.onJump(() => heard.push(clock.now()))
  clock.jump(86_400_000)
  machineMs += 5
  assert.equal(clock.now(), 86_401_005)
  clock.jump(-500)
  clock.jump(-500)
  hearing[Symbol.dispose]()
  clock.jump(0)
  assert.deepEqual(heard, [86_401_000, 505])
})

const timeOf = (body: string) => Date.parse((JSON.parse(body) as { now: string }).now)

test('the operator sets and advances the clock, and it stays so over a restart', async () => {
  await using first = await run(['--test-clock'])
  const set = await first.operate('POST', 'clock', { time: '2030-01-01T00:00:00Z' })
  assert.equal(set.status, 200)
  const advanced = await first.operate('POST', 'clock', { advanceMs: 86_400_000 })
  const now = timeOf((await first.operate('GET', 'clock')).body)
  assert.ok(now >= timeOf(advanced.body) && now < Date.UTC(2030, 0, 2, 0, 1))
  const made = await first.aws('POST', '/restapis', { name: 'later' })
  assert.equal(made.status, 201, 'signatures go by the machine')
  const { createdDate } = JSON.parse(made.body) as { createdDate: number }
  assert.ok(createdDate >= Date.UTC(2030, 0, 2) / 1_000)
  await first.server.close()
  {
    await using second = await run(['--test-clock'], { data: first.data })
    assert.ok(timeOf((await second.operate('GET', 'clock')).body) >= Date.UTC(2030, 0, 2))
  }
  await using third = await run([], { data: first.data })
  assert.equal((await third.operate('GET', 'clock')).status, 403)
})

for (const [what, body] of [
  ['no time', { time: 'tomorrow' }],
  ['a time without a zone', { time: '2030-01-01T00:00:00' }],
  ['a time that no date can say', { advanceMs: 9e15 }],
  ['nothing', {}],
  ['both', { time: '2030-01-01T00:00:00Z', advanceMs: 1 }],
] as const)
  test(`a clock cannot be moved by ${what}`, async () => {
    await using running = await run(['--test-clock'])
    assert.equal((await running.operate('POST', 'clock', body)).status, 400)
  })

test('a clock that was not asked for cannot be moved', async () => {
  await using running = await run()
  const refused = await running.operate('POST', 'clock', { advanceMs: 1 })
  assert.equal(refused.status, 403)
  assert.match(refused.body, /start the server with `--test-clock`/)
})

test('a reset server is back in the present', async () => {
  await using running = await run(['--test-clock', '--allow-reset'])
  await running.operate('POST', 'clock', { advanceMs: 86_400_000 })
  await running.operate('POST', 'reset')
  const now = timeOf((await running.operate('GET', 'clock')).body)
  assert.ok(Math.abs(now - Date.now()) < 60_000)
})

test('sessions end by the test clock', async () => {
  await using running = await run(['--test-clock'])
  const role = {
    name: 'r',
    trust: JSON.stringify({
      Version: '2012-10-17',
      Statement: {
        Effect: 'Allow',
        Principal: { AWS: 'arn:aws:iam::000000000000:root' },
        Action: 'sts:AssumeRole',
      },
    }),
  }
  const form = (fields: Readonly<Record<string, string>>) => ({
    method: 'POST',
    headers: ['Content-Type', 'application/x-www-form-urlencoded'],
    body: new URLSearchParams(fields).toString(),
  })
  const created = await running.signed('/', {
    service: 'iam',
    ...form({
      Action: 'CreateRole',
      Version: '2010-05-08',
      RoleName: role.name,
      AssumeRolePolicyDocument: role.trust,
    }),
  })
  assert.equal(created.status, 200, created.body)
  const issued = await running.operate('POST', 'credentials', { role: role.name })
  const { accessKeyId, secretAccessKey, sessionToken } = JSON.parse(issued.body) as {
    accessKeyId: string
    secretAccessKey: string
    sessionToken: string
  }
  const whoami = () =>
    running.signed('/', {
      service: 'sts',
      key: { accessKeyId, secretAccessKey, sessionToken },
      ...form({ Action: 'GetCallerIdentity', Version: '2011-06-15' }),
    })
  assert.equal((await whoami()).status, 200)
  await running.operate('POST', 'clock', { advanceMs: 13 * 3_600_000 })
  const late = await whoami()
  assert.equal(late.status, 403)
  assert.match(late.body, /ExpiredToken/)
})
