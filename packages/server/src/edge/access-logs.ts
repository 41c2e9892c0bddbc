/** The logs of distributions: lines are gathered behind the calls, and delivered to buckets as compressed files. */
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { type Distribution, type LoggedCall, logHead, logLine } from '@sekisho/edge'
import type { CallInside } from '../api/caller.ts'

export interface AccessLogs extends AsyncDisposable {
  /** Never waits. Where files cannot be delivered as fast as lines come, lines are dropped. */
  readonly note: (distribution: Distribution, call: LoggedCall) => void
  readonly flush: () => Promise<void>
}

export interface AccessLogsOptions {
  readonly aws: CallInside
  readonly region: string
  readonly intervalSeconds: number
  /** Eight characters that no other file has. */
  readonly newName: () => string
  /** Lines do not reach their bucket: why, once until they do. */
  readonly onRefused: (distributionId: string, why: string) => void
}

/** In characters, of all lines that wait. */
const mostWaiting = 32 * 1024 * 1024
/** A file is delivered when it has so many characters, however soon. */
const fullFile = 4 * 1024 * 1024
const compressed = promisify(gzip)

/** @see CloudFront Developer Guide, "Enable logging from AWS services" (who writes log files) */
export const deliveryService = 'delivery.logs.amazonaws.com'

interface LogFile {
  readonly distribution: Distribution
  /** `2026-11-21-14` */
  readonly hour: string
  readonly lines: string[]
  size: number
}

export function openAccessLogs(options: AccessLogsOptions): AccessLogs {
  const { aws, region, intervalSeconds, newName, onRefused } = options
  let files = new Map<string, LogFile>()
  let waiting = 0
  let delivering: Promise<void> = Promise.resolve()
  let timer: NodeJS.Timeout | undefined
  const refused = new Set<string>()

  const deliverFile = async ({ distribution, hour, lines, size }: LogFile) => {
    const { id, accountId, logging } = distribution.snapshot
    try {
      if (logging === undefined) return
      const folder = logging.prefix.replace(/(?<=[^/])$/, '/')
      await aws(
        's3',
        'PutObject',
        {
          Bucket: logging.bucket,
          Key: `${folder}${id}.${hour}.${newName()}.gz`,
          Body: await compressed(`${logHead}${lines.join('\n')}\n`),
        },
        {
          service: deliveryService,
          accountId,
          region,
          sourceArn: `arn:aws:cloudfront::${accountId}:distribution/${id}`,
        },
      )
      refused.delete(id)
    } catch (error) {
      const why = `${lines.length} lines for \`${logging?.bucket}\`: ${(error as Error).message}`
      if (!refused.has(id)) onRefused(id, why)
      refused.add(id)
    } finally {
      waiting -= size
    }
  }
  const flush = () => {
    clearTimeout(timer)
    timer = undefined
    const taken = [...files.values()]
    files = new Map()
    delivering = delivering.then(async () => {
      for (const file of taken) await deliverFile(file)
    })
    return delivering
  }

  return {
    note(distribution, call) {
      const { id } = distribution.snapshot
      if (waiting > mostWaiting) {
        if (!refused.has(id)) onRefused(id, 'files cannot be delivered as fast as lines come')
        refused.add(id)
        return
      }
      const hour = new Date(call.endedAt).toISOString().slice(0, 13).replace('T', '-')
      const key = `${id} ${hour}`
      let file = files.get(key)
      // Settings may have changed since the last line: what is gathered goes where it was meant to.
      if (file !== undefined && file.distribution !== distribution) {
        const { logging } = file.distribution.snapshot
        if (logging?.bucket !== distribution.snapshot.logging?.bucket) void flush()
        file = files.get(key)
      }
      if (file === undefined) files.set(key, (file = { distribution, hour, lines: [], size: 0 }))
      const line = logLine(call)
      file.lines.push(line)
      file.size += line.length
      waiting += line.length
      if (file.size > fullFile) void flush()
      else timer ??= setTimeout(flush, intervalSeconds * 1_000).unref()
    },
    flush,
    async [Symbol.asyncDispose]() {
      await flush()
    },
  }
}
