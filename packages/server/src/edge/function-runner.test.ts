import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FunctionError } from '@sekisho/edge'
import { createEdgeFunctions } from './function-runner.ts'

const functions = createEdgeFunctions(async (id) =>
  id === storeId
    ? {
        createdAt: Date.UTC(2026, 0, 1),
        modifiedAt: Date.UTC(2026, 0, 2),
        values: new Map([
          ['one', 'eins'],
          ['two', '{"of":["two"]}'],
          ['three', 'drei é'],
        ]),
      }
    : undefined,
)
const storeId = '00000000-0000-4000-8000-000000000001'
let logs: string[] = []
const run = (code: string, event: unknown = { request: { uri: '/' } }) =>
  functions.run({ id: 'test', code }, JSON.stringify(event), logs)

test('a handler gets the event, and what it returns comes back', async () => {
  logs = []
  const { returned } = await run(
    'function handler(event) { console.log("asked for", event.request.uri); event.request.uri += "index.html"; return event.request }',
  )
  assert.equal(returned, '{"uri":"/index.html"}')
  assert.deepEqual(logs, ['asked for /'])
})

test('a handler may be asynchronous', async () => {
  const { returned } = await run(
    'async function handler(event) { const a = await Promise.resolve(1); return { a } }',
  )
  assert.equal(returned, '{"a":1}')
})

const hostile: Readonly<Record<string, string>> = {
  'runs for ever': 'function handler() { for (;;) {} }',
  'runs for ever before it is called': 'for (;;) {}; function handler() {}',
  'runs for ever in promises':
    'function handler() { const f = () => Promise.resolve().then(f); return f() }',
  'waits for ever': 'async function handler() { await new Promise(() => {}) }',
  'fills its memory':
    'function handler() { const all = []; for (;;) all.push(new Array(1000).fill("x")) }',
  'doubles a text': 'function handler() { let text = "x"; for (;;) text += text }',
  'calls itself': 'function handler() { return handler() }',
  'uses a slow pattern': 'function handler() { return /(a+)+$/.test("a".repeat(40) + "b") }',
  throws: 'function handler() { throw new Error("no") }',
  'is none': 'const a = 1',
  'does not parse': 'function handler( {',
  'asks for the process': 'function handler() { return process.env }',
  'asks for require': 'function handler() { return require("fs") }',
  'imports a module': 'import fs from "fs"; function handler() { return fs }',
  'imports one later': 'async function handler() { return await import("node:fs") }',
  fetches: 'async function handler() { return await fetch("http://127.0.0.1/") }',
  'sets a timer': 'function handler() { setTimeout(() => {}, 1) }',
  'escapes through the constructor':
    'function handler() { return (() => {}).constructor("return process")().env }',
}

for (const [name, code] of Object.entries(hostile))
  test(`a function that ${name} ends in an error, and soon`, async () => {
    const begin = performance.now()
    await assert.rejects(run(code), FunctionError)
    assert.ok(performance.now() - begin < 5_000)
    // And leaves nothing behind.
    assert.equal((await run('function handler() { return 1 }')).returned, '1')
  })

test('what one call leaves, the next does not find', async () => {
  const code = 'function handler() { globalThis.count = (globalThis.count || 0) + 1; return count }'
  assert.equal((await run(code)).returned, '1')
  assert.equal((await run(code)).returned, '1')
})

const reading = (body: string, keyValueStoreId?: string) =>
  functions.run(
    {
      id: 'test',
      code: `import cf from 'cloudfront'\nasync function handler() { const kvs = cf.kvs(); ${body} }`,
      ...(keyValueStoreId !== undefined && { keyValueStoreId }),
    },
    '{}',
  )

const read: readonly (readonly [body: string, returned: unknown])[] = [
  ['return await kvs.get("one")', 'eins'],
  ['return await kvs.get("three", { format: "string" })', 'drei é'],
  ['return await kvs.get("two", { format: "json" })', { of: ['two'] }],
  ['return Array.from(await kvs.get("three", { format: "bytes" })).slice(-2)', [0xc3, 0xa9]],
  ['return [await kvs.exists("one"), await kvs.exists("none")]', [true, false]],
  [
    'try { await kvs.get("none") } catch (error) { return error.message }',
    'the key none does not exist',
  ],
  [
    'return await kvs.meta()',
    {
      creationDateTime: '2026-01-01T00:00:00.000Z',
      lastUpdatedDateTime: '2026-01-02T00:00:00.000Z',
      keyCount: 3,
    },
  ],
  [`return await cf.kvs('${storeId}').exists('two')`, true],
]

for (const [body, returned] of read)
  test(`a key value store is read: ${body}`, async () => {
    assert.deepEqual(JSON.parse((await reading(body, storeId)).returned), returned)
  })

test('a function reads no store but its own', async () => {
  await assert.rejects(reading('return 1'), /not associated with a key value store/)
  await assert.rejects(reading('return 1', 'another'), /not associated with a key value store/)
  await assert.rejects(
    reading(`return await cf.kvs('another').get('one')`, storeId),
    /not associated with the key value store another/,
  )
  await assert.rejects(
    reading('return await kvs.get("two", { format: "xml" })', storeId),
    FunctionError,
  )
  await assert.rejects(reading('return cf.updateRequestOrigin({})', storeId), /not supported/)
})
