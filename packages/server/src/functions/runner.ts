/** Runs functions: which environment takes an event, when is another one begun, when does one go? */
import { mkdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
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
import {
  type ConfineOptions,
  confinedOf,
  type SessionCredentials,
  takesSpare,
  variablesOf,
} from './confined.ts'
import { Environment } from './environment.ts'
import type { Admission } from './load.ts'
import { createBusyProbe, createLoopProbe } from './machine.ts'
import { Packages, walk } from './packages.ts'
import { Pool } from './pool.ts'
import { beginProcess } from './process.ts'
import { type Family, familyOf, type Interpreter, supportedRuntimes } from './runtimes.ts'
import {
  type Confine,
  confineNothing,
  confineWithBubblewrap,
  findBubblewrap,
  whyNoBubblewrap,
} from './sandbox.ts'
import { Spares } from './spares.ts'

export interface RunnerOptions extends ConfineOptions {
  /** Where unpacked code lies. */
  readonly folder: string
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
/** Longer than those: it is for the function that nobody has called for long. */
const spareIdleMs = 3_600_000
/** How long unpacked code is kept that nobody uses. */
const unusedMs = 7 * 86_400_000
/** Before its credentials end, an environment does. */
const credentialsMarginMs = 5 * 60_000

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

  const interpreterOf = (family: Family): Promise<Interpreter> => {
    let found = interpreters.get(family.bootstrap)
    if (found === undefined) {
      found = family.interpreter(path)
      interpreters.set(family.bootstrap, found)
      found.catch(() => interpreters.delete(family.bootstrap))
    }
    return found
  }

  const spares = new Spares({
    folder,
    isBusy,
    async begin(shape, task) {
      const interpreter = await interpreterOf(shape.family)
      const given = { shape, interpreter, isSpare: true, task, variables: {} }
      return beginProcess(confine!(confinedOf(given, options)))
    },
  })

  const begin = async (fn: RunnableFunction, onEnd: () => void): Promise<Environment> => {
    const { runtime, memoryMb, ephemeralStorageMb } = fn
    const family = familyOf(runtime)
    if (family === undefined)
      throw new RunnerError('UNAVAILABLE', `the runtime \`${runtime}\` is not supported`)
    const shape = { family, memoryMb, ephemeralStorageMb }
    prepareSandbox()
    if (confine === undefined) throw new RunnerError('UNAVAILABLE', refusal ?? '')
    // Whoever has nothing to do makes room.
    if (count >= mostEnvironments && ![...pools.values()].some((pool) => pool.yield()))
      throw new RunnerError('CONCURRENCY', 'too many functions run on this machine')
    count++
    try {
      const [interpreter, task, layers, credentials] = await Promise.all([
        interpreterOf(family).catch((cause) => {
          throw new RunnerError('UNAVAILABLE', `\`${runtime}\` cannot run: ${cause.message}`)
        }),
        packages.folderOf([fn.code]),
        fn.layers.length > 0 ? packages.folderOf(fn.layers) : undefined,
        options.credentials(fn),
      ])
      const day = new Date(now()).toISOString().slice(0, 10).replaceAll('-', '/')
      const logStream = `${day}/[${fn.version}]${options.ids.text('0123456789abcdef', 32)}`
      const variables = variablesOf(fn, { task, layers, credentials, logStream }, options)
      const mayBeSpare = takesSpare(fn, options.mode)
      const spare = mayBeSpare ? await spares.take(shape, task, variables) : undefined
      const given = { shape, interpreter, task, layers, runtime, variables }
      const environment = new Environment({
        fn,
        begun: spare ?? beginProcess(confine(confinedOf(given, options))),
        logStream,
        interpreter: interpreter.says,
        log: options.log(fn, logStream),
        now,
        onEnd: () => {
          count--
          onEnd()
        },
      })
      if (mayBeSpare) void environment.ready.then(() => spares.prepare(shape))
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
    spares.reap(spareIdleMs)
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
      spares.close()
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
