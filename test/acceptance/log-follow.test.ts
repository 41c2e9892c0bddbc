import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { needs, programOf } from '../debian-packages.ts'
import { serve, temporaryFolder } from './server.fixture.ts'

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
