/** A distribution beside other caches: hits of two sizes, and misses. */
import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CloudFront } from '@aws-sdk/client-cloudfront'
import { cachePolicies } from '../test/distribution.fixture.ts'
import type { Side } from './lib/load.ts'
import { freePort, loadCore, type Started, startServer } from './lib/processes.ts'
import { figure, type Section } from './lib/report.ts'
import { type Measured, type RoundOptions, takeTurns } from './lib/rounds.ts'
import { nginxCache, origin, varnish } from './peers/caches.ts'
import { distribute, launchOf, readCredentials, region } from './peers/sekisho.ts'

export async function edge(options: RoundOptions): Promise<readonly Section[]> {
  const [port, originPort, nginxPort, varnishPort] = await Promise.all(
    Array.from({ length: 4 }, freePort),
  )
  await using upstream = await startServer({ ...origin(originPort!), core: loadCore })
  const data = mkdtempSync(join(tmpdir(), 'sekisho-bench-edge-'))
  await using started = await startServer(launchOf(port!, data))
  const server: Started = { ...started, url: `http://127.0.0.1:${port}` }
  const client = new CloudFront({
    endpoint: server.url,
    region,
    credentials: readCredentials(join(data, 'credentials')),
  })
  const cached = await distribute(client, originPort!)
  const passing = await distribute(client, originPort!, {
    CachePolicyId: cachePolicies.disabled,
  })
  await using nginx = await startServer(nginxCache(nginxPort!, upstream.url))
  const hasVarnish = existsSync('/usr/sbin/varnishd')
  const intro = `One core for each server; the origin shares the other with the generator.${hasVarnish ? '' : ' Varnish is not installed here: its rows are left out.'}`
  await using other = hasVarnish
    ? await startServer(varnish(varnishPort!, upstream.url))
    : undefined
  const sides = (path: string): readonly Side[] => [
    { name: 'sekisho', server, path: `${cached}${path}` },
    { name: 'nginx', server: nginx, path },
    ...(other ? [{ name: 'varnish', server: other, path }] : []),
  ]
  const small = await takeTurns(sides('/1'), options)
  const large = await takeTurns(sides('/100'), options)
  const misses = await takeTurns(
    [
      { name: 'sekisho', server, path: `${passing}/fresh` },
      { name: 'nginx', server: nginx, path: '/fresh' },
    ],
    options,
  )
  return [
    section('Edge: hits of 1 KiB', small, intro, 0.3, 0.7),
    section('Edge: hits of 100 KiB', large, intro, 0.3, 0.7),
    section('Edge: misses', misses, intro, 0.22, 0.39),
  ]
}

function section(
  title: string,
  measured: readonly Measured[],
  intro: string,
  must: number,
  goal: number,
): Section {
  return {
    title,
    intro,
    head: ['', 'requests/s', 'CPU µs/request', 'p50 ms', 'failed', 'to nginx'],
    rows: measured.map((each) => [
      each.name,
      figure(each.requestsPerSecond),
      figure(each.cpuMicrosPerRequest),
      figure(each.p50Ms),
      String(each.failures),
      figure(each.ratioTo('nginx')),
    ]),
    goals: [
      {
        what: 'sekisho against nginx',
        measured: measured[0]!.ratioTo('nginx'),
        must,
        goal,
        better: 'higher',
        unit: '×',
      },
    ],
  }
}
