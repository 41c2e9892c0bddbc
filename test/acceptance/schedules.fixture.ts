/** A server whose clock is told the time, and a log group that sees what fires: importing this starts it. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { after, before } from 'node:test'
import * as logs from '@aws-sdk/client-cloudwatch-logs'
import * as eventbridge from '@aws-sdk/client-eventbridge'
import * as iam from '@aws-sdk/client-iam'
import * as lambda from '@aws-sdk/client-lambda'
import * as scheduler from '@aws-sdk/client-scheduler'
import { programOf } from '../debian-packages.ts'
import { allowing, makeRole } from './roles.fixture.ts'
import {
  type Serving,
  sekisho,
  serve,
  settingsOf,
  temporaryFolder,
  variablesOf,
} from './server.fixture.ts'

export const place = 'us-east-1:000000000000'
export const groupArn = `arn:aws:logs:${place}:log-group:seen`
export const functionArn = `arn:aws:lambda:${place}:function:seen`

const folder = temporaryFolder()
export let server: Serving
export let clients: ReturnType<typeof clientsOf>
let variables: Readonly<Record<string, string>>

function clientsOf(of: Serving) {
  const settings = settingsOf(of)
  return {
    logs: new logs.CloudWatchLogs(settings),
    events: new eventbridge.EventBridge(settings),
    scheduler: new scheduler.Scheduler(settings),
    lambda: new lambda.Lambda(settings),
    iam: new iam.IAM(settings),
  }
}

/** Also again, on the same folder. */
export async function begin(): Promise<void> {
  server = await serve(folder.path, '--test-clock')
  variables = variablesOf(server)
  clients = clientsOf(server)
}

export const clock = (...words: readonly string[]) => {
  const { status, stderr } = sekisho(['clock', ...words, '--data', server.data])
  assert.equal(status, 0, stderr)
}

/** The role `scheduled` and the group `seen`, to which it may write. */
export async function prepared(of: Serving): Promise<ReturnType<typeof clientsOf>> {
  const made = clientsOf(of)
  const services = ['events.amazonaws.com', 'scheduler.amazonaws.com', 'lambda.amazonaws.com']
  const actions = ['logs:*', 'events:PutEvents', 'iam:TagRole']
  await makeRole(made.iam, 'scheduled', services, allowing(actions))
  await made.logs.createLogGroup({ logGroupName: 'seen' })
  return made
}

before(async () => {
  await begin()
  clock('set', '2030-01-01T12:00:00Z')
  await prepared(server)
})
after(async () => {
  await server.stop()
  folder[Symbol.dispose]()
})

/** What a stream of the group `seen` has, once it has so much. */
export async function seen(
  stream: string,
  count: number,
  logGroupName = 'seen',
  watcher = clients.logs,
): Promise<readonly string[]> {
  const deadline = Date.now() + 30_000
  for (;;) {
    const { events = [] } = await watcher
      .filterLogEvents({ logGroupName, logStreamNames: stream === '' ? undefined : [stream] })
      .catch(() => ({ events: [] }))
    if (events.length >= count || Date.now() > deadline)
      return events.map(({ message = '' }) => message)
    await new Promise((done) => setTimeout(done, 40))
  }
}

/** Long enough for what should not come. */
export const quiet = () => new Promise((done) => setTimeout(done, 300))

export async function run(program: string, args: readonly string[], given = variables) {
  const child = spawn(program, args, { env: { PATH: '/usr/bin:/bin', ...given } })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk) => (stdout += chunk))
  child.stderr.on('data', (chunk) => (stderr += chunk))
  const [status] = await once(child, 'close')
  return { status, stdout, stderr: stderr.trim() }
}

export const aws = (...args: readonly string[]) =>
  run(programOf('awscli'), [...args, '--endpoint-url', server.endpoint])
