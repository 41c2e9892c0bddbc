/** A distribution under a million keys: its memory stays what it is told. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CloudFront } from '@aws-sdk/client-cloudfront'
import { distribute } from './edge.ts'
import { load, type Side } from './lib/load.ts'
import { freePort, loadCore, residentMb, startServer } from './lib/processes.ts'
import { figure, type Section } from './lib/report.ts'
import { origin } from './peers/caches.ts'
import { launchOf, readCredentials, region } from './peers/sekisho.ts'

/** All query strings are in the key. */
const byQuery = '4cc15a8a-d715-48a4-82b8-cc0b614638fe'
/** Of the cache, in MiB. */
const cacheMebibytes = 64
const manyKeys = 1_000_000

export async function edgeKeys(): Promise<readonly Section[]> {
  const [port, originPort] = await Promise.all([freePort(), freePort()])
  await using _ = await startServer({ ...origin(originPort), core: loadCore })
  const data = mkdtempSync(join(tmpdir(), 'sekisho-bench-keys-'))
  const launch = launchOf(port, data, ['--edge-cache-memory', String(cacheMebibytes)])
  await using started = await startServer(launch)
  const url = `http://127.0.0.1:${port}`
  const credentials = readCredentials(join(data, 'credentials'))
  const client = new CloudFront({ endpoint: url, region, credentials })
  const path = `${await distribute(client, originPort, byQuery)}/1`
  return [await underManyKeys({ name: 'keys', server: { ...started, url }, path })]
}

/** Bodies of 1 KiB, each under a key that nobody has asked for before. */
async function underManyKeys(side: Side): Promise<Section> {
  const before = residentMb(side.server.pid)
  let [asked, most, halfway, seconds, failures] = [0, before, 0, 0, 0]
  while (asked < manyKeys) {
    const round = await load({ ...side, countsFrom: 1 + asked }, 5)
    asked += round.requests
    seconds += round.seconds
    failures += round.failures
    most = Math.max(most, residentMb(side.server.pid))
    if (asked < manyKeys / 2) halfway = most
  }
  return {
    title: 'Edge: memory under a million keys',
    intro: `A cache of ${cacheMebibytes} MiB in memory and 256 MiB on disk; ${figure(asked)} bodies of 1 KiB, each under a key of its own. All are misses: the origin is asked for each.`,
    head: ['', 'figure'],
    rows: [
      ['requests/s', figure(asked / seconds)],
      ['failed', String(failures)],
      ['memory before', `${figure(before)} MB`],
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
