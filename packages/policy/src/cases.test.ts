import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { authorize } from './authorize.ts'
import { type DecisionCase, expectedDecisions, readCase } from './decision-case.ts'
import { trace } from './trace.ts'

const folder = join(import.meta.dirname, '../cases')
for (const file of readdirSync(folder).filter((name) => name.endsWith('.jsonl')))
  test(`every case of ${file} is decided as expected, and traced the same`, () => {
    const lines = readFileSync(join(folder, file), 'utf8').trim().split('\n')
    const wrong = lines.flatMap((line) => {
      const given = JSON.parse(line) as DecisionCase
      const { request, policies } = readCase(given)
      const decision = authorize(request, policies)
      const decided = expectedDecisions[decision.effect]
      const by = given.expectDecidedBy
      if (by !== undefined && decision.decidedBy !== by)
        return [`${given.id}: decided by ${decision.decidedBy}, not ${by}`]
      const traced = expectedDecisions[trace(request, policies).effect]
      return decided === given.expect && traced === given.expect
        ? []
        : [`${given.id}: ${decided}, not ${given.expect}`]
    })
    assert.deepEqual(wrong, [])
  })
