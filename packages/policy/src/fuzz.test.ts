import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compilePolicy } from './compile.ts'
import type { PolicyType } from './decision.ts'
import { policy } from './generated.fixture.ts'
import {
  normalizeExecuteApiPolicy,
  normalizePrincipals,
  writeOutExecuteApiPolicy,
} from './normalize.ts'
import { parsePolicy } from './parse.ts'
import { PolicyError } from './policy-error.ts'

const seed = Number(process.env['SEKISHO_TEST_SEED'] ?? 20_261_120)
const types: readonly PolicyType[] = [
  'identity',
  'resource',
  'boundary',
  'session',
  'scp',
  'rcp',
  'trust',
  'vpcEndpoint',
]
const api = { partition: 'aws', region: 'us-east-1', accountId: '111111111111', restApiId: 'abc' }

/** Reads it in every way there is; only a PolicyError with places inside the text may come out. */
function survive(text: string, type: PolicyType): void {
  const readings = [
    () => compilePolicy(text, { type, name: 'fuzz' }),
    () => normalizeExecuteApiPolicy(text, api),
    () => normalizePrincipals(text),
    () => {
      const written = writeOutExecuteApiPolicy(text, api)
      const stored = normalizeExecuteApiPolicy(text, api)
      assert.equal(normalizeExecuteApiPolicy(written, api), stored, 'written out in place')
      assert.equal(written.split('\n').length, text.split('\n').length)
    },
  ]
  for (const reading of readings)
    try {
      reading()
    } catch (error) {
      assert.ok(error instanceof PolicyError, String(error))
      assert.ok(error.faults.length > 0)
      const lines = text.split('\n')
      for (const { line, column } of error.faults) {
        assert.ok(line >= 1 && line <= lines.length)
        assert.ok(column >= 1 && column <= lines[line - 1]!.length + 1)
      }
    }
}

const json = fc
  .constantFrom(...types)
  .chain((type) => policy(type).map((made) => JSON.stringify(made, null, 1)))

test(`random text is no policy, and says where (seed ${seed})`, () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.string({ unit: fc.constantFrom(...'{}[]":,\\u0\n 12eE+-.truefalsn$*'), maxLength: 80 }),
    fc.json({ maxDepth: 6 }),
  )
  fc.assert(fc.property(text, fc.constantFrom(...types), survive), { seed, numRuns: 3_000 })
})

test(`a mutated policy is read or refused, never worse (seed ${seed})`, () => {
  const mutation = fc.record({
    at: fc.nat(),
    removed: fc.nat({ max: 12 }),
    put: fc.oneof(
      fc.string({ maxLength: 6 }),
      fc.constantFrom('"', '{', '}', '[', ']', '${', '}', '\\', '*', ':', 'null', '"__proto__":1,'),
    ),
  })
  const mutated = fc.tuple(json, fc.array(mutation, { minLength: 1, maxLength: 4 }))
  fc.assert(
    fc.property(mutated, fc.constantFrom(...types), ([text, mutations], type) => {
      let changed = text
      for (const { at, removed, put } of mutations) {
        const place = at % (changed.length + 1)
        changed = changed.slice(0, place) + put + changed.slice(place + removed)
      }
      survive(changed, type)
    }),
    { seed, numRuns: 3_000 },
  )
})

test('long and deep documents are refused in bounded time', () => {
  const deep = 60_000
  const value = (resource: string) =>
    JSON.stringify({
      Version: '2012-10-17',
      Statement: { Effect: 'Allow', Action: '*', Resource: resource },
    })
  const documents = [
    '['.repeat(deep),
    '{"a":'.repeat(deep / 5),
    `"${'\\u0041'.repeat(deep / 6)}`,
    value(':'.repeat(deep)),
    value(`arn:aws:s3:::${'${'.repeat(deep / 2)}`),
    value(`arn:aws:s3:::${'*a'.repeat(deep / 2)}`),
    value(`arn:aws:s3:::${'${*}'.repeat(deep / 4)}`),
    `{"Statement":[${'{},'.repeat(deep / 3)}{}]}`,
  ]
  const start = performance.now()
  for (const text of documents) survive(text, 'identity')
  assert.ok(performance.now() - start < 2_000)
})

test('a pattern made to be slow is matched in bounded time', () => {
  const stars = `${'*a'.repeat(200)}b`
  const questions = `${'*?a'.repeat(200)}b`
  const compiled = compilePolicy(
    JSON.stringify({
      Version: '2012-10-17',
      Statement: {
        Effect: 'Allow',
        Action: '*',
        Resource: '*',
        Condition: { StringLike: { 'aws:UserAgent': [stars, questions] } },
      },
    }),
    { type: 'identity', name: 'slow' },
  )
  const start = performance.now()
  const context = new Map([['aws:useragent', 'a'.repeat(8_000)]])
  const request = {
    principal: { type: 'anonymous' },
    action: 's3:GetObject',
    resource: '*',
    context,
  } as const
  assert.equal(compiled.evaluate(request, false), undefined)
  assert.ok(performance.now() - start < 500)
})

test('what is too long is refused before it is read', () => {
  const text = `{"Statement":[]}${' '.repeat(10)}`
  assert.throws(() => parsePolicy(text, { type: 'resource', maxLength: 20 }), /at most 20/)
})
