/** A deployed API, and plans for it. */
import assert from 'node:assert/strict'
import { type MadeApi, madeApi } from './made-api.fixture.ts'

export const ownValue = 'my-own-value-of-24-chars'

export async function deployed(): Promise<MadeApi> {
  const made = await madeApi()
  for (const stageName of ['prod', 'test'])
    await made.ask('POST', '/restapis/{api}/deployments', { stageName })
  return made
}

export async function planOf(made: MadeApi, more: object = {}): Promise<string> {
  const { json, status } = await made.ask('POST', '/usageplans', {
    name: 'plan',
    apiStages: [{ apiId: made.id, stage: 'prod' }],
    ...more,
  })
  assert.equal(status, 201, JSON.stringify(json))
  return json.id
}
