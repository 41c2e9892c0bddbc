import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createRecent } from './recent.ts'

const step = fc.record({
  key: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
  act: fc.constantFrom('add', 'add', 'find', 'remove', 'takeOldest'),
  sizeBytes: fc.integer({ min: 0, max: 9 }),
})

test('the order is that of use, as in a list that is searched from its beginning', () => {
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const recent = createRecent<number>()
      const list: { key: string; value: number; sizeBytes: number }[] = []
      const taken = (key: string) => {
        const at = list.findIndex((each) => each.key === key)
        return at < 0 ? undefined : list.splice(at, 1)[0]
      }
      for (const [value, { key, act, sizeBytes }] of steps.entries()) {
        if (act === 'add') {
          taken(key)
          list.push({ key, value, sizeBytes })
          recent.add(key, value, sizeBytes)
        } else if (act === 'find') {
          const found = taken(key)
          if (found) list.push(found)
          assert.equal(recent.find(key), found?.value)
        } else if (act === 'remove') {
          taken(key)
          recent.remove(key)
        } else assert.equal(recent.takeOldest()?.key, list.shift()?.key)
        assert.deepEqual(
          [...recent.entries()],
          list.map((each) => [each.key, each.value]),
        )
        assert.equal(recent.count(), list.length)
        assert.equal(
          recent.sizeBytes(),
          list.reduce((sum, each) => sum + each.sizeBytes, 0),
        )
      }
    }),
  )
})
