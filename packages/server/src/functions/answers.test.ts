import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { InvocationResult, RunnableFunction } from '@sekisho/services'
import { begin, said } from './environment.fixture.ts'
import { NotBegunError } from './turn.ts'
import { Turns } from './turns.ts'

const node = `const wait = (ms) => new Promise((done) => setTimeout(done, ms))
const what = {
  plain: async ({ say }) => say,
  spin: async ({ ms, say }) => {
    for (const end = Date.now() + ms; Date.now() < end; );
    return say
  },
  failTwice: async () => {
    for (const each of ['one', 'two']) void Promise.reject(new Error(each))
    await wait(5_000)
  },
  throwBare: async () => {
    throw Object.create(null)
  },
  answerBare: async () => ({ toJSON() { throw undefined } }),
  callBackAfter: ({ say }, _context, callback) => {
    setTimeout(() => callback(null, 'stale'), 30)
    return Promise.resolve(say)
  },
  neverMind: ({ ms }) => void setTimeout(() => {}, ms),
}
export const handler = (event, context, callback) => what[event.do ?? 'plain'](event, context, callback)`

test('what fails twice fails once, and nobody else is told of it', async () => {
  await using running = await begin('node', node)
  const failing = running.ask({ do: 'failTwice' })
  const behind = running.ask({ say: 'mine' })
  const result = await failing
  assert.equal(result.functionError, 'Unhandled')
  assert.equal(JSON.parse(said(result)).errorMessage, 'one')
  await assert.rejects(behind, NotBegunError)
})

test('whatever is thrown is an answer, and the next one has its own', async () => {
  await using running = await begin('node', node)
  const [bare, unwritten, next] = await Promise.all([
    running.ask({ do: 'throwBare' }),
    running.ask({ do: 'answerBare' }),
    running.ask({ say: 'mine' }),
  ])
  assert.equal(bare.functionError, 'Unhandled')
  assert.equal(JSON.parse(said(unwritten)).errorType, 'Runtime.MarshalError')
  assert.equal(said(next), '"mine"')
})

test('a callback that comes after the answer changes nothing of the next', async () => {
  await using running = await begin('node', node, 1)
  assert.equal(said(await running.ask({ do: 'callBackAfter', say: 'first' })), '"first"')
  assert.equal(said(await running.ask({ do: 'neverMind', ms: 100 })), 'null')
})

test('an answer that came in time counts, however busy this process was', async () => {
  await using running = await begin('node', node, 3)
  await running.ask()
  const both = [running.ask({ do: 'spin', ms: 2_000, say: 'a' }), running.ask({ say: 'b' })]
  await new Promise((done) => setTimeout(done, 1_900))
  for (const end = performance.now() + 1_200; performance.now() < end; );
  assert.deepEqual((await Promise.all(both)).map(said), ['"a"', '"b"'])
})

test('an answer that comes too late is nobody’s, and one that came before its turn is an error', async () => {
  const turns = new Turns({
    fn: { timeoutSeconds: 0.01 } as RunnableFunction,
    log: () => {},
    now: Date.now,
    recall: () => {},
    onLate: () => {},
    peakMb: () => 1,
  })
  const add = (requestId: string) =>
    new Promise<InvocationResult>((resolve, reject) => {
      const event = Buffer.alloc(0)
      turns.add({ invocation: { requestId, invokedArn: 'arn', event }, resolve, reject })
    })
  const [first, second] = [add('first'), add('second')]
  turns.sent()
  assert.equal(turns.isFirst(1), true)
  assert.throws(() => turns.isFirst(2), RangeError)
  await new Promise((done) => setTimeout(done, 50))
  assert.match(said(await first), /timed out/)
  assert.equal(turns.isFirst(1), false)
  // Its process had begun it before it was ended.
  assert.equal(turns.isFirst(2), true)
  turns.finish({ kind: 'response', payload: Buffer.from('mine') }, 1)
  assert.equal(said(await second), 'mine')
  assert.equal(turns.averageMs! > 0, true)
})

test('an event that never left is given to somebody else when the process is gone', async () => {
  await using running = await begin('node', node)
  const asked = running.ask()
  running.environment.kill()
  await assert.rejects(asked, NotBegunError)
})

const streamed = `let count = 0
export const handler = awslambda.streamifyResponse(async ({ fail, waitMs }, stream) => {
  stream.write('a' + ++count)
  await new Promise((done) => setTimeout(done, waitMs))
  if (fail) {
    setTimeout(() => stream.write('straggler'), 20)
    throw new Error('broken')
  }
  stream.end('z')
})`

test('pieces that come after their answer has ended are nobody’s', async () => {
  await using running = await begin('node', streamed)
  const broken = await running.ask({ fail: true, waitMs: 1 })
  await assert.rejects(Array.fromAsync(broken.payload as AsyncIterable<Uint8Array>))
  const second = await running.ask({ waitMs: 100 })
  const pieces = await Array.fromAsync(second.payload as AsyncIterable<Uint8Array>, String)
  assert.deepEqual(pieces, ['a2', 'z'])
})

test('nobody is made to wait behind the reader of an answer in pieces', async () => {
  await using running = await begin('node', streamed)
  const more = { event: Buffer.alloc(0) }
  const unread = running.ask({ waitMs: 1 })
  assert.equal(running.environment.takesMore(more), false)
  const { payload } = await unread
  await Array.fromAsync(payload as AsyncIterable<Uint8Array>)
  assert.equal(running.environment.takesMore(more), false)
  await using other = await begin('node', node)
  await other.ask()
  assert.equal(other.environment.takesMore(more), true)
})

/** Answers each event twice, and asks for the next before it has. */
const hasty = `#!${process.execPath}
const base = 'http://' + process.env.AWS_LAMBDA_RUNTIME_API + '/2018-06-01/runtime/invocation/'
const answers = []
for (;;) {
  const next = await fetch(base + 'next')
  const id = next.headers.get('lambda-runtime-aws-request-id')
  const { say } = await next.json()
  const early = await fetch(base + 'next')
  const body = JSON.stringify([say, early.status, answers.splice(0)])
  for (let time = 0; time < 2; time++)
    answers.push((await fetch(base + id + '/response', { method: 'POST', body })).status)
}`

test('a runtime that answers twice, or asks before it has answered, is refused', async () => {
  await using running = await begin('provided', hasty)
  for (const [say, before] of [
    ['a', []],
    ['b', [202, 400]],
    ['c', [202, 400]],
  ] as const)
    assert.deepEqual(JSON.parse(said(await running.ask({ say }))), [say, 403, before])
})
