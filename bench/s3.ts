/** Objects in and out, against nginx with the same files. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { S3 } from '@aws-sdk/client-s3'
import { presign } from '@sekisho/sigv4'
import type { Side } from './lib/load.ts'
import { freePort, loadCore, residentMb, type Started, startServer } from './lib/processes.ts'
import { figure, type Section } from './lib/report.ts'
import { type RoundOptions, takeTurns } from './lib/rounds.ts'
import { nginxFiles } from './peers/nginx-files.ts'
import { launchOf, readCredentials, region } from './peers/sekisho.ts'

const kib = 1024
const mib = 1024 * kib
/**
 * Objects of each size; writers take turns with their names. With few connections of large ones: what is under way when a
 * round ends counts for nobody.
 */
const sizes = [
  { name: '1 KiB', bytes: kib, count: 64, connections: 32 },
  { name: '1 MiB', bytes: mib, count: 16, connections: 4 },
] as const
const large = 1024 * mib

export async function s3(options: RoundOptions): Promise<readonly Section[]> {
  const data = mkdtempSync(join(tmpdir(), 'sekisho-bench-s3-'))
  const files = nginxFiles(await freePort())
  try {
    await using nginx = await startServer(files)
    const port = await freePort()
    await using sekisho = await startServer(launchOf(port, data))
    const endpoint = `http://127.0.0.1:${port}`
    const credentials = readCredentials(join(data, 'credentials'))
    const client = new S3({ endpoint, region, credentials })
    await client.createBucket({ Bucket: 'bench' })
    const linkTo = (method: string, name: string) =>
      linkOf(method, name, new URL(endpoint).host, credentials)
    const rows: (readonly string[])[] = []
    for (const { name, bytes, count, connections } of sizes) {
      const body = 'x'.repeat(bytes)
      const names = Array.from({ length: count }, (_, at) => `${bytes}-${at}`)
      for (const each of names) {
        await client.putObject({ Bucket: 'bench', Key: each, Body: body })
        writeFileSync(join(files.root, each), body)
      }
      for (const method of ['GET', 'PUT'] as const) {
        const sides: readonly Side[] = [
          {
            name: 'Sekisho',
            server: { ...sekisho, url: endpoint },
            targets: names.map((each) => linkTo(method, each)),
            connections,
            ...(method === 'PUT' && { body }),
          },
          {
            name: 'nginx',
            server: nginx,
            targets: names.map((each) => `/${each}`),
            connections,
            ...(method === 'PUT' && { body }),
          },
        ]
        const [ours, theirs] = await takeTurns(sides, options)
        rows.push([
          `${method} ${name}`,
          `${figure(ours!.requestsPerSecond)}/s`,
          `${figure(theirs!.requestsPerSecond)}/s`,
          figure(ours!.ratioTo('nginx')),
          method === 'PUT' ? `${figure(await durableWrites(data, bytes, connections))}/s` : '',
          String(ours!.failures + theirs!.failures),
        ])
      }
    }
    rows.push(...largeRows(data, endpoint, linkTo, nginx))
    return [
      {
        title: 'S3',
        intro: `Requests of presigned links; nginx serves the same files (sendfile) and takes them by WebDAV PUT, which waits for no disk. Every PUT of Sekisho's is on the disk when it is answered, and is summed up twice (MD5, CRC-64/NVME); the floor is this disk's: as many writers, each with a file that it writes anew and has synced. Sekisho's memory is ${figure(residentMb(sekisho.pid))} MB after the gibibyte.`,
        head: ['', 'Sekisho', 'nginx', 'ratio', 'floor', 'failures'],
        rows,
      },
    ]
  } finally {
    rmSync(data, { recursive: true, force: true })
    rmSync(dirname(files.root), { recursive: true, force: true })
  }
}

/** One client, one gibibyte. */
function largeRows(
  data: string,
  endpoint: string,
  linkTo: (method: string, name: string) => string,
  nginx: Started,
): readonly (readonly string[])[] {
  const file = join(data, 'gibibyte')
  execFileSync('sh', ['-c', `head -c ${large} /dev/zero > ${file}`])
  const curl = (...args: readonly string[]) => {
    const format = ['-w', '%{http_code} %{time_total}']
    const given = ['-c', loadCore, 'curl', '-s', '-o', '/dev/null', ...format, ...args]
    const [status = '', seconds = ''] = execFileSync('taskset', given, { encoding: 'utf8' }).split(
      ' ',
    )
    if (!status.startsWith('2')) throw new Error(`${args.at(-1)} answered ${status}`)
    return large / mib / Number(seconds)
  }
  return (['PUT', 'GET'] as const).map((method) => {
    const upload = method === 'PUT' ? ['-T', file] : []
    const ours = curl(...upload, `${endpoint}${linkTo(method, 'large')}`)
    const theirs = curl(...upload, `${nginx.url}large`)
    return [
      `${method} 1 GiB`,
      `${figure(ours)} MiB/s`,
      `${figure(theirs)} MiB/s`,
      figure(ours / theirs),
      '',
      '0',
    ]
  })
}

const floorMs = 1_000

/** Files of that size that this disk takes for good in a second, without anything else done. */
async function durableWrites(folder: string, bytes: number, writers: number): Promise<number> {
  const body = Buffer.alloc(bytes, 'x')
  const until = performance.now() + floorMs
  const counts = await Promise.all(
    Array.from({ length: writers }, async (_, writer) => {
      await using file = await open(join(folder, `floor-${bytes}-${writer}`), 'w')
      let count = 0
      for (; performance.now() < until; count++) {
        await file.write(body, 0, bytes, 0)
        await file.sync()
      }
      return count
    }),
  )
  return counts.reduce((sum, count) => sum + count, 0) / (floorMs / 1_000)
}

/** Path and query, good for the time of a run. */
function linkOf(
  method: string,
  name: string,
  host: string,
  credentials: { readonly accessKeyId: string; readonly secretAccessKey: string },
): string {
  const message = {
    method,
    rawPath: `/bench/${name}`,
    rawQuery: '',
    headers: ['Host', host],
  }
  const now = new Date()
  const query = presign(message, credentials, { region, service: 's3', now, expires: 3_600 })
  return `${message.rawPath}?${query}`
}
