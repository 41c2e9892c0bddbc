import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { CloudWatchLogs } from '@aws-sdk/client-cloudwatch-logs'
import { needs, programOf } from '../debian-packages.ts'
import { serve, settingsOf, temporaryFolder, variablesOf } from './server.fixture.ts'

test('`aws logs tail --follow` shows what comes after it began', needs('awscli'), async () => {
  using folder = temporaryFolder()
  await using server = await serve(folder.path)
  const logs = new CloudWatchLogs(settingsOf(server))
  const stream = { logGroupName: 'group', logStreamName: 'stream' }
  await logs.createLogGroup(stream)
  await logs.createLogStream(stream)
  const put = (...messages: readonly string[]) =>
    logs.putLogEvents({
      ...stream,
      logEvents: messages.map((message) => ({ timestamp: Date.now(), message })),
    })
  await put('before', 'not wanted')
  const tail = spawn(
    programOf('awscli'),
    [
      ...['logs', 'tail', 'group', '--follow', '--format', 'short', '--filter-pattern=-wanted'],
      ...['--endpoint-url', server.endpoint, '--no-cli-pager'],
    ],
    { env: { ...process.env, ...variablesOf(server) }, stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const lines = createInterface({ input: tail.stdout })
  const next = async () => ((await once(lines, 'line')) as [string])[0].replace(/^\S+ /, '')
  assert.equal(await next(), 'before')
  await put('after', 'not wanted either')
  assert.equal(await next(), 'after')
  tail.kill()
})
