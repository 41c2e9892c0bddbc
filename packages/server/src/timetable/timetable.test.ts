import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { AwsError, type Values } from '@sekisho/protocols'
import {
  deliveriesCollection,
  keepBacklogFull,
  mostWaiting,
  runsCollection,
} from '@sekisho/services'
import { openStore } from '@sekisho/store'
import { createTestClock } from '../clock.ts'
import { randomIds } from '../ids.ts'
import { openTimetable } from './timetable.ts'

const owner = { accountId: '111111111111', region: 'us-east-1' } as const
const log = { debug() {}, info() {}, warn() {}, error() {} }
const begin = Date.parse('2030-01-01T12:00:00Z')

/** A rule with one target, planned for a moment. */
async function withRule(
  store: Awaited<ReturnType<typeof openStore>>,
  name: string,
  nextAt: number,
  target: object = {},
) {
  const key = `${owner.accountId}/${owner.region}/default/${name}`
  await store.documents.transact((transaction) => {
    transaction.put('events-rules', key, {
      ...owner,
      bus: 'default',
      name,
      createdAt: 0,
      isEnabled: true,
      schedule: 'cron(0 0 * * ? *)',
      anchorMs: 0,
      nextAt,
      targets: [
        { id: 't', arn: `arn:aws:lambda:us-east-1:${owner.accountId}:function:f`, ...target },
      ],
      tags: {},
    })
    const at = String(nextAt).padStart(15, '0')
    transaction.put(runsCollection, `${at}/rule/${key}`, { kind: 'rule', key })
  })
}

async function opened(aws: (operation: string) => Promise<Values>) {
  const store = await openStore('memory:')
  const clock = createTestClock(begin - Date.now())
  const asked: string[] = []
  const open = () =>
    openTimetable({
      store,
      clock,
      ids: randomIds,
      log,
      readInput: async (_service, _operation, json) => json as Values,
      aws: (_service, operation) => {
        asked.push(operation)
        return aws(operation)
      },
    })
  return { store, clock, asked, open, count: () => store.documents.list(deliveriesCollection) }
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000
  while (!(await isSo())) {
    assert.ok(Date.now() < deadline, 'in vain')
    await sleep(2)
  }
}

test('a moment that the clock jumps over is taken up once', async () => {
  const { store, clock, asked, open, count } = await opened(async () => ({}))
  await withRule(store, 'r', Date.parse('2030-01-02T00:00:00Z'))
  await using _timetable = await open()
  await sleep(20)
  assert.deepEqual(asked, [])
  clock.jump(Date.parse('2030-01-05T13:00:00Z') - Date.now())
  await until(async () => asked.length === 1 && (await count()).length === 0)
  await sleep(20)
  assert.deepEqual(asked, ['Invoke'])
  const [next] = await store.documents.list(runsCollection)
  assert.match(next?.key ?? '', new RegExp(`^0*${Date.parse('2030-01-06T00:00:00Z')}/`))
})

test('a clock that is put back brings earlier moments back', async () => {
  const { store, clock, asked, open } = await opened(async () => ({}))
  await withRule(store, 'r', Date.parse('2030-01-02T00:00:00Z'))
  await using _timetable = await open()
  clock.jump(Date.parse('2029-12-30T23:59:59.900Z') - Date.now())
  await until(() => asked.length === 1)
})

test('a moment that passes before a clock put back is heard is not lost', async () => {
  const { store, clock, asked, open } = await opened(async () => ({}))
  await withRule(store, 'r', Date.parse('2030-01-02T00:00:00Z'))
  await using _timetable = await open()
  clock.jump(Date.parse('2029-12-30T23:59:59.990Z') - Date.now())
  // A busy process: midnight has gone by when the plans are looked at.
  while (clock.now() < Date.parse('2029-12-31T00:00:00.010Z'));
  await until(() => asked.length === 1)
})

test('what a target refuses for a while is attempted again', async () => {
  let failures = 2
  const { store, asked, open, count } = await opened(async () => {
    if (failures-- > 0) throw new AwsError('TooManyRequestsException', 'later', 429)
    return {}
  })
  await withRule(store, 'r', begin - 1_000)
  await using _timetable = await open()
  await until(async () => asked.length === 3 && (await count()).length === 0)
})

test('what was under way when a process ended is delivered by the next one', async () => {
  const never = Promise.withResolvers<Values>()
  const { store, asked, open, count } = await opened(() =>
    asked.length === 1 ? never.promise : Promise.resolve({}),
  )
  await withRule(store, 'r', begin - 1_000)
  // As killed: nobody closes it, and its target has had the event or has not.
  await open()
  await until(() => asked.length === 1)
  await using _next = await open()
  await until(async () => asked.length === 2 && (await count()).length === 0)
})

test('one target that takes its time does not hold up the others', async () => {
  const slow = Promise.withResolvers<Values>()
  const { store, asked, open } = await opened((operation) =>
    operation === 'Invoke' ? slow.promise : Promise.resolve({}),
  )
  for (let at = 0; at < 100; at++) await withRule(store, `slow-${at}`, begin - 2_000)
  const arn = `arn:aws:logs:us-east-1:${owner.accountId}:log-group:g`
  await withRule(store, 'quick', begin - 1_000, { arn })
  await using _timetable = await open()
  await until(() => asked.includes('PutLogEvents'))
  assert.equal(asked.filter((operation) => operation === 'Invoke').length, 16)
  slow.resolve({})
})

test('where too much waits it is said, until it is less', async () => {
  const { store, open } = await opened(async () => ({}))
  const isFull = async () => (await store.documents.list('timetable-backlog')).length > 0
  await keepBacklogFull(store.documents, true)
  await using _timetable = await open()
  await until(async () => !(await isFull()))
  const key = `999999999999999/x/${mostWaiting.bytes}`
  await store.documents.transact((transaction) => transaction.put(deliveriesCollection, key, {}))
  await until(isFull)
  await store.documents.transact((transaction) => transaction.delete(deliveriesCollection, key))
  await until(async () => !(await isFull()))
})
