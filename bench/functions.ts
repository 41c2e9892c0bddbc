/** Functions behind the gateway, warm and cold, beside serverless-offline and beside a bare child process. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Side } from './lib/load.ts'
import { freePort, type Launch, startServer } from './lib/processes.ts'
import { figure, type Goal, type Section } from './lib/report.ts'
import { type Measured, median, type RoundOptions, takeTurns } from './lib/rounds.ts'
import { type Deployed, deploy } from './peers/functions.ts'
import { launchOf } from './peers/sekisho.ts'
import { serverlessOffline } from './peers/serverless-offline.ts'

/** What a function is called in the tables. */
const titles: Readonly<Record<string, string>> = {
  node: 'sekisho, Node',
  python: 'sekisho, Python',
  go: 'sekisho, Go (Runtime API)',
}
const floorName = 'a bare child process (Node)'

export async function measureFunctions(options: RoundOptions): Promise<readonly Section[]> {
  const port = await freePort()
  const data = mkdtempSync(join(tmpdir(), 'sekisho-bench-data-'))
  await using server = await startServer(launchOf(port, data))
  const endpoint = `http://127.0.0.1:${port}`
  const deployed = await deploy(endpoint, data)
  const own: readonly Side[] = Object.entries(deployed.paths).map(([name, path]) => ({
    name: titles[name]!,
    server: { ...server, url: endpoint },
    path,
  }))
  await using floor = await startServer(floorLaunch(await freePort()))
  const sides: readonly Side[] = [...own, { name: floorName, server: floor }]
  const many = await takeTurns(sides, options)
  const alone = await takeTurns(
    sides.map((side) => ({ ...side, connections: 1 })),
    options,
  )
  const peers: Peer[] = []
  for (const args of [[], ['--useInProcess']]) peers.push(await beside(own[0]!, args, options))
  return [warm(many, alone, peers), await cold(deployed, options)]
}

function floorLaunch(port: number): Launch {
  return {
    command: process.execPath,
    args: [join(import.meta.dirname, 'peers/child-floor.mjs'), String(port)],
    url: `http://127.0.0.1:${port}/`,
  }
}

interface Peer {
  readonly many: Measured
  readonly alone: Measured
  /** How many times as many calls ours answers, taken beside it. */
  readonly ratio: number
}

async function beside(own: Side, args: readonly string[], options: RoundOptions): Promise<Peer> {
  await using server = await startServer(await serverlessOffline('http://127.0.0.1:9/', args))
  const name = `serverless-offline ${args.join(' ') || '(its default)'}`
  const side: Side = { name, server, path: '/function' }
  const [ours, many] = await takeTurns([own, side], options)
  const [alone] = await takeTurns([{ ...side, connections: 1 }], options)
  // Its connections have to be gone before the next.
  await sleep(500)
  return { many: many!, alone: alone!, ratio: ours!.ratioTo(name) }
}

function warm(
  many: readonly Measured[],
  alone: readonly Measured[],
  peers: readonly Peer[],
): Section {
  const [node] = many
  const [byDefault, inProcess] = peers
  const go = many.find(({ name }) => name === titles['go'])
  return {
    title: 'Warm functions behind the gateway (AWS_PROXY)',
    intro:
      'Every call is routed, decided, asked of the function’s own policy, run apart from everything else, logged and recorded; the bare child process is handed a smaller event and decides nothing. CPU is that of the server with its functions.',
    head: [
      'server',
      'requests/s',
      '× child',
      'CPU µs/request',
      'p50 ms',
      'requests/s, 1 connection',
      'p50 ms, 1 connection',
      'failed',
    ],
    rows: [
      ...many.map((side, at) => row(side, alone[at]!, side.ratioTo(floorName))),
      ...peers.map((peer) => row(peer.many, peer.alone, node!.ratioTo(floorName) / peer.ratio)),
    ],
    goals: [
      { what: 'calls of a Node function', measured: node!.requestsPerSecond, ...faster(20_000) },
      // A sketch of the same road made 26,000 calls a second where 20,000 were asked for.
      ratio('a Node function against the bare child', node!.ratioTo(floorName), 20 / 26),
      ...(go
        ? [
            {
              what: 'calls of a function of the Runtime API',
              measured: go.requestsPerSecond,
              goal: 6_000,
              ...faster(3_000),
            },
            // … and 3,700 over the Runtime API, where 3,000 were.
            ratio('a function of the Runtime API against it', go.ratioTo(floorName), 3 / 26),
          ]
        : []),
      {
        what: 'p50 at one connection, Node',
        measured: alone[0]!.p50Ms,
        must: 0.2,
        better: 'lower',
        unit: 'ms',
      },
      ratio('against serverless-offline', byDefault!.ratio, 15),
      ratio('against serverless-offline in process', inProcess!.ratio, 4),
    ],
  }
}

function row(many: Measured, alone: Measured, ratioToFloor: number): readonly string[] {
  return [
    many.name,
    figure(many.requestsPerSecond),
    figure(ratioToFloor),
    figure(many.cpuMicrosPerRequest),
    figure(many.p50Ms),
    figure(alone.requestsPerSecond),
    figure(alone.p50Ms),
    String(many.failures + alone.failures),
  ]
}

/** What a language needs to begin and end without doing anything. */
const beginnings: Readonly<Record<string, readonly [command: string, ...args: string[]]>> = {
  node: [process.execPath, '-e', '0'],
  // A version manager's stand-in takes longer than what it stands for.
  python: [
    execFileSync('python3', ['-c', 'import sys; print(sys.executable)']).toString().trim(),
    '-c',
    '0',
  ],
}

/** Until an interpreter waits for the next function. */
const untilSpareMs = 1_000

/** The first call of an environment: a changed configuration has none that is warm. */
async function cold({ lambda, paths }: Deployed, { rounds }: RoundOptions): Promise<Section> {
  const rows: (readonly string[])[] = []
  for (const name of Object.keys(paths)) {
    const [first, bare, next, alone]: [number[], number[], number[], number[]] = [[], [], [], []]
    let changes = 0
    const call = () => timed(() => lambda.invoke({ FunctionName: name, Payload: '{}' }))
    const change = () => {
      const Environment = { Variables: { ROUND: String(changes++) } }
      return lambda.updateFunctionConfiguration({ FunctionName: name, Environment })
    }
    for (let round = 0; round < rounds; round++) {
      await sleep(untilSpareMs)
      await change()
      first.push(await call())
      // At once: nobody waits again yet.
      await change()
      bare.push(await call())
      next.push(await call())
      const [command, ...args] = beginnings[name] ?? []
      if (command !== undefined)
        alone.push(await timed(async () => execFileSync(command, args, { stdio: 'ignore' })))
    }
    const own = alone.length === 0 ? '' : figure(median(alone))
    rows.push([titles[name]!, ...[first, bare, next].map((each) => figure(median(each))), own])
  }
  return {
    title: 'Cold functions',
    intro:
      'From Invoke to its answer where an environment has to be made first: with an interpreter that waits in its sandbox for the next function, and where none does (sandbox, runtime, handler, call); the call after it, and what the language alone takes to begin and end.',
    head: ['function', 'first call ms', 'where none waits ms', 'next call ms', 'language alone ms'],
    rows,
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now()
  await work()
  return performance.now() - begun
}

function ratio(what: string, measured: number, must: number): Goal {
  return { what, measured, must, better: 'higher', unit: '×' }
}

function faster(must: number): Pick<Goal, 'must' | 'better' | 'unit'> {
  return { must, better: 'higher', unit: '/s' }
}
