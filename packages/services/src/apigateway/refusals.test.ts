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
