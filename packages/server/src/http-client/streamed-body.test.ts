import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { streamedBody, watchSilence } from './streamed-body.ts'

const silenceMs = 20

/** What is asked of the connection, and what is known of the silence. */
function begun() {
  const told: string[] = []
  const sent = {
    isKept: false,
    cancel: () => void told.push('cancel'),
    pause: () => void told.push('pause'),
    resume: () => void told.push('resume'),
  }
  const silence = watchSilence(silenceMs, () => told.push('silence'))
  const queue = streamedBody(sent, silence, () => silence.stop())
  return { told, silence, queue }
}

const piece = new Uint8Array(300 * 1_024)

test('who waits for the taker is not given up, who says nothing is', async () => {
  const { told, queue } = begun()
  queue.push(piece)
  await setTimeout(5 * silenceMs)
  assert.deepEqual(told, ['pause'])
  await queue.body[Symbol.asyncIterator]().next()
  while (told.length < 3) await setTimeout(silenceMs)
  assert.deepEqual(told, ['pause', 'resume', 'silence'])
})

for (const [how, leave] of [
  ['before it has begun', async () => {}],
  ['on its way', async (body) => void (await body[Symbol.asyncIterator]().next())],
] as const satisfies readonly (readonly [
  string,
  (body: AsyncIterable<Uint8Array>) => Promise<void>,
])[])
  test(`a body that nobody wants is over, and the request with it: ${how}`, async () => {
    const { told, queue } = begun()
    queue.push(new Uint8Array(1))
    await leave(queue.body)
    queue.body.destroy()
    queue.body.destroy()
    await setTimeout(5 * silenceMs)
    assert.deepEqual(told, ['cancel'])
  })
