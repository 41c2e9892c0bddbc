import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import * as sdk from '@aws-sdk/client-api-gateway'
import { needs, programOf } from '../debian-packages.ts'
import { keyOf, serve, temporaryFolder } from './server.fixture.ts'

test('a killed server loses no change that was acknowledged', async () => {
  using folder = temporaryFolder()
  const acknowledged: string[] = []
  for (let round = 0; round < 5; round++) {
    await using server = await serve(folder.path)
    const client = new sdk.APIGatewayClient({
      endpoint: server.endpoint,
      region: 'us-east-1',
      credentials: keyOf(server),
      maxAttempts: 1,
    })
    const listed = await client.send(new sdk.GetRestApisCommand({ limit: 500 }))
    const there = new Set(listed.items?.map(({ id }) => id))
    for (const id of acknowledged) assert.ok(there.has(id), `${id} is lost after ${round} rounds`)
    // Several at a time, until one fails because the server is gone.
    const writer = async () => {
      for (;;) {
        const made = await client
          .send(new sdk.CreateRestApiCommand({ name: `round ${round}` }))
          .catch(() => undefined)
        if (made === undefined) return
        acknowledged.push(made.id!)
        if (acknowledged.length === (round + 1) * 30) server.process.kill('SIGKILL')
      }
    }
    await Promise.all([writer(), writer(), writer(), writer()])
    client.destroy()
  }
  assert.ok(acknowledged.length >= 150)
})

test('a stream of the decision log shows a request as it is decided', needs('curl'), async () => {
  using folder = temporaryFolder()
  await using server = await serve(folder.path)
  const log = spawn(programOf('curl'), [
    ...['--silent', '--no-buffer', '--unix-socket', join(server.data, 'operator.sock')],
    'http://localhost/_sekisho/log?follow=1',
  ])
  const lines = createInterface({ input: log.stdout })
  await once(lines, 'line')
  const next = once(lines, 'line') as Promise<[string]>
  await fetch(`${server.endpoint}/restapis`)
  const [line] = await next
  assert.equal(JSON.parse(line).outcome, 'MissingAuthenticationTokenException')
  log.kill()
})
