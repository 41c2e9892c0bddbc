/** Load from wrk on the other core, and what it says. */
import { execFile } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { cpuMicros, loadCore, type Started } from './processes.ts'

export interface Side {
  readonly name: string
  readonly server: Started
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
  /** A header that has another value with each request. */
  readonly rotates?: { readonly header: string; readonly values: readonly string[] }
  /** Sent with POST, or with PUT where there are targets. */
  readonly body?: string
  /** Paths with their queries, one after another, instead of `path`. */
  readonly targets?: readonly string[]
  /** Each request has a query of its own, which counts up from here. */
  readonly countsFrom?: number
  readonly connections?: number
}

export interface Round {
  readonly requestsPerSecond: number
  /** CPU time of the server (all its processes) for one request. */
  readonly cpuMicrosPerRequest: number
  readonly p50Ms: number
  /** Answers of another status than 2xx or 3xx, and none. */
  readonly failures: number
  readonly requests: number
  /** How long it took in truth. */
  readonly seconds: number
}

/** One round: keep-alive connections, `seconds` long. Only loopback is ever a target. */
export async function load(side: Side, seconds: number): Promise<Round> {
  const url = new URL(side.path ?? '/', side.server.url)
  if (!['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname))
    throw new Error(`not loopback: ${url}`)
  const headers = Object.entries(side.headers ?? {}).flatMap(([name, value]) => [
    '-H',
    `${name}: ${value}`,
  ])
  const connections = String(side.connections ?? 32)
  side.server.check()
  const before = cpuMicros(side.server.pid)
  const { stdout } = await promisify(execFile)('taskset', [
    ...[
      '-c',
      loadCore,
      'wrk',
      '-t1',
      `-c${connections}`,
      `-d${seconds}s`,
      '-s',
      scriptOf(side),
      ...headers,
      url.href,
    ],
  ])
  side.server.check()
  const spent = cpuMicros(side.server.pid) - before
  const report = JSON.parse(stdout.slice(stdout.indexOf('{"requests"'))) as Report
  return {
    requests: report.requests,
    requestsPerSecond: report.requests / (report.durationUs / 1e6),
    cpuMicrosPerRequest: spent / report.requests,
    p50Ms: report.p50Us / 1000,
    seconds: report.durationUs / 1e6,
    failures: report.status + report.connect + report.read + report.write + report.timeout,
  }
}

interface Report {
  readonly requests: number
  readonly durationUs: number
  readonly p50Us: number
  readonly status: number
  readonly connect: number
  readonly read: number
  readonly write: number
  readonly timeout: number
}

const scripts = new Map<Side['rotates'] | Side['targets'] | string, string>()

/** wrk prints its summary as one JSON object. */
function scriptOf({ rotates, body, targets, countsFrom }: Side): string {
  const key = targets ?? rotates ?? body ?? countsFrom?.toString()
  const known = scripts.get(key)
  if (known !== undefined) return known
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-bench-'))
  const script = join(folder, 'load.lua')
  scripts.set(key, script)
  writeFileSync(
    script,
    `${countsFrom === undefined ? '' : counting(countsFrom)}${targets === undefined ? '' : aiming(targets, body, folder)}${rotates === undefined ? '' : rotating(rotates, folder)}${body === undefined || targets !== undefined ? '' : posting(body)}done = function(summary, latency)
  local e = summary.errors
  io.write(string.format('{"requests":%d,"durationUs":%d,"p50Us":%d,"status":%d,"connect":%d,"read":%d,"write":%d,"timeout":%d}',
    summary.requests, summary.duration, latency:percentile(50), e.status, e.connect, e.read, e.write, e.timeout))
end
`,
  )
  return script
}

function posting(body: string): string {
  return `wrk.method, wrk.body = 'POST', ${JSON.stringify(body)}
wrk.headers['Content-Type'] = 'application/json'
`
}

function counting(from: number): string {
  return `local at = ${from}
request = function()
  at = at + 1
  return wrk.format('GET', wrk.path .. '?n=' .. at)
end
`
}

function aiming(targets: readonly string[], body: string | undefined, folder: string): string {
  const list = join(folder, 'targets')
  writeFileSync(list, targets.join('\n'))
  const content = join(folder, 'body')
  writeFileSync(content, body ?? '')
  const method = body === undefined ? 'GET' : 'PUT'
  return `local requests, at = {}, 0
init = function()
  local file = io.open(${JSON.stringify(content)}, 'rb')
  local body = file:read('*a')
  for target in io.lines(${JSON.stringify(list)}) do
    requests[#requests + 1] = wrk.format('${method}', target, nil, body ~= '' and body or nil)
  end
end
request = function()
  at = at % #requests + 1
  return requests[at]
end
`
}

function rotating({ header, values }: NonNullable<Side['rotates']>, folder: string): string {
  const list = join(folder, 'values')
  writeFileSync(list, values.join('\n'))
  return `local requests, at = {}, 0
init = function()
  for value in io.lines(${JSON.stringify(list)}) do
    wrk.headers[${JSON.stringify(header)}] = value
    requests[#requests + 1] = wrk.format()
  end
end
request = function()
  at = at % #requests + 1
  return requests[at]
end
`
}
