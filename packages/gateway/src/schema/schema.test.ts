import assert from 'node:assert/strict'
import { test } from 'node:test'
import Draft4 from 'ajv-draft-04'
import fc from 'fast-check'
import { compileSchema, modelUrl, type Schema } from './compile.ts'
import { SchemaError } from './values.ts'

const restApiId = 'abcdefghij'

function compiled(schema: unknown, others: Readonly<Record<string, unknown>> = {}): Schema {
  const entries = Object.entries({ ...others, Root: schema })
  const schemas = new Map(entries.map(([name, each]) => [name, JSON.stringify(each)]))
  return compileSchema('Root', { restApiId, schemas })
}

const names = fc.constantFrom('a', 'b', 'c')
const value = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom(null, true, false, 0, 1, 2, 2.5, -1, 'a', 'ab', 'abc', '😀', ''),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(names, tie('value'), { maxKeys: 3 }),
  ),
})).value
const small = fc.integer({ min: 0, max: 3 })
const { schema } = fc.letrec<{ schema: object; plain: object }>((tie) => {
  const list = fc.array(tie('schema'), { minLength: 1, maxLength: 2 })
  const optional = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined, freq: 3 })
  const type = fc.constantFrom('array', 'boolean', 'integer', 'null', 'number', 'object', 'string')
  return {
    plain: fc.record({
      type: optional(fc.oneof(type, fc.uniqueArray(type, { minLength: 1, maxLength: 3 }))),
      enum: optional(
        fc.uniqueArray(value, { minLength: 1, maxLength: 2, selector: JSON.stringify }),
      ),
      multipleOf: optional(fc.constantFrom(1, 2, 0.5)),
      minLength: optional(small),
      maxLength: optional(small),
      pattern: optional(fc.constantFrom('^a', 'b$', '^.$')),
      minItems: optional(small),
      maxItems: optional(small),
      uniqueItems: optional(fc.boolean()),
      minProperties: optional(small),
      maxProperties: optional(small),
      required: optional(fc.uniqueArray(names, { minLength: 1, maxLength: 2 })),
      minimum: optional(small),
    }),
    schema: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      tie('plain'),
      fc.record({
        properties: optional(fc.dictionary(names, tie('schema'), { maxKeys: 2 })),
        patternProperties: optional(fc.constant({ '^[bc]$': { type: 'string' } })),
        additionalProperties: optional(fc.oneof(fc.boolean(), tie('schema'))),
        items: optional(fc.oneof(tie('schema'), list)),
        additionalItems: optional(fc.oneof(fc.boolean(), tie('schema'))),
        dependencies: optional(fc.dictionary(names, fc.oneof(tie('schema'), fc.constant(['a'])))),
        allOf: optional(list),
        anyOf: optional(list),
        oneOf: optional(list),
        not: optional(tie('schema')),
      }),
    ),
  }
})

test('whatever schema and body, they fit as another implementation has it', () => {
  fc.assert(
    fc.property(schema, fc.array(value, { minLength: 1, maxLength: 8 }), (written, bodies) => {
      const plain = JSON.parse(JSON.stringify(written))
      const theirs = new Draft4.default({ strict: false }).compile(plain)
      const ours = compiled(plain)
      for (const body of JSON.parse(JSON.stringify(bodies)))
        assert.equal(ours.faultsOf(body).length === 0, theirs(body), JSON.stringify([plain, body]))
    }),
    { numRuns: 200 },
  )
})

const faults: readonly (readonly [schema: object, body: unknown, fault: string])[] = [
  [
    { type: 'integer' },
    'a',
    'instance type (string) does not match any allowed primitive type (allowed: ["integer"])',
  ],
  [
    { type: 'number' },
    'a',
    'instance type (string) does not match any allowed primitive type (allowed: ["integer","number"])',
  ],
  [{ required: ['bar', 'foo'] }, { foo: 1 }, 'object has missing required properties (["bar"])'],
  [
    { properties: { bar: {} }, additionalProperties: false },
    { foo: 1 },
    'object instance has properties which are not allowed by the schema: ["foo"]',
  ],
  [
    { enum: ['a', 'b'] },
    'c',
    'instance value ("c") not found in enum (possible values: ["a","b"])',
  ],
  [{ minimum: 2 }, 1, 'numeric instance is lower than the required minimum (minimum: 2, found: 1)'],
  [
    { maximum: 2, exclusiveMaximum: true },
    2,
    'numeric instance is not strictly lower than the required maximum 2',
  ],
  [{ minLength: 2 }, 'a', 'string "a" is too short (length: 1, required minimum: 2)'],
  [{ maxLength: 1 }, 'ab', 'string "ab" is too long (length: 2, maximum allowed: 1)'],
  [{ pattern: '^a$' }, 'b', 'ECMA 262 regex "^a$" does not match input string "b"'],
  [
    { minItems: 1 },
    [],
    'array is too short: must have at least 1 elements but instance has 0 elements',
  ],
  [
    { uniqueItems: true },
    [
      { a: 1, b: 2 },
      { b: 2, a: 1 },
    ],
    'array must not contain duplicate elements',
  ],
  [
    { format: 'date-time' },
    '2026-13-01T00:00:00Z',
    `string "2026-13-01T00:00:00Z" is invalid against requested date format(s) [yyyy-MM-dd'T'HH:mm:ssZ, yyyy-MM-dd'T'HH:mm:ss.[0-9]{1,12}Z]`,
  ],
  [
    { anyOf: [{ type: 'null' }, { type: 'string' }] },
    1,
    'instance failed to match at least one required schema among 2',
  ],
  [{ oneOf: [{}, {}] }, 1, 'instance failed to match exactly one schema (matched 2 out of 2)'],
  [
    { dependencies: { a: ['b'] } },
    { a: 1 },
    'property "a" of object has missing property dependencies (schema requires ["b"]; missing: ["b"])',
  ],
]
for (const [written, body, fault] of faults)
  test(`${JSON.stringify(body)} against ${JSON.stringify(written)}: ${fault}`, () => {
    assert.deepEqual(compiled(written).faultsOf(body), [fault])
  })

test('what is inside is asked about when the outside is right', () => {
  const { faultsOf } = compiled({ required: ['b'], properties: { a: { type: 'string' } } })
  assert.equal(faultsOf({ a: 1 }).length, 1)
  assert.match(faultsOf({ a: 1, b: 1 })[0]!, /instance type \(integer\)/)
})

test('models refer to each other, to parts of themselves and to themselves', () => {
  const { faultsOf } = compiled(
    {
      type: 'object',
      properties: {
        owner: { $ref: modelUrl(restApiId, 'Owner') },
        parent: { $ref: '#' },
        tag: { $ref: '#/definitions/tag~1name' },
      },
      definitions: { 'tag/name': { type: 'string' } },
    },
    { Owner: { type: 'object', required: ['name'] } },
  )
  assert.deepEqual(faultsOf({ owner: { name: 'a' }, parent: { parent: { tag: 'x' } } }), [])
  assert.equal(faultsOf({ owner: {} }).length, 1)
  assert.equal(faultsOf({ parent: { parent: { tag: 1 } } }).length, 1)
})

const refused: readonly (readonly [what: string, schema: unknown])[] = [
  ['a reference that leaves the API', { $ref: 'https://example.com/schema.json' }],
  ['a reference to a file', { $ref: 'file:///etc/passwd' }],
  ["another API's model", { $ref: modelUrl('zzzzzzzzzz', 'Root') }],
  ['a reference that leads nowhere', { $ref: '#/definitions/none' }],
  ['a reference into what every object has', { $ref: '#/__proto__' }],
  ['a reference to itself', { $ref: '#' }],
  ['a keyword of a later draft', { const: 1 }],
  ['a type that there is not', { type: 'float' }],
  ['an expression that looks back', { pattern: '(?<=a)b' }],
  ['an expression that is none', { pattern: '(' }],
  ['a schema that is a list', []],
  ['a schema in a schema in a schema …', nested(200)],
]
for (const [what, written] of refused)
  test(`${what} is refused`, () => {
    assert.throws(() => compiled(written), SchemaError)
  })

function nested(depth: number): object {
  return depth === 0 ? {} : { not: nested(depth - 1) }
}

test('schemas that explode end, and fit nothing', () => {
  const double = (name: string) => ({
    allOf: [{ $ref: `#/definitions/${name}` }, { $ref: `#/definitions/${name}` }],
  })
  const definitions = Object.fromEntries(
    Array.from({ length: 40 }, (_, at) => [`d${at}`, at === 39 ? {} : double(`d${at + 1}`)]),
  )
  const bomb = compiled({ ...double('d0'), definitions })
  assert.deepEqual(bomb.faultsOf({}), ['validation takes too long'])
  const endless = compiled({ anyOf: [{ $ref: '#' }] })
  assert.deepEqual(endless.faultsOf({}), ['validation takes too long'])
  const slow = compiled({ additionalProperties: { pattern: '^(a+)+$' } })
  const body = Object.fromEntries(Array.from({ length: 2_000 }, (_, at) => [at, 'a'.repeat(4_000)]))
  assert.deepEqual(slow.faultsOf(body), ['validation takes too long'])
})

test('measuring a long text again and again ends', () => {
  const all = Array.from({ length: 1_000 }, () => ({ minLength: 1 }))
  const { faultsOf } = compiled({ allOf: all })
  assert.deepEqual(faultsOf('a'.repeat(1_000_000)), ['validation takes too long'])
  assert.deepEqual(faultsOf('a'), [])
})
