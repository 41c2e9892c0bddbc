import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { CompiledMethod } from '../deployment.ts'
import type { Matched, Received } from '../pass.ts'
import { requestMembers } from './proxy-event.ts'

/** Also halves of characters, which no text should have. */
const character = fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit))
const hostile = fc.oneof(
  fc.constantFrom('', '__proto__', 'constructor', 'toJSON', '"', '\\', '","a":"b', '1', '\u2028'),
  fc.string({ unit: character, maxLength: 8 }),
)
/** Node 26 may read one name for another where one has had a backslash: https://github.com/nodejs/node/issues/63785 */
const name = hostile.filter((text) => !text.includes('\\'))
const values = fc.array(hostile, { minLength: 1, maxLength: 3 })
const lists = fc
  .uniqueArray(fc.tuple(name, values), { selector: ([name]) => name.toLowerCase() })
  .map((entries) => entries.filter(([name]) => name.toLowerCase() !== 'x-amzn-trace-id'))
const plain = fc
  .uniqueArray(fc.tuple(name, hostile), { selector: ([name]) => name })
  .map((entries) => Object.fromEntries(entries))

function bare<Value>(entries: readonly (readonly [string, Value])[]): Record<string, Value> {
  const values: Record<string, Value> = Object.create(null)
  for (const [name, value] of entries) values[name] = value
  return values
}

/** As a reader of JSON has them: each name its own. */
const entriesOf = (read: Readonly<Record<string, unknown>> | null) =>
  new Map(Object.entries(read ?? {}))

test('whatever a client and an authorizer say, the event is JSON that says it', () => {
  fc.assert(
    fc.property(lists, lists, plain, plain, plain, hostile, (headers, query, ...rest) => {
      const [variables, authorizer, identity, path] = rest
      const pass = {
        received: {
          stagePath: path,
          requestId: 'id',
          headers: [] as string[],
        } as unknown as Received,
        method: { resource: { path } } as CompiledMethod,
        httpMethod: 'GET',
        pathParameters: variables,
        stage: { stageName: 'prod', variables },
      } as unknown as Matched
      const text = requestMembers({
        pass,
        context: { authorizer, identity, path },
        query: bare(query),
        headers: new Map(headers.map(([name, all]) => [name.toLowerCase(), { name, values: all }])),
      })
      const event = JSON.parse(`{${text}}`)
      assert.deepEqual(entriesOf(event.multiValueQueryStringParameters), new Map(query))
      assert.deepEqual(
        entriesOf(event.queryStringParameters),
        new Map(query.map(([name, all]) => [name, all.at(-1)])),
      )
      const { 'X-Amzn-Trace-Id': traceId, ...others } = event.multiValueHeaders
      assert.deepEqual([event.headers['X-Amzn-Trace-Id']], traceId)
      const spelt = new Map(headers)
      assert.deepEqual(entriesOf(others), spelt)
      assert.deepEqual(entriesOf(event.pathParameters), entriesOf(variables))
      assert.deepEqual(entriesOf(event.stageVariables), entriesOf(variables))
      assert.deepEqual(entriesOf(event.requestContext.authorizer), entriesOf(authorizer))
      const known = entriesOf(event.requestContext.identity)
      for (const [name, value] of entriesOf(identity)) assert.equal(known.get(name), value)
      assert.equal(event.resource, path)
    }),
  )
})
