import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NormalizedSchema } from '@smithy/core/schema'
import { readBindings, writeBindings } from './http-binding.ts'
import { javaClassNames, readJson } from './json-codec.ts'
import { routerOf } from './match.ts'
import { readModel, type Schema } from './model.ts'
import { readBase64, readTimestamp } from './scalars.ts'

/** Schemas as the clients write them, with what no client of today has. */
type StaticSchema = readonly unknown[]
const text = 0
const unit = 'unit'
const habits = { usesJsonName: true, names: javaClassNames }

function structure(members: Readonly<Record<string, unknown>>, required = 0): StaticSchema {
  return [3, 'test', 'Structure', 0, Object.keys(members), Object.values(members), required]
}

function schemaOf(raw: StaticSchema): Schema {
  return NormalizedSchema.of(raw as never)
}

function operation(name: string, http: readonly unknown[], input: unknown, output: unknown = unit) {
  return { [`${name}$`]: [9, 'test', name, { http }, () => input, () => output] }
}

test('a structure within itself is read to a depth of 64', () => {
  const node: StaticSchema = structure({ next: () => node })
  const nested = (depth: number) => JSON.parse(`${'{"next":'.repeat(depth)}{}${'}'.repeat(depth)}`)
  assert.doesNotThrow(() => readJson(schemaOf(node), nested(60), habits))
  assert.throws(() => readJson(schemaOf(node), nested(70), habits), {
    code: 'SerializationException',
    message: 'The request is nested too deeply',
  })
})

test('a document is read to a depth of 64', () => {
  const holder = structure({ document: 15 })
  const nested = (depth: number) =>
    JSON.parse(`{"document":${'['.repeat(depth)}${']'.repeat(depth)}}`)
  assert.deepEqual(readJson(schemaOf(holder), nested(2), habits), { document: [[]] })
  assert.throws(() => readJson(schemaOf(holder), nested(100_000), habits), {
    code: 'SerializationException',
  })
})

test('a member that every object inherits is not read from its prototype', () => {
  const odd = structure({ constructor: text, toString: text })
  assert.deepEqual(readJson(schemaOf(odd), {}, habits), {})
})

test('the path decides before what is required of the query', () => {
  const label = (traits: object) => [text, traits] as const
  const model = readModel({
    ...operation(
      'Exact',
      ['GET', '/a/{x}', 200],
      structure({ q: label({ httpQuery: 'q' }), x: label({ httpLabel: 1 }) }, 2),
    ),
    ...operation(
      'General',
      ['GET', '/{y}/{z}', 200],
      structure({ y: label({ httpLabel: 1 }), z: label({ httpLabel: 1 }) }, 2),
    ),
  })
  const asked = (rawPath: string, rawQuery = '') =>
    routerOf(model).match({ method: 'GET', rawPath, rawQuery, headers: [] })?.operation.name
  assert.equal(asked('/a/1', 'q=1'), 'Exact')
  assert.equal(asked('/a/1'), 'Exact')
  assert.equal(asked('/b/1'), 'General')
})

const list = [1, 'test', 'List', 0, text]
const listed = operation(
  'Listed',
  ['GET', '/', 200],
  structure({ items: [list, { httpHeader: 'X-Items' }] }),
  structure({ items: [list, { httpHeader: 'X-Items' }] }),
)

test('items of a list in a header that have commas or quotes are quoted, and read back', () => {
  const model = readModel(listed).operations.get('Listed')!
  const items = ['plain', 'with, comma', 'with "quote"', 'back\\slash']
  const { headers } = writeBindings(model, { items })
  assert.deepEqual(headers, ['X-Items', 'plain, "with, comma", "with \\"quote\\"", back\\slash'])
  const request = { method: 'GET', rawPath: '/', rawQuery: '', headers, body: new Uint8Array() }
  assert.deepEqual(readBindings(model, {}, request).values, { items })
})

for (const value of ['a\r\nX: y', 'a\nb', 'a\0b'])
  test(`${JSON.stringify(value)} makes no header`, () => {
    const model = readModel(listed).operations.get('Listed')!
    assert.throws(() => writeBindings(model, { items: [value] }), { code: 'InternalFailure' })
  })

test('times without a zone are those of Greenwich, wherever the server stands', () => {
  const zone = process.env['TZ']
  process.env['TZ'] = 'Asia/Tokyo'
  try {
    const read = readTimestamp('2026-01-02T03:04:05', 'date-time')
    assert.equal(read.toISOString(), '2026-01-02T03:04:05.000Z')
  } finally {
    if (zone === undefined) delete process.env['TZ']
    else process.env['TZ'] = zone
  }
})

const times: readonly (readonly [
  given: string,
  format: 'date-time' | 'epoch-seconds',
  iso: string,
])[] = [
  ['1.005', 'epoch-seconds', '1970-01-01T00:00:01.005Z'],
  ['-1', 'epoch-seconds', '1969-12-31T23:59:59.000Z'],
  ['1.7E9', 'epoch-seconds', '2023-11-14T22:13:20.000Z'],
  ['2026-01-02T03:04:05.123456Z', 'date-time', '2026-01-02T03:04:05.123Z'],
  ['2026-01-02T03:04:05+09:00', 'date-time', '2026-01-01T18:04:05.000Z'],
  ['2026-01-02', 'date-time', '2026-01-02T00:00:00.000Z'],
  ['Fri, 02 Jan 2026 03:04:05 GMT', 'date-time', '2026-01-02T03:04:05.000Z'],
]

for (const [given, format, iso] of times)
  test(`${given} is ${iso}`, () => {
    assert.equal(readTimestamp(given, format).toISOString(), iso)
  })

test('a time is the same in both its forms, whatever the day of the week', () => {
  for (let day = 0; day < 7; day++) {
    const date = new Date(Date.UTC(2026, 0, 1 + day, 3, 4, 5))
    assert.deepEqual(readTimestamp(date.toUTCString(), 'http-date'), date)
    assert.deepEqual(readTimestamp(date.toISOString(), 'date-time'), date)
  }
})

for (const given of ['', 'now', '1', '2026', '2026-13-01', '2026-01-02T25:00:00Z', 'Jan 2 2026'])
  test(`${given || 'nothing'} is no date`, () => {
    assert.throws(() => readTimestamp(given, 'date-time'), { code: 'SerializationException' })
  })

for (const given of ['', '0x10', 'Infinity', '1e999', ' 7', '9e15'])
  test(`${JSON.stringify(given)} is no number of seconds`, () => {
    assert.throws(() => readTimestamp(given, 'epoch-seconds'), { code: 'SerializationException' })
  })

for (const given of ['abc', 'ab=c', '!!!!', 'ab==='])
  test(`${given} is no base64`, () => {
    assert.throws(() => readBase64(given), { code: 'SerializationException' })
  })
