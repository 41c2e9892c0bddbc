/** A distribution beside other caches: hits of two sizes, and misses. */
import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CloudFront } from '@aws-sdk/client-cloudfront'
import type { Side } from './lib/load.ts'
import { freePort, loadCore, type Started, startServer } from './lib/processes.ts'
import { figure, type Section } from './lib/report.ts'
import { type Measured, type RoundOptions, takeTurns } from './lib/rounds.ts'
import { nginxCache, origin, varnish } from './peers/caches.ts'
import { launchOf, readCredentials, region } from './peers/sekisho.ts'

export const policies = {
  optimized: '658327ea-f89d-4fab-a63d-7e88639e58f6',
  disabled: '4135ea2d-6df8-44a3-9df3-4b5a84be39ad',
} as const

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
  const cached = await distribute(client, originPort!, policies.optimized)
  const passing = await distribute(client, originPort!, policies.disabled)
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

/** @returns the path under which it is served */
export async function distribute(
  client: CloudFront,
  port: number,
  CachePolicyId: string,
): Promise<string> {
  const { Distribution } = await client.createDistribution({
    DistributionConfig: {
      CallerReference: CachePolicyId,
      Comment: '',
      Enabled: true,
      Origins: {
        Quantity: 1,
        Items: [
          {
            Id: 'origin',
            DomainName: 'localhost',
            CustomOriginConfig: {
              HTTPPort: port,
              HTTPSPort: 443,
              OriginProtocolPolicy: 'http-only',
            },
          },
        ],
      },
      DefaultCacheBehavior: {
        TargetOriginId: 'origin',
        ViewerProtocolPolicy: 'allow-all',
        CachePolicyId,
      },
    },
  })
  return `/_aws/cloudfront/${Distribution?.Id}`
}
