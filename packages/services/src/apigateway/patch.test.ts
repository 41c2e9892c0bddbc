import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AwsError } from '@sekisho/protocols'
import fc from 'fast-check'
import { madeApi, refusal } from './made-api.fixture.ts'
import { applyPatches, entryRow, type PatchTable, textRow } from './patch.ts'

interface Thing {
  readonly name?: string
  readonly entries?: Readonly<Record<string, string>>
}

const table: PatchTable<Thing> = {
  '/name': textRow(({ name: _, ...thing }, name) => ({ ...thing, ...(name && { name }) })),
  '/entries/{key}': entryRow<Thing, string>(
    (thing) => thing.entries,
    ({ entries: _, ...thing }, entries) => ({ ...thing, ...(entries && { entries }) }),
    ({ value }) => value,
  ),
}

const operation = fc.record({
  op: fc.constantFrom('add', 'replace', 'remove', 'copy', 'move', 'test'),
  path: fc.constantFrom(
    '/name',
    '/entries/a',
    '/entries/a~1b',
    '/entries',
    '/entries/a/b',
    '',
    '/',
  ),
  value: fc.string(),
})

test('operations are applied one after the other, or none of them is', () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 6 }), (operations) => {
      const before: Thing = { name: 'before', entries: { kept: 'yes' } }
      const copy = structuredClone(before)
      const apply = (thing: Thing, some: typeof operations) =>
        applyPatches(thing, some as never, table)
      let expected: Thing | undefined = before
      for (const each of operations) {
        try {
          expected = expected && apply(expected, [each])
        } catch (error) {
          assert.ok(error instanceof AwsError)
          expected = undefined
        }
      }
      if (expected === undefined) assert.throws(() => apply(before, operations), AwsError)
      else assert.deepEqual(apply(before, operations), expected)
      assert.deepEqual(before, copy)
    }),
  )
})

test('any key can be written, read back and removed', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), fc.string(), (key, value) => {
      const path = `/entries/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`
      const added = applyPatches<Thing>({}, [{ op: 'add', path, value }], table)
      assert.deepEqual(Object.entries(added.entries ?? {}), [[key, value]])
      assert.deepEqual(applyPatches(added, [{ op: 'remove', path }], table), {})
    }),
  )
})

const stored = ['name', 'description', 'apiKeySource', 'binaryMediaTypes', 'minimumCompressionSize']
const words = fc.constantFrom('', 'x', 'true', 'HEADER', 'AUTHORIZER', '0', '10485761', '{')
const apiOperation = fc.record({
  op: fc.constantFrom('add', 'replace', 'remove'),
  path: fc.constantFrom(
    ...stored.map((name) => `/${name}`),
    '/binaryMediaTypes/image~1png',
    '/disableExecuteApiEndpoint',
    '/policy',
    '/nowhere',
  ),
  value: words,
})

test('an API whose PATCH is refused is what it was', async () => {
  await using made = await madeApi()
  await fc.assert(
    fc.asyncProperty(fc.array(apiOperation, { maxLength: 4 }), async (operations) => {
      const before = (await made.ask('GET', '/restapis/{api}')).text
      const answer = await made.patch('/restapis/{api}', ...operations)
      const after = (await made.ask('GET', '/restapis/{api}')).text
      assert.equal(after, answer.status === 200 ? answer.text : before)
    }),
    { numRuns: 60 },
  )
})

test('an operation that the model does not know is told with its place', async () => {
  await using made = await madeApi()
  const known = '[add, remove, move, test, replace, copy]'
  for (const path of ['/restapis/{api}', '/restapis/{api}/resources/{root}', '/account'])
    assert.match(
      (await made.patch(path, { op: 'add', path: '/x' }, { op: 'wrong', path: '/x' })).json.message,
      /^1 validation error detected: Value 'wrong' at 'update\w+Input\.patchOperations\.2\.member\.op'/,
    )
  assert.deepEqual(
    refusal(
      await made.patch('/restapis/{api}/resources/{root}/methods/GET/responses/wrong', {
        op: 'wrong_op',
        path: '/x',
      }),
    ),
    [
      400,
      `2 validation errors detected: Value 'wrong_op' at 'updateMethodResponseInput.patchOperations.1.member.op' failed to satisfy constraint: Member must satisfy enum value set: ${known}; Value 'wrong' at 'statusCode' failed to satisfy constraint: Member must satisfy regular expression pattern: [1-5]\\d\\d`,
    ],
  )
})
