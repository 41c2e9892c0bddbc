/** The edge of this process: its cache, its origins, and the distributions that it serves. */
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import {
  createFlights,
  createMemoryCache,
  OriginError,
  type OriginRequest,
  type OriginResponse,
} from '@sekisho/edge'
import { parseJson } from '@sekisho/policy'
import type { State } from '@sekisho/store'
import type { CallInside } from '../api/caller.ts'
import type { ForwardInside } from '../api/inside.ts'
import type { Clock } from '../clock.ts'
import type { Config } from '../config.ts'
import type { Domains } from '../domains.ts'
import type { FrontDoor } from '../front-door.ts'
import { randomIds } from '../ids.ts'
import type { Trail } from '../trail/trail.ts'
import type { Upstream } from '../upstream.ts'
import { type AccessLogs, type AccessLogsOptions, openAccessLogs } from './access-logs.ts'
import { type AnswerViewer, createAnswerViewer, refuseHead } from './answer.ts'
import { createCountries } from './countries.ts'
import { type DiskCache, openDiskCache } from './disk-cache.ts'
import { type Distributions, openDistributions } from './distributions.ts'
import type { EdgeFunctions } from './function-runner.ts'
import { openHttp2Names } from './http2-names.ts'
import { nodeId } from './ids.ts'
import { openLogDeliveries } from './log-deliveries.ts'
import { askOutside } from './outside-origin.ts'
import { type AnswerOwn, askOwn, isOwnOrigin } from './own-origin.ts'
import { askBucket, signs } from './s3-origin.ts'

export interface EdgeHost extends AsyncDisposable {
  readonly answer: AnswerViewer
  readonly distributions: Pick<Distributions, 'find'>
  /** What a distribution says to a head that is larger than is read. */
  readonly refuseHead: typeof refuseHead
  /** Whether that host is a distribution that viewers may call over HTTP/2. */
  readonly speaksHttp2: (host: string) => boolean
  /** From now on origins may be asked. */
  readonly open: (answerOwn: AnswerOwn, port: number) => void
}

export interface EdgeHostOptions {
  readonly config: Config
  /** Tells this process from the others of the server. */
  readonly processName: string
  readonly store: Pick<State, 'documents' | 'changes'>
  readonly frontDoor: FrontDoor
  readonly domains: Pick<Domains, 'find'>
  readonly upstream: Pick<Upstream, 'pool'>
  readonly clock: Pick<Clock, 'now'>
  readonly trail: Pick<Trail, 'record'>
  /** Asks a service of this server in CloudFront's name. */
  readonly forward: ForwardInside
  /** Begins calls of services in CloudFront's name. */
  readonly aws: CallInside
  readonly functions: EdgeFunctions
  readonly onLogRefused: AccessLogsOptions['onRefused']
  readonly onFailure: (error: unknown) => void
}

/** As if this machine stood in Tokyo. */
const pop = 'NRT57-P2'
/** Of the names of log files. */
const letters = 'abcdefghijklmnopqrstuvwxyz0123456789'

export function openEdgeHost(options: EdgeHostOptions): EdgeHost {
  const {
    config,
    store,
    frontDoor,
    domains,
    upstream,
    clock,
    trail,
    forward,
    functions,
    onFailure,
  } = options
  const distributions = openDistributions(store)
  const http2Names = openHttp2Names(store, onFailure)
  const disk = openDisk(options)
  const cache = createMemoryCache(config['edge-cache-memory'] * mebibyte, disk)
  let own: { readonly answer: AnswerOwn; readonly port: number } | undefined
  const ask = async (request: OriginRequest): Promise<OriginResponse> => {
    if (own === undefined) throw new OriginError('UNREACHABLE', 'this server is not ready yet')
    if (signs(request)) return askBucket(request, forward, config.region)
    return (await isOwnOrigin(request, frontDoor, domains, own.port))
      ? askOwn(request, frontDoor, own.answer)
      : askOutside(request, upstream)
  }
  const logging = {
    aws: options.aws,
    intervalSeconds: config['edge-log-interval'],
    onRefused: options.onLogRefused,
  }
  const files = openAccessLogs({
    ...logging,
    region: config.region,
    newName: () => randomIds.text(letters, 8),
  })
  const deliveries = openLogDeliveries(logging)
  const logs: Pick<AccessLogs, 'note'> = {
    note(distribution, call) {
      if (distribution.snapshot.logging) files.note(distribution, call)
      if (distribution.snapshot.deliveries) deliveries.note(distribution, call)
    },
  }
  const answer = createAnswerViewer({
    logs,
    pop,
    onFailure: (detail, requestId) => onFailure(new Error(`request ${requestId}: ${detail}`)),
    distributions,
    trail,
    edge: {
      flights: createFlights(),
      ports: {
        nowMs: clock.now,
        ask,
        cache,
        runFunction: async (code, event) => parseJson((await functions.run(code, event)).returned),
        countryOf: createCountries(config['edge-countries']),
        nodeId,
        pop,
        percentile: () => Math.random() * 100,
        onFailure,
      },
    },
  })
  return {
    answer,
    distributions,
    refuseHead,
    speaksHttp2: http2Names.has,
    open(answerOwn, port) {
      own = { answer: answerOwn, port }
    },
    async [Symbol.asyncDispose]() {
      distributions[Symbol.dispose]()
      http2Names[Symbol.dispose]()
      await Promise.all([files[Symbol.asyncDispose](), deliveries[Symbol.asyncDispose]()])
      if (disk === undefined) return
      if (config['edge-cache-keep'])
        for (const [key, bytes] of cache.entries()) {
          disk.keep(key, bytes)
          // No more waits than may wait.
          await disk.flush()
        }
      await disk.flush()
      if (options.processName !== firstProcess)
        rmSync(join(config.data, folderName, options.processName), { recursive: true, force: true })
    },
  }
}

const mebibyte = 1024 * 1024
const folderName = 'edge-cache'
/** Its cache may be kept; those of workers, who come and go, are not. */
export const firstProcess = 'first'

function openDisk({ config, processName, onFailure }: EdgeHostOptions): DiskCache | undefined {
  const folder = join(config.data, folderName)
  const limitBytes = config['edge-cache-disk'] * mebibyte
  const isFirst = processName === firstProcess
  if (isFirst && existsSync(folder))
    for (const name of readdirSync(folder))
      if (name !== firstProcess || limitBytes === 0)
        rmSync(join(folder, name), { recursive: true, force: true })
  if (limitBytes === 0) return undefined
  return openDiskCache({
    folder: join(folder, processName),
    limitBytes,
    keeps: isFirst && config['edge-cache-keep'],
    onFailure,
  })
}
