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
  /** What every answer must be; a round with any other status counts as failed. */
  readonly connections?: number
}

export interface Round {
  readonly requestsPerSecond: number
  /** CPU time of the server (all its processes) for one request. */
  readonly cpuMicrosPerRequest: number
  readonly p50Ms: number
  readonly failures: number
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
      reportScript(),
      ...headers,
      url.href,
    ],
  ])
  const spent = cpuMicros(side.server.pid) - before
  const report = JSON.parse(stdout.slice(stdout.indexOf('{"requests"'))) as Report
  return {
    requestsPerSecond: report.requests / (report.durationUs / 1e6),
    cpuMicrosPerRequest: spent / report.requests,
    p50Ms: report.p50Us / 1000,
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

let script: string | undefined

/** wrk prints its summary as one JSON object. */
function reportScript(): string {
  if (script !== undefined) return script
  script = join(mkdtempSync(join(tmpdir(), 'sekisho-bench-')), 'report.lua')
  writeFileSync(
    script,
    `done = function(summary, latency)
  local e = summary.errors
  io.write(string.format('{"requests":%d,"durationUs":%d,"p50Us":%d,"status":%d,"connect":%d,"read":%d,"write":%d,"timeout":%d}',
    summary.requests, summary.duration, latency:percentile(50), e.status, e.connect, e.read, e.write, e.timeout))
end
`,
  )
  return script
}
