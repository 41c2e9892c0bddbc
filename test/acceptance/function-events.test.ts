import assert from 'node:assert/strict'
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import * as logs from '@aws-sdk/client-cloudwatch-logs'
import * as iam from '@aws-sdk/client-iam'
import * as lambda from '@aws-sdk/client-lambda'
import { isolated } from '../debian-packages.ts'
import { allowing, makeRole, nodeFunction } from './roles.fixture.ts'
import { type Serving, sekisho, serve, settingsOf, temporaryFolder } from './server.fixture.ts'

const folder = temporaryFolder()
let server: Serving
let client: lambda.Lambda
let watcher: logs.CloudWatchLogs
// A killed server may leave nothing there.
process.env['TMPDIR'] = join(folder.path, 'temporary')
mkdirSync(process.env['TMPDIR'])

async function begin(): Promise<iam.IAM> {
  server = await serve(join(folder.path, 'data'), '--test-clock')
  const settings = settingsOf(server)
  client = new lambda.Lambda(settings)
  watcher = new logs.CloudWatchLogs(settings)
  return new iam.IAM(settings)
}

before(async () => {
  const access = await begin()
  await makeRole(
    access,
    'functions',
    ['lambda.amazonaws.com'],
    allowing(['logs:*', 'lambda:InvokeFunction']),
  )
})
after(async () => {
  await server.stop()
  folder[Symbol.dispose]()
})

async function create(name: string, code: string, more = {}): Promise<void> {
  await client.createFunction({ ...nodeFunction(name, code), ...more })
}

const send = (name: string, event: unknown) =>
  client.invoke({
    FunctionName: name,
    InvocationType: 'Event',
    Payload: JSON.stringify(event),
  })

/** Lines of a function's log that begin with `SAID `, once there are so many. */
async function said(name: string, count: number, withinMs = 30_000): Promise<readonly string[]> {
  const deadline = Date.now() + withinMs
  for (;;) {
    const { events = [] } = await watcher
      .filterLogEvents({ logGroupName: `/aws/lambda/${name}` })
      .catch(() => ({ events: [] }))
    const lines = events.flatMap(({ message = '' }) => /SAID (.*)/.exec(message)?.[1] ?? [])
    if (lines.length >= count || Date.now() > deadline) return lines
    await new Promise((done) => setTimeout(done, 50))
  }
}

/** Where the clock was moved before the last failure was written down, the next attempt is due only after that: once more. */
async function saidAfter(name: string, count: number, step: string): Promise<void> {
  for (let moves = 0; moves < 5; moves++) {
    await new Promise((done) => setTimeout(done, 300))
    assert.equal(move(step).status, 0)
    const lines = await said(name, count, 8_000)
    assert.ok(lines.length <= count, lines.join())
    if (lines.length === count) return
  }
  assert.fail(`${name} was not asked ${count} times`)
}

const move = (how: string) => sekisho(['clock', 'advance', how, '--data', server.data])

const listener = `exports.handler = async (event) => { console.log('SAID ' + JSON.stringify(event)) }`
const failing = `exports.handler = async ({ at }) => { console.log('SAID ' + at); throw new Error('no') }`

test('an event is run, and its function logs it', isolated, async () => {
  await create('listener', listener)
  const { StatusCode } = await send('listener', { hello: 1 })
  assert.equal(StatusCode, 202)
  assert.deepEqual(await said('listener', 1), ['{"hello":1}'])
  const { logStreams } = await watcher.describeLogStreams({
    logGroupName: '/aws/lambda/listener',
  })
  assert.match(
    logStreams?.[0]?.logStreamName ?? '',
    /^\d{4}\/\d\d\/\d\d\/\[\$LATEST\][0-9a-f]{32}$/,
  )
})

test('a JSON log has objects of the level that was asked for', isolated, async () => {
  await create(
    'json',
    `exports.handler = async () => { console.debug('quiet'); console.warn('loud', 1); throw new TypeError('bad') }`,
    { LoggingConfig: { LogFormat: 'JSON', ApplicationLogLevel: 'WARN', LogGroup: '/own/group' } },
  )
  await client.invoke({ FunctionName: 'json' })
  const logGroupName = '/own/group'
  let messages: readonly string[] = []
  while (!messages.some((each) => each.includes('platform.report'))) {
    const { events = [] } = await watcher
      .filterLogEvents({ logGroupName })
      .catch(() => ({ events: [] }))
    messages = events.map(({ message = '' }) => message)
  }
  const lines = messages.map((each) => JSON.parse(each))
  assert.deepEqual(
    lines.map(({ type, level }) => type ?? level),
    ['platform.initStart', 'platform.start', 'WARN', 'ERROR', 'platform.report'],
  )
  assert.equal(lines[2].message, 'loud 1')
  assert.equal(lines[3].message.errorType, 'TypeError')
  assert.ok(lines[4].record.metrics.maxMemoryUsedMB > 0)
})

test('a destination that the role may not reach is refused at once', isolated, async () => {
  await create('mute', failing)
  const telling = (Destination: string) =>
    client.putFunctionEventInvokeConfig({
      FunctionName: 'mute',
      DestinationConfig: { OnFailure: { Destination } },
    })
  const bus = 'arn:aws:events:us-east-1:000000000000:event-bus/default'
  await assert.rejects(telling(bus), {
    name: 'InvalidParameterValueException',
    message: `The function's execution role does not have permissions to call PutEvents on ${bus}`,
  })
  await assert.rejects(telling('arn:aws:s3:::nobodys'), {
    name: 'InvalidParameterValueException',
    message: 'The provided destination config DestinationArn is invalid: arn:aws:s3:::nobodys',
  })
  await assert.rejects(client.getFunctionEventInvokeConfig({ FunctionName: 'mute' }), {
    name: 'ResourceNotFoundException',
  })
})

test('what fails is tried again after one minute and after two, then told', isolated, async () => {
  await create('failing', failing)
  const arn = 'arn:aws:lambda:us-east-1:000000000000:function:listener'
  await client.putFunctionEventInvokeConfig({
    FunctionName: 'failing',
    DestinationConfig: { OnFailure: { Destination: arn } },
  })
  await send('failing', { at: 'x' })
  assert.equal((await said('failing', 1)).length, 1)
  assert.equal(move('40s').status, 0)
  await new Promise((done) => setTimeout(done, 300))
  assert.equal((await said('failing', 1)).length, 1)
  await saidAfter('failing', 2, '21s')
  // The next one is due two minutes after the last.
  await saidAfter('failing', 3, '121s')
  const record = JSON.parse((await said('listener', 2))[1]!)
  assert.deepEqual(record.requestContext.condition, 'RetriesExhausted')
  assert.equal(record.requestContext.approximateInvokeCount, 3)
  assert.deepEqual(record.requestPayload, { at: 'x' })
  assert.equal(record.responsePayload.errorMessage, 'no')
})

test('what was accepted is run, even if the server is killed in between', isolated, async () => {
  await create(
    'slow',
    `exports.handler = async ({ at }) => { await new Promise((done) => setTimeout(done, 200)); console.log('SAID ' + at) }`,
  )
  await Promise.all(Array.from({ length: 20 }, (_, at) => send('slow', { at })))
  await server.stop('SIGKILL')
  assert.deepEqual(readdirSync(process.env['TMPDIR']!), [])
  await begin()
  const deadline = Date.now() + 20_000
  let seen = new Set<string>()
  while (seen.size < 20 && Date.now() < deadline) seen = new Set(await said('slow', 20))
  assert.equal(seen.size, 20)
})
