import assert from 'node:assert/strict'
import { test } from 'node:test'
import { begin as beginWith, said } from './environment.fixture.ts'
import { NotBegunError } from './turn.ts'

/** `sleepMs` waits without work, `spinMs` works, `die` ends the process; answers with the number of its call. */
const handlers = {
  node: `let count = 0
export const handler = async ({ sleepMs, spinMs, die }) => {
  console.log('call', ++count)
  const mine = count
  if (die) process.exit(3)
  if (sleepMs) await new Promise((done) => setTimeout(done, sleepMs))
  for (const end = Date.now() + (spinMs ?? 0); Date.now() < end; );
  return mine
}`,
  python: `import os, time
count = 0
def handler(event, context):
    global count
    count += 1
    print("call", count)
    if event.get("die"): os._exit(3)
    time.sleep(event.get("sleepMs", 0) / 1000)
    return count
`,
} as const

const begin = (language: keyof typeof handlers, timeoutSeconds = 10) =>
  beginWith(language, handlers[language], timeoutSeconds)

for (const language of ['node', 'python'] as const) {
  test(`${language}: events that were handed over together are run one after another`, async () => {
    await using running = await begin(language)
    const first = running.ask()
    // On a busy machine some of them may be given back, if not all.
    const settled = await Promise.allSettled([
      first,
      ...Array.from({ length: 20 }, () => first.then(() => running.ask())),
    ])
    const results = settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
    assert.deepEqual(
      results.map(said),
      results.map((_, at) => `${at + 1}`),
    )
    const turns = running.lines.filter((line) => /^(?:START|END) RequestId/.test(line))
    for (const [at, { status }] of settled.entries()) {
      const id = `request-${at + 1}`
      const end = turns.indexOf(`END RequestId: ${id}`)
      assert.equal(end >= 0, status === 'fulfilled')
      if (end >= 0) assert.match(turns[end - 1]!, new RegExp(`^START RequestId: ${id} `))
    }
    const tail = await results[0]!.logTail()
    assert.match(
      tail,
      /^START RequestId: request-1 .*\n.*call.1\nEND RequestId: request-1\nREPORT /,
    )
  })

  test(`${language}: an event that takes long gives back those behind it`, async () => {
    await using running = await begin(language)
    await running.ask()
    const slow = running.ask({ sleepMs: 2_000 })
    const behind = [running.ask(), running.ask()]
    const begunAt = performance.now()
    for (const each of behind) await assert.rejects(each, NotBegunError)
    assert.ok(performance.now() - begunAt < 1_500)
    assert.equal(running.environment.takesMore({ event: Buffer.alloc(0) }), false)
    assert.equal(said(await slow), '2')
    assert.equal(said(await running.ask()), '3')
  })

  test(`${language}: with the process go only the events that it had begun`, async () => {
    await using running = await begin(language)
    const dying = running.ask({ die: true })
    const behind = running.ask()
    const result = await dying
    assert.equal(result.functionError, 'Unhandled')
    assert.match(said(result), /Runtime exited with error: exit status 3/)
    await assert.rejects(behind, NotBegunError)
  })
}

test('a process that does not listen ends with the event that it is busy with', async () => {
  await using running = await begin('node', 1)
  await running.ask()
  const busy = running.ask({ spinMs: 60_000 })
  const behind = running.ask()
  assert.match(said(await busy), /Task timed out after 1\.00 seconds/)
  await assert.rejects(behind, NotBegunError)
})

test('each event has the whole of its time, also where it had to wait', async () => {
  await using running = await begin('node', 3)
  const both = [running.ask({ spinMs: 1_800 }), running.ask({ spinMs: 1_800 })]
  assert.deepEqual((await Promise.all(both)).map(said), ['1', '2'])
})

test('a busy server is no sign of a slow function', async () => {
  await using running = await begin('node')
  await running.ask()
  const isUndisturbed = async () => {
    const asked = Array.from({ length: 10 }, () => running.ask())
    for (const end = performance.now() + 30; performance.now() < end; );
    const results = await Promise.allSettled(asked)
    return results.every(({ status }) => status === 'fulfilled')
  }
  // A busy machine may be a sign of one, now and then.
  const rounds: boolean[] = []
  while (rounds.length < 20 && !rounds.includes(true)) rounds.push(await isUndisturbed())
  assert.ok(rounds.includes(true))
})
