/** What a second process brings where there are two cores, and the generator has to have its share of them too. */
import type { Side } from './lib/load.ts'
import { freePort } from './lib/processes.ts'
import { figure, type Section } from './lib/report.ts'
import { type RoundOptions, takeTurns } from './lib/rounds.ts'
import { type Sekisho, startSekisho } from './peers/sekisho.ts'

const cidrs = ['127.0.0.1/32']
const bothCores = '0,1'

export async function workers(options: RoundOptions): Promise<readonly Section[]> {
  await using one = await start('1')
  await using two = await start('2')
  const sides: readonly Side[] = [
    { name: 'one process', server: one, path: one.paths.mock },
    { name: 'two processes', server: two, path: two.paths.mock },
  ]
  const measured = await takeTurns(sides, options)
  return [
    {
      title: 'Two processes on two cores',
      intro: 'The first example’s API; servers and generator have both cores together.',
      head: ['', 'requests/s', '× one process', 'CPU µs/request', 'p50 ms', 'failed'],
      rows: measured.map((side) => [
        side.name,
        figure(side.requestsPerSecond),
        figure(side.ratioTo('one process')),
        figure(side.cpuMicrosPerRequest),
        figure(side.p50Ms),
        String(side.failures),
      ]),
      goals: [
        {
          what: 'two processes against one',
          measured: measured[1]!.ratioTo('one process'),
          must: 1.3,
          better: 'higher',
          unit: '×',
        },
      ],
    },
  ]
}

async function start(count: string): Promise<Sekisho> {
  const port = await freePort()
  const nowhere = 'http://127.0.0.1:9/'
  return startSekisho(port, cidrs, nowhere, { options: ['--workers', count], core: bothCores })
}
