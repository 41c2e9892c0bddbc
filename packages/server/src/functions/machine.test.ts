import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createBusyProbe, processorsOf } from './machine.ts'

test('processors are told one by one and from one to another', () => {
  assert.deepEqual([...processorsOf('0-2,5,7-8')], [0, 1, 2, 5, 7, 8])
})

test('whether a machine is busy is asked at any time, and answered by what was lately', async () => {
  const isBusy = createBusyProbe()
  assert.equal(isBusy(), false)
  await sleep(60)
  assert.equal(typeof isBusy(), 'boolean')
})
