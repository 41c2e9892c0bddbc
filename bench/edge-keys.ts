/** Distributions under many keys: their memory stays what it is told. */
import { execFile } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { CloudFront } from '@aws-sdk/client-cloudfront'
import { cachePolicies } from '../test/distribution.fixture.ts'
import { load, type Side } from './lib/load.ts'
import { freePort, loadCore, residentMb, serverCore, startServer } from './lib/processes.ts'
import { figure, type Section } from './lib/report.ts'
import type { KeysMeasured } from './million-keys.ts'
import { origin } from './peers/caches.ts'
import { distribute, launchOf, readCredentials, region } from './peers/sekisho.ts'

/** All query strings are in the key. */
const byQuery = '4cc15a8a-d715-48a4-82b8-cc0b614638fe'
/** Of the cache, in MiB. */
const cacheMebibytes = 64
/** Over HTTP: memory and files are full before half of them have come. */
const servedKeys = 400_000
/** In one process, without sockets: a little cache, and a larger one under a million keys. */
const little = { mebibytes: 8, keys: 100_000 } as const
const larger = { mebibytes: 136, keys: 1_000_000 } as const

export async function edgeKeys(): Promise<readonly Section[]> {
  return [await overHttp(), await inOneProcess()]
}

async function overHttp(): Promise<Section> {
  const [port, originPort] = await Promise.all([freePort(), freePort()])
  await using _ = await startServer({ ...origin(originPort), core: loadCore })
  const data = mkdtempSync(join(tmpdir(), 'sekisho-bench-keys-'))
  const launch = launchOf(port, data, ['--edge-cache-memory', String(cacheMebibytes)])
  await using started = await startServer(launch)
  const url = `http://127.0.0.1:${port}`
  const credentials = readCredentials(join(data, 'credentials'))
  const client = new CloudFront({ endpoint: url, region, credentials })
  const server = { ...started, url }
  const idle = residentMb(server.pid)
  const passing = await distribute(client, originPort, {
    CachePolicyId: cachePolicies.disabled,
  })
  await load({ name: 'passing', server, path: `${passing}/1`, countsFrom: 1 }, 10)
  const path = `${await distribute(client, originPort, { CachePolicyId: byQuery })}/1`
  return await underManyKeys({ name: 'keys', server, path }, idle)
}

/** Bodies of 1 KiB, each under a key that nobody has asked for before. */
async function underManyKeys(side: Side, idle: number): Promise<Section> {
  const before = residentMb(side.server.pid)
  let [asked, most, halfway, seconds, failures] = [0, before, 0, 0, 0]
  while (asked < servedKeys) {
    const round = await load({ ...side, countsFrom: 1 + asked }, 5)
    asked += round.requests
    seconds += round.seconds
    failures += round.failures
    most = Math.max(most, residentMb(side.server.pid))
    if (asked < servedKeys / 2) halfway = most
  }
  return {
    title: 'Edge: memory under many keys',
    intro: `A cache of ${cacheMebibytes} MiB in memory and 256 MiB on disk; ${figure(asked)} bodies of 1 KiB, each under a key of its own. All are misses: the origin is asked for each. The cache grows from what the server takes under the same load when it keeps nothing.`,
    head: ['', 'figure'],
    rows: [
      ['requests/s', figure(asked / seconds)],
      ['failed', String(failures)],
      ['memory at rest', `${figure(idle)} MB`],
      ['memory under load, nothing kept', `${figure(before)} MB`],
      ['most memory, up to half of the keys', `${figure(halfway)} MB`],
      ['most memory', `${figure(most)} MB`],
    ],
    goals: [
      {
        what: 'growth in the second half against the cache',
        measured: (most - halfway) / cacheMebibytes,
        must: 0.5,
        goal: 0.1,
        better: 'lower',
        unit: '×',
      },
      {
        what: 'growth against the cache',
        measured: (most - before) / cacheMebibytes,
        must: 3,
        goal: 2,
        better: 'lower',
        unit: '×',
      },
    ],
  }
}

async function inOneProcess(): Promise<Section> {
  const few = await measureKeys(little)
  const many = await measureKeys(larger)
  const row = ({ mebibytes, keys }: typeof little | typeof larger, measured: KeysMeasured) => [
    `${mebibytes} MiB, ${figure(keys)} keys`,
    figure(keys / measured.seconds),
    `${figure(measured.before)} MB`,
    `${figure(measured.halfway)} MB`,
    `${figure(measured.most)} MB`,
  ]
  return {
    title: 'Edge: a million keys in one process',
    intro:
      "The library alone, with an origin that answers at once. V8 takes its own share for garbage, whatever the cache's size; what is more in the larger cache is the cache.",
    head: ['cache', 'requests/s', 'memory before', 'most, first half of the keys', 'most'],
    rows: [row(little, few), row(larger, many)],
    goals: [
      {
        what: 'memory that a MiB more of cache takes',
        measured: (many.most - few.most) / (larger.mebibytes - little.mebibytes),
        must: 1.5,
        goal: 1.2,
        better: 'lower',
        unit: '×',
      },
      {
        what: 'growth in the second half against the cache',
        measured: (many.most - many.halfway) / larger.mebibytes,
        must: 0.5,
        goal: 0.1,
        better: 'lower',
        unit: '×',
      },
    ],
  }
}

/** In a process of its own: no other section's memory counts. */
async function measureKeys({ mebibytes, keys }: typeof little | typeof larger) {
  const program = join(import.meta.dirname, 'million-keys.ts')
  const { stdout } = await promisify(execFile)('taskset', [
    ...['-c', serverCore, process.execPath, '--conditions=source', program],
    ...[String(keys), String(mebibytes)],
  ])
  return JSON.parse(stdout) as KeysMeasured
}
