/** What is refused, in which words, and that nothing is changed by it: one case each. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { type MadeApi, madeApi, refusal } from './made-api.fixture.ts'

interface Case {
  /** `{api}` and `{root}` are filled in; every API has GET / as a MOCK that answers 200, and a stage `prod`. */
  readonly request: string
  readonly body?: unknown
  readonly expect: { readonly status: number; readonly message: string }
  readonly source: string
}

const cases: readonly Case[] = JSON.parse(
  readFileSync(new URL('cases/refusals.json', import.meta.url), 'utf8'),
)

let shared: Promise<MadeApi> | undefined
/** Refusals change nothing, so one API serves them all. */
const made = () =>
  (shared ??= madeApi().then(async (each) => {
    await each.ask('POST', '/restapis/{api}/deployments', { stageName: 'prod' })
    return each
  }))

for (const { request, body, expect } of cases)
  test(`${request} ${JSON.stringify(body)?.slice(0, 90) ?? ''} is refused`, async () => {
    const { ask } = await made()
    const before = await state(ask)
    const [method = '', path = ''] = request.split(' ')
    assert.deepEqual(refusal(await ask(method, path, body)), [expect.status, expect.message])
    assert.deepEqual(await state(ask), before)
  })

async function state(ask: MadeApi['ask']): Promise<readonly string[]> {
  const api = '/restapis/{api}'
  const paths = [api, `${api}/resources?embed=methods`, `${api}/deployments`, `${api}/stages`]
  return Promise.all(
    [...paths, '/restapis', '/account', '/apikeys', '/usageplans'].map(
      async (path) => (await ask('GET', path)).text,
    ),
  )
}

test('a template beyond 300 KB is refused wherever one is set', async () => {
  const { ask } = await made()
  const text = 'x'.repeat(300 * 1024 + 1)
  const method = '/restapis/{api}/resources/{root}/methods/GET'
  const words = 'The mapping template for text/plain is larger than 300 KB.'
  for (const [path, body] of [
    [`${method}/integration`, { type: 'MOCK', requestTemplates: { 'text/plain': text } }],
    [`${method}/integration/responses/200`, { responseTemplates: { 'text/plain': text } }],
    ['/restapis/{api}/gatewayresponses/THROTTLED', { responseTemplates: { 'text/plain': text } }],
  ] as const)
    assert.deepEqual(refusal(await ask('PUT', path, body)), [400, words], path)
})

test('of the paths of an API key those that can be replaced are listed', async () => {
  const { ask } = await madeApi()
  const { json } = await ask('POST', '/apikeys', { name: 'key' })
  const patchOperations = [{ op: 'replace', path: '/id', value: 'x' }]
  assert.deepEqual(refusal(await ask('PATCH', `/apikeys/${json.id}`, { patchOperations })), [
    400,
    "Invalid patch path  '/id' specified for op 'replace'. Must be one of: [/description, /enabled, /name, /customerId]",
  ])
})
