/** From exec to the first served answer, and memory at rest. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort, type Launch, residentMb, startServer } from './lib/processes.ts'
import { figure, type Section } from './lib/report.ts'
import { median, type RoundOptions } from './lib/rounds.ts'
import { launchOf } from './peers/sekisho.ts'

export async function startup({ rounds }: RoundOptions): Promise<readonly Section[]> {
  const ports = { sekisho: await freePort(), node: await freePort() }
  const data = mkdtempSync(join(tmpdir(), 'sekisho-bench-start-'))
  const sides: readonly (readonly [string, Launch])[] = [
    ['sekisho', launchOf(ports.sekisho, data)],
    [
      'node:http',
      {
        command: process.execPath,
        args: [join(import.meta.dirname, 'peers/node-http.mjs'), String(ports.node)],
        url: `http://127.0.0.1:${ports.node}/`,
      },
    ],
  ]
  // The first start makes the data directory and fills the compile cache: it is not the one that is measured.
  await once(sides[0]![1])
  const results = sides.map(([name]) => ({ name, starts: [] as number[], memory: [] as number[] }))
  for (let round = 0; round < rounds; round++)
    for (const [at, [, launch]] of sides.entries()) {
      const { startMs, memoryMb } = await once(launch)
      results[at]!.starts.push(startMs)
      results[at]!.memory.push(memoryMb)
    }
  const [start, memory] = [median(results[0]!.starts), median(results[0]!.memory)]
  return [
    {
      title: 'Start-up and memory at rest',
      intro:
        'From exec of `sekisho start` to the first answered request (existing data directory, warm compile cache, without npm).',
      head: ['server', 'start ms', 'memory MB'],
      rows: results.map((side) => [
        side.name,
        figure(median(side.starts)),
        figure(median(side.memory)),
      ]),
      goals: [
        {
          what: 'start to first answer',
          measured: start,
          must: 250,
          goal: 100,
          better: 'lower',
          unit: 'ms',
        },
        {
          what: 'memory at rest',
          measured: memory,
          must: 137,
          goal: 90,
          better: 'lower',
          unit: 'MB',
        },
      ],
    },
  ]
}

async function once(launch: Launch): Promise<{ startMs: number; memoryMb: number }> {
  await using server = await startServer(launch)
  await sleep(1_000)
  return { startMs: server.startMs, memoryMb: residentMb(server.pid) }
}
