/** What ten thousand schedules cost while none of them runs, and how long they take when all of them do. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { IAM } from '@aws-sdk/client-iam'
import { Scheduler } from '@aws-sdk/client-scheduler'
import { cpuMicros, freePort, residentMb, startServer } from './lib/processes.ts'
import { figure, type Section } from './lib/report.ts'
import type { RoundOptions } from './lib/rounds.ts'
import { launchOf, readCredentials, region } from './peers/sekisho.ts'

const count = 10_000
const writers = 32
const bus = `arn:aws:events:${region}:000000000000:event-bus/default`
const role = 'arn:aws:iam::000000000000:role/scheduled'

export async function schedules({ rounds, seconds }: RoundOptions): Promise<readonly Section[]> {
  const data = mkdtempSync(join(tmpdir(), 'sekisho-bench-schedules-'))
  const port = await freePort()
  const launch = launchOf(port, data, ['--test-clock'])
  await using server = await startServer(launch)
  const settings = {
    endpoint: `http://127.0.0.1:${port}`,
    region,
    credentials: readCredentials(join(data, 'credentials')),
  }
  const client = new Scheduler(settings)
  await makeRole(new IAM(settings))
  clock(launch, data, '2030-01-01')
  const atRest = async () => {
    const whole = rounds * seconds
    const before = cpuMicros(server.pid)
    await sleep(whole * 1_000)
    const cpu = (cpuMicros(server.pid) - before) / whole
    return { cpu, memory: residentMb(server.pid) }
  }
  await sleep(2_000)
  const none = await atRest()
  const made = await timed(() => makeAll(client))
  await sleep(2_000)
  const many = await atRest()
  const done = await timed(async () => {
    clock(launch, data, '2030-06-01')
    while ((await client.listSchedules({ MaxResults: 1 })).Schedules?.length) await sleep(50)
  })
  const extra = many.cpu - none.cpu
  return [
    {
      title: `${count.toLocaleString('en-US')} schedules`,
      intro:
        'At rest, nothing runs; then the test clock passes the one moment at which all of them do: each puts an event on a bus as its role, and is deleted.',
      head: ['', 'without', 'with them'],
      rows: [
        ['CPU µs a second at rest', figure(none.cpu), figure(many.cpu)],
        ['memory MB', figure(none.memory), figure(many.memory)],
        ['made over HTTP, each a second', '', figure(count / made)],
        ['run, each a second', '', figure(count / done)],
      ],
      goals: [
        {
          what: 'CPU that they cost at rest',
          measured: Math.max(0, extra),
          must: 5_000,
          better: 'lower',
          unit: 'µs a second',
        },
      ],
    },
  ]
}

async function makeRole(iam: IAM): Promise<void> {
  const allow = (what: object) =>
    JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', ...what }] })
  const trusted = { Principal: { Service: 'scheduler.amazonaws.com' }, Action: 'sts:AssumeRole' }
  await iam.createRole({ RoleName: 'scheduled', AssumeRolePolicyDocument: allow(trusted) })
  await iam.putRolePolicy({
    RoleName: 'scheduled',
    PolicyName: 'bus',
    PolicyDocument: allow({ Action: 'events:PutEvents', Resource: bus }),
  })
}

async function makeAll(client: Scheduler): Promise<void> {
  let next = 0
  const writer = async () => {
    while (next < count)
      await client.createSchedule({
        Name: `s-${next++}`,
        ScheduleExpression: 'at(2030-05-01T00:00:00)',
        ActionAfterCompletion: 'DELETE',
        FlexibleTimeWindow: { Mode: 'OFF' },
        Target: {
          Arn: bus,
          RoleArn: role,
          Input: '{}',
          EventBridgeParameters: { Source: 'bench', DetailType: 'run' },
        },
      })
  }
  await Promise.all(Array.from({ length: writers }, writer))
}

function clock(
  { command, args }: { readonly command: string; readonly args: readonly string[] },
  data: string,
  time: string,
): void {
  execFileSync(command, [args[0]!, 'clock', 'set', time, '--data', data], { stdio: 'ignore' })
}

/** Seconds. */
async function timed(work: () => Promise<void>): Promise<number> {
  const begun = performance.now()
  await work()
  return (performance.now() - begun) / 1_000
}
