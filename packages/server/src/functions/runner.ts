/** Runs functions: which environment takes an event, when is another one begun, when does one go? */
import { mkdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { hexOf } from '@sekisho/gateway'
import {
  type FunctionRunner,
  type IdSource,
  type Invocation,
  type InvocationResult,
  type RunnableFunction,
  RunnerError,
} from '@sekisho/services'
import type { Blobs } from '@sekisho/store'
import { Environment } from './environment.ts'
import type { Admission } from './load.ts'
import { createBusyProbe, createLoopProbe } from './machine.ts'
import { Packages, walk } from './packages.ts'
import { Pool } from './pool.ts'
import { familyOf, type Interpreter, supportedRuntimes } from './runtimes.ts'
import {
  type Confine,
  confineNothing,
  confineWithBubblewrap,
  findBubblewrap,
  insideSocket,
  whyNoBubblewrap,
} from './sandbox.ts'
import type { SocketPlace } from './socket-place.ts'

export interface SessionCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken: string
  readonly expiresAtMs: number
}

export interface RunnerOptions {
  readonly mode: 'isolated' | 'unsafe'
  readonly network: 'none' | 'open'
  /** Where unpacked code lies. */
  readonly folder: string
  /** The socket on which functions reach this server. */
  readonly socket: Pick<SocketPlace, 'path' | 'outside'>
  /** The port that this server listens on, and so functions inside. */
  readonly port: () => number
  readonly blobs: Pick<Blobs, 'get'>
  readonly load: Admission
  /** Temporary credentials of the function's role. */
  readonly credentials: (fn: RunnableFunction) => Promise<SessionCredentials>
  /** Takes the log of one environment, line by line. */
  readonly log: (fn: RunnableFunction, logStream: string) => (line: string) => void
  readonly ids: IdSource
  readonly now: () => number
  /** Where programs are looked for (`PATH`). */
  readonly path: string
  /** That run functions beside one another. */
  readonly processes: number
}

/** Of one machine, for all functions together; processes share them out. */
const mostOfMachine = 256
const idleMs = 5 * 60_000
const reapMs = 10_000
/** How long unpacked code is kept that nobody uses. */
const unusedMs = 7 * 86_400_000
/** Before its credentials end, an environment does. */
const credentialsMarginMs = 5 * 60_000
const bootstraps = join(import.meta.dirname, 'bootstraps')

export interface Runner
  extends Omit<FunctionRunner, 'hasRoomFor' | 'linkTo' | 'urlOf'>,
    AsyncDisposable {
  /** Takes away unpacked code that nobody has used for long; before anybody may use it. */
  readonly sweep: () => Promise<void>
}

export function createRunner(options: RunnerOptions): Runner {
  const { folder, blobs, load, path, now } = options
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const packages = new Packages(folder, blobs)
  const pools = new Map<string, Pool>()
  const isBusy = createBusyProbe()
  const isServerBusy = createLoopProbe()
  const processors = availableParallelism()
  const mostEnvironments = Math.ceil(mostOfMachine / options.processes)
  const interpreters = new Map<string, Promise<Interpreter>>()
  let confine: Confine | undefined
  let refusal: string | undefined
  let count = 0

  /** Tried when the first function comes: who has none needs no sandbox. */
  const prepareSandbox = () => {
    if (confine !== undefined || refusal !== undefined) return
    if (options.mode === 'unsafe') {
      confine = confineNothing
      return
    }
    const bubblewrap = findBubblewrap(path)
    refusal = whyNoBubblewrap(bubblewrap)
    if (refusal === undefined) confine = confineWithBubblewrap(bubblewrap!, path)
  }

  const interpreterOf = (runtime: string): Promise<Interpreter> => {
    const family = familyOf(runtime)
    if (family === undefined)
      throw new RunnerError('UNAVAILABLE', `the runtime \`${runtime}\` is not supported`)
    let found = interpreters.get(family.bootstrap)
    if (found === undefined) {
      found = family.interpreter(path)
      interpreters.set(family.bootstrap, found)
      found.catch(() => interpreters.delete(family.bootstrap))
    }
    return found
  }

  const begin = async (fn: RunnableFunction, onEnd: () => void): Promise<Environment> => {
    prepareSandbox()
    if (confine === undefined) throw new RunnerError('UNAVAILABLE', refusal ?? '')
    // Whoever has nothing to do makes room.
    if (count >= mostEnvironments && ![...pools.values()].some((pool) => pool.yield()))
      throw new RunnerError('CONCURRENCY', 'too many functions run on this machine')
    count++
    try {
      const [interpreter, task, layers, credentials] = await Promise.all([
        interpreterOf(fn.runtime).catch((cause) => {
          throw new RunnerError('UNAVAILABLE', `\`${fn.runtime}\` cannot run: ${cause.message}`)
        }),
        packages.folderOf([fn.code]),
        fn.layers.length > 0 ? packages.folderOf(fn.layers) : undefined,
        options.credentials(fn),
      ])
      const day = new Date(now()).toISOString().slice(0, 10).replaceAll('-', '/')
      const logStream = `${day}/[${fn.version}]${options.ids.text('0123456789abcdef', 32)}`
      const command = confine(
        confinedOf(fn, { interpreter, task, layers, credentials, logStream }, options),
      )
      const environment = new Environment({
        fn,
        command,
        logStream,
        interpreter: interpreter.says,
        log: options.log(fn, logStream),
        now,
        onEnd: () => {
          count--
          onEnd()
        },
      })
      environment.endsAt = credentials.expiresAtMs - credentialsMarginMs
      return environment
    } catch (error) {
      count--
      throw error
    }
  }

  const poolOf = (fn: RunnableFunction): Pool => {
    let pool = pools.get(fn.revision)
    if (pool === undefined) {
      pool = new Pool({ begin: (onEnd) => begin(fn, onEnd), now, isBusy, isServerBusy, processors })
      pools.set(fn.revision, pool)
    }
    return pool
  }

  const reaper = setInterval(() => {
    for (const [revision, pool] of pools) {
      pool.reap(idleMs)
      if (pool.isEmpty) pools.delete(revision)
    }
  }, reapMs)
  reaper.unref()

  return {
    async invoke(fn: RunnableFunction, invocation: Invocation): Promise<InvocationResult> {
      const entered = load.enter(fn, invocation.reservedConcurrency)
      const leave = entered instanceof Promise ? await entered : entered
      try {
        const traceId = invocation.traceId ?? traceIdOf(invocation, fn)
        const result = await poolOf(fn).invoke({ ...invocation, traceId })
        if (result.payload instanceof Uint8Array) leave()
        else void result.logTail().then(leave, leave)
        return result
      } catch (error) {
        leave()
        throw error
      }
    },
    whyNot: (runtime) =>
      familyOf(runtime) === undefined ? `supported here: ${supportedRuntimes}` : undefined,
    inspect: async (archive) => ({ unpackedBytes: await walk(archive) }),
    sweep: () => packages.sweep(Date.now() - unusedMs),
    retire(revisionPrefix) {
      for (const [revision, pool] of pools)
        if (revision.startsWith(revisionPrefix)) {
          pool.retire()
          pools.delete(revision)
        }
    },
    async [Symbol.asyncDispose]() {
      clearInterval(reaper)
      for (const pool of pools.values()) pool.kill()
      pools.clear()
    },
  }
}

/** As in `X-Amzn-Trace-Id`, made of the request's id, which is random; nobody traces here. */
function traceIdOf({ requestId }: Invocation, { tracing }: RunnableFunction): string {
  const seconds = Math.floor(Date.now() / 1_000).toString(16)
  const random = hexOf(requestId)
  const isSampled = tracing === 'Active' ? 1 : 0
  return `Root=1-${seconds}-${random.slice(0, 24)};Parent=${random.slice(-16)};Sampled=${isSampled}`
}

interface Prepared {
  readonly interpreter: Interpreter
  readonly task: string
  readonly layers: string | undefined
  readonly credentials: SessionCredentials
  readonly logStream: string
}

/** What a function sees. @see Lambda Developer Guide, "Using Lambda environment variables" */
function confinedOf(
  fn: RunnableFunction,
  { interpreter, task, layers, credentials, logStream }: Prepared,
  { mode, network, socket, port }: RunnerOptions,
) {
  const isIsolated = mode === 'isolated'
  const place = (inside: string, outside: string) => (isIsolated ? inside : outside)
  const root = place('/var/task', task)
  const runtime = place('/var/runtime', bootstraps)
  const family = familyOf(fn.runtime)!
  const major = /^nodejs(\d+)/.exec(fn.runtime)?.[1]
  const isNode = family.bootstrap === 'node.cjs'
  const ownsNetwork = isIsolated && network === 'none'
  const opt = layers === undefined ? [] : [place('/opt', layers)]
  const program = isIsolated && isNodeItself(interpreter) ? '/var/lang/bin/node' : interpreter.path
  const heap = isNode ? [`--max-old-space-size=${Math.max(32, Math.floor(fn.memoryMb * 0.9))}`] : []
  const libraries = findLibraries()
  return {
    program,
    args: [...heap, join(runtime, family.bootstrap)],
    folders: isNodeItself(interpreter) ? [] : interpreter.folders.filter((each) => each !== '/usr'),
    mounts: {
      '/var/task': task,
      '/var/runtime': bootstraps,
      ...(layers !== undefined && { '/opt': layers }),
      ...(isNodeItself(interpreter) && { '/var/lang/bin/node': interpreter.path }),
      ...(isNode && libraries !== undefined && { '/node_modules': libraries }),
    },
    socket: socket.path,
    workingFolder: root,
    memoryMb: fn.memoryMb,
    temporaryMb: fn.ephemeralStorageMb,
    hasNetwork: !ownsNetwork,
    environment: {
      PATH: `${opt.map((each) => `${each}/bin:`).join('')}/usr/local/bin:/usr/bin:/bin`,
      HOME: '/tmp',
      LANG: 'en_US.UTF-8',
      TZ: ':UTC',
      LD_LIBRARY_PATH: [root, join(root, 'lib'), ...opt.map((each) => join(each, 'lib'))].join(':'),
      ...(isNode && {
        NODE_PATH: [
          ...opt.flatMap((each) => [
            ...(major === undefined ? [] : [join(each, `nodejs/node${major}/node_modules`)]),
            join(each, 'nodejs/node_modules'),
          ]),
          ...(libraries === undefined ? [] : [place('/node_modules', libraries)]),
        ].join(':'),
      }),
      ...fn.environment,
      _HANDLER: fn.handler,
      LAMBDA_TASK_ROOT: root,
      LAMBDA_RUNTIME_DIR: runtime,
      AWS_REGION: fn.region,
      AWS_DEFAULT_REGION: fn.region,
      AWS_EXECUTION_ENV: `AWS_Lambda_${fn.runtime}`,
      AWS_LAMBDA_FUNCTION_NAME: fn.name,
      AWS_LAMBDA_FUNCTION_VERSION: fn.version,
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(fn.memoryMb),
      AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
      AWS_LAMBDA_LOG_FORMAT: fn.logFormat,
      ...(fn.logFormat === 'JSON' && { AWS_LAMBDA_LOG_LEVEL: fn.applicationLogLevel ?? 'INFO' }),
      AWS_LAMBDA_LOG_GROUP_NAME: fn.logGroup,
      AWS_LAMBDA_LOG_STREAM_NAME: logStream,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_SESSION_TOKEN: credentials.sessionToken,
      ...(opt[0] !== undefined && { SEKISHO_LAYERS: opt[0] }),
      SEKISHO_FORWARD_PORT: ownsNetwork ? String(port()) : '0',
      SEKISHO_FORWARD_SOCKET: place(insideSocket, socket.outside),
    },
  }
}

function isNodeItself({ path }: Interpreter): boolean {
  return path === process.execPath
}

/** Where `@aws-sdk/client-*` lies, which functions find as they do on AWS. */
function findLibraries(): string | undefined {
  try {
    const { pathname } = new URL(import.meta.resolve('@aws-sdk/client-s3/package.json'))
    return pathname.slice(0, pathname.indexOf('/@aws-sdk/'))
  } catch {
    return undefined
  }
}
