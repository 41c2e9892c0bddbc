import assert from 'node:assert/strict'
import { test } from 'node:test'
import { patternKeys } from './pattern-keys.ts'

/** @see EventBridge User Guide, "Using IAM policy conditions in Amazon EventBridge" */
const patterns: readonly (readonly [object, object])[] = [
  [{ source: ['aws.ec2'] }, { 'events:source': ['aws.ec2'] }],
  [{ source: ['a', 'b'], region: ['r'] }, { 'events:source': ['a', 'b'] }],
  [{ detail: { service: ['EC2'] } }, { 'events:detail.service': ['EC2'] }],
  [{ region: ['r'] }, {}],
  // Whoever may have rules for `a` alone must not get one for everything.
  [{ source: ['a', { prefix: '' }] }, { 'events:source': ['a', '{"prefix":""}'] }],
  [{ source: [{ exists: true }] }, { 'events:source': ['{"exists":true}'] }],
  [
    { source: ['a'], $or: [{ source: ['b'] }, { region: ['r'] }] },
    { 'events:source': ['a', '{"$or":[{"source":["b"]},{"region":["r"]}]}'] },
  ],
  [
    { detail: { $or: [{ service: ['S'] }, { x: [1] }] } },
    { 'events:detail.service': ['{"$or":[{"service":["S"]},{"x":[1]}]}'] },
  ],
  [{ source: ['a'], $or: [{ x: [1] }, { y: [2] }] }, { 'events:source': ['a'] }],
]
for (const [pattern, expected] of patterns)
  test(`${JSON.stringify(pattern)} brings ${Object.keys(expected).join() || 'nothing'}`, () => {
    assert.deepEqual(patternKeys(JSON.stringify(pattern)), expected)
  })

test('what is no pattern has no keys', () => {
  for (const text of [undefined, '{', 'null', '5', '[]', '{"source":"a"}', '{"detail":null}'])
    assert.deepEqual(patternKeys(text), {})
})
