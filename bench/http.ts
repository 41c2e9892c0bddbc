/** The data plane beside its peers: the first example's API, a signed call, a proxied call. */
import { join } from 'node:path'
import { signRequest } from '@sekisho/sigv4'
import type { Side } from './lib/load.ts'
import { freePort, loadCore, startServer } from './lib/processes.ts'
import { figure, type Goal, type Section } from './lib/report.ts'
import { type Measured, type RoundOptions, takeTurns } from './lib/rounds.ts'
import { nginx } from './peers/nginx.ts'
import { region, type Sekisho, startSekisho } from './peers/sekisho.ts'
import { serverlessOffline } from './peers/serverless-offline.ts'

/** A list as long as an office's: 40 blocks and the generator's own address. */
const cidrs = [...Array.from({ length: 40 }, (_, at) => `198.51.${at}.0/24`), '127.0.0.1/32']

export async function http(options: RoundOptions): Promise<readonly Section[]> {
  const ports = {
    sekisho: await freePort(),
    nginx: await freePort(),
    node: await freePort(),
    upstream: await freePort(),
  }
  const upstreamUrl = `http://127.0.0.1:${ports.upstream}/`
  await using upstream = await startServer({
    ...nginx(ports.upstream, ['127.0.0.1/32'], upstreamUrl),
    core: loadCore,
  })
  await using sekisho = await startSekisho(ports.sekisho, cidrs, upstream.url)
  await using peer = await startServer(nginx(ports.nginx, cidrs, upstream.url))
  await using node = await startServer({
    command: process.execPath,
    args: [join(import.meta.dirname, 'peers/node-http.mjs'), String(ports.node)],
    url: `http://127.0.0.1:${ports.node}/`,
  })
  const sekishoMock: Side = { name: 'sekisho', server: sekisho, path: sekisho.paths.mock }
  const sekishoProxy: Side = { name: 'sekisho', server: sekisho, path: sekisho.paths.proxy }
  const mock = await takeTurns(
    [sekishoMock, { name: 'nginx', server: peer }, { name: 'node:http', server: node }],
    options,
  )
  const signed = await takeTurns([signedSide(sekisho), { name: 'nginx', server: peer }], options)
  const proxied = await takeTurns(
    [sekishoProxy, { name: 'nginx', server: peer, path: '/proxy' }],
    options,
  )
  const body = '{"hello":"world"}'
  const posted = await takeTurns(
    [
      { ...sekishoProxy, name: 'sekisho, POST', body },
      { name: 'nginx, POST', server: peer, path: '/proxy', body },
    ],
    options,
  )
  // By itself and last: it opens a connection for every call to its upstream, and soon nobody gets a port.
  await using offline = await startServer(await serverlessOffline(upstream.url))
  const mockOffline = await takeTurns(
    [sekishoMock, { name: 'serverless-offline', server: offline }],
    options,
  )
  const proxiedOffline = await takeTurns(
    [sekishoProxy, { name: 'serverless-offline', server: offline, path: '/proxy' }],
    options,
  )
  return [
    mockSection(mock, mockOffline),
    signedSection(signed),
    proxySection(proxied, posted, proxiedOffline),
  ]
}

function signedSide(sekisho: Sekisho): Side {
  const host = new URL(sekisho.url).host
  const added = signRequest(
    { method: 'GET', rawPath: sekisho.paths.signed, rawQuery: '', headers: ['Host', host] },
    sekisho.credentials,
    { region, service: 'execute-api', now: new Date() },
  )
  return {
    name: 'sekisho, signed',
    server: sekisho,
    path: sekisho.paths.signed,
    headers: Object.fromEntries(pairs(added)),
  }
}

function* pairs(flat: readonly string[]): Generator<[string, string]> {
  for (let at = 0; at + 1 < flat.length; at += 2) yield [flat[at]!, flat[at + 1]!]
}

function mockSection(sides: readonly Measured[], offline: readonly Measured[]): Section {
  const ours = sides[0]!
  return {
    title: 'The first example: address policy and MOCK integration',
    intro: `Resource policy with ${cidrs.length} CIDR blocks; nginx with the same list and body; \`node:http\` decides nothing.`,
    ...table(sides, 'nginx', offline),
    goals: [
      ratio('against nginx', ours.ratioTo('nginx'), 0.3, 0.7),
      ratio('against bare node:http', ours.ratioTo('node:http'), 0.75),
      ratio('against serverless-offline', offline[0]!.ratioTo('serverless-offline'), 8),
    ],
  }
}

function signedSection(sides: readonly Measured[]): Section {
  return {
    title: 'The same, signed with SigV4 (AWS_IAM)',
    intro:
      'Every request is verified: canonical request, derived key, signature, policies. No peer checks signatures.',
    ...table(sides, 'nginx'),
    goals: [ratio('against nginx (unsigned)', sides[0]!.ratioTo('nginx'), 0.15, 0.3)],
  }
}

function proxySection(
  sides: readonly Measured[],
  posted: readonly Measured[],
  offline: readonly Measured[],
): Section {
  const ours = sides[0]!
  const { head, rows } = table(sides, 'nginx', offline)
  return {
    title: 'HTTP_PROXY to a local upstream',
    intro:
      'The upstream (nginx) shares the core of the generator, for every side; those that POST are held against nginx that POSTs.',
    head,
    rows: [...rows, ...table(posted, 'nginx, POST').rows],
    goals: [
      ratio('against nginx proxy_pass', ours.ratioTo('nginx'), 0.22, 0.39),
      ratio('against serverless-offline', offline[0]!.ratioTo('serverless-offline'), 5),
    ],
  }
}

function table(
  sides: readonly Measured[],
  base: string,
  offline: readonly Measured[] = [],
): Pick<Section, 'head' | 'rows'> {
  return {
    head: ['server', 'requests/s', `× ${base}`, 'CPU µs/request', 'p50 ms', 'failed'],
    rows: [
      ...sides.map((side) => row(side, side.ratioTo(base))),
      ...(offline.length > 0 ? [rowBeside(sides[0]!, offline, base)] : []),
    ],
  }
}

/** Of a peer that was measured beside us alone: its ratio to the base follows from both ratios to us. */
function rowBeside(ours: Measured, [beside, peer]: readonly Measured[], base: string) {
  return row(peer!, ours.ratioTo(base) / beside!.ratioTo(peer!.name))
}

function row(side: Measured, ratio: number): readonly string[] {
  return [
    side.name,
    figure(side.requestsPerSecond),
    figure(ratio),
    figure(side.cpuMicrosPerRequest),
    figure(side.p50Ms),
    String(side.failures),
  ]
}

function ratio(what: string, measured: number, must: number, goal?: number): Goal {
  return { what, measured, must, ...(goal !== undefined && { goal }), better: 'higher', unit: '×' }
}
