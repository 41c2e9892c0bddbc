/** The process, put together: from settings to listening sockets, and back down. */
import { chmodSync, rmSync } from 'node:fs'
import {
  accountsCollection,
  createAccount,
  ensureOrganization,
  listAccounts,
  sweepCode,
  sweepLogs,
  sweepLoose,
  type UndeployedPolicy,
  undeployedPolicies,
} from '@sekisho/services'
import { backupFolder, type State } from '@sekisho/store'
import { openBucketWork } from './bucket-work.ts'
import { createTestClock, machineClock, storedOffset, storeOffset } from './clock.ts'
import { type Config, ConfigError } from './config.ts'
import { type DataFolder, openDataFolder, writeCredentials } from './data-folder.ts'
import { watchCachedApis } from './edge/cached-apis.ts'
import { endpointOf } from './endpoint.ts'
import { Load } from './functions/load.ts'
import { randomIds } from './ids.ts'
import { type Listener, listen } from './listen.ts'
import { listenEverywhere } from './listeners.ts'
import { createLog, failureFields, type Log } from './log.ts'
import { Metrics } from './metrics.ts'
import { createOperator } from './operator/answer.ts'
import { createOperations } from './operator/operations.ts'
import { dayMs, openParts } from './parts.ts'
import { createReadInput } from './plain-input.ts'
import { reset } from './reset.ts'
import { createRoads } from './roads.ts'
import { openTimetable } from './timetable/timetable.ts'
import type { Trail } from './trail/trail.ts'
import { Crew, type WorkerProgram } from './workers/crew.ts'
import { createCrewTrail } from './workers/crew-trail.ts'

export interface RunningServer {
  /** `http://127.0.0.1:4566` */
  readonly endpoint: string
  readonly data: string
  /** The certificate to trust, as PEM; absent: serves HTTP. */
  readonly authorityPath?: string
  /** Stages whose API has another policy than the one they serve. */
  readonly undeployedPolicies: readonly UndeployedPolicy[]
  /** Lets open requests end, then everything else. */
  readonly close: () => Promise<void>
}

/** How long open requests may take once the server is told to stop. */
const graceMs = 30_000
/** How often log events beyond their retention are taken away: nobody sees them before. */
const sweepMs = 3_600_000

/**
 * Starts a server.
 *
 * @param program  what further processes run; needed only for more than one worker
 * @throws LockedError, FormatError, AccountError; the errors of listening (EADDRINUSE …)
 */
export async function start(config: Config, program?: WorkerProgram): Promise<RunningServer> {
  // Whatever this process writes is for its own user alone.
  process.umask(0o077)
  if (config.workers > 1 && program === undefined)
    throw new ConfigError('`--workers` above 1 needs a program for the workers to run')
  const log = createLog(config['log-level'])
  await using stack = new AsyncDisposableStack()
  const testClock = config['test-clock'] ? createTestClock() : undefined
  const clock = testClock ?? machineClock
  testClock?.onJump(() => log.info('the clock was moved', { now: new Date(clock.now()) }))
  const folder = stack.use(openDataFolder(config.data))
  let crew: Crew | undefined
  const load = new Load(config.workers)
  const parts = await openParts({
    config,
    load,
    trailFolder: folder.trailFolder,
    log,
    clock,
    stack,
    prepare: async (store) => {
      testClock?.jump(await storedOffset(store.documents))
      await ensureFirstAccount(store, config, clock.now())
    },
    ...(config.workers > 1 && {
      announce: async (name, isOpen) => crew?.announce({ name, isOpen }),
      invalidate: async (key) => crew?.drop(key),
      settle: async () => crew?.hear(),
    }),
  })
  const { store, archive, metrics, onFailure } = parts
  // Before anything arrives: what was arriving when the last process ended comes no more.
  await sweepLoose(store, clock.now(), true)
  await sweepCode(store)
  void archive
    .sweep(Date.now() - config['log-retention'] * dayMs)
    .catch((error) => log.warn('old policies cannot be swept', failureFields(error)))
  const sweepEvents = () =>
    void sweepLogs(store.documents, clock.now()).catch((error) =>
      log.warn('old log events cannot be swept', failureFields(error)),
    )
  const sweeper = setInterval(sweepEvents, sweepMs).unref()
  stack.defer(() => clearInterval(sweeper))

  const followers = new Set<(line: string) => void>()
  const opened = Promise.withResolvers<Listener>()
  const wholeTrail = (): Trail =>
    crew === undefined ? parts.trail : createCrewTrail(parts.trail, crew, followers)
  let isReady = false
  const accountsChanged = async () =>
    writeCredentials(folder.path, await listAccounts(store.documents), {
      endpoint: endpointOf(config, (await opened.promise).port),
      region: config.region,
      ...(parts.tls && { authorityPath: parts.tls.authority.path }),
    })
  const roads = createRoads({
    ...parts,
    answerOperator: createOperator(
      createOperations({
        store,
        get trail() {
          return wholeTrail()
        },
        archive,
        metricsText: async () => {
          const others = (await crew?.metrics()) ?? []
          const sum = Metrics.sum([metrics.snapshot(), ...others.map(({ counted }) => counted)])
          const own = {
            connections: await (await opened.promise).connections(),
            compiledStages: parts.deployments.size(),
            droppedRecords: parts.trail.dropped(),
            droppedLines: parts.logWriter.dropped(),
          }
          return sum.text({
            connections: total([own, ...others], 'connections'),
            compiledStages: total([own, ...others], 'compiledStages'),
            droppedRecords: total([own, ...others], 'droppedRecords'),
            droppedLines: total([own, ...others], 'droppedLines'),
          })
        },
        ids: randomIds,
        now: clock.now,
        ...(testClock && {
          moveClock: async (change) => {
            testClock.jump(await storeOffset(store.documents, change))
            await crew?.clock(testClock.offsetMs())
          },
        }),
        isReady: () => isReady,
        accountsChanged,
        ...(config['allow-reset'] && {
          reset: async () => {
            await reset(store, await firstAccount(store))
            testClock?.jump(0)
            await crew?.clock(0)
            await ensureFirstAccount(store, config, clock.now())
            await wholeTrail().empty()
            await accountsChanged()
          },
        }),
        ...(config.store === 'embedded' && { backup: () => backupFolder(folder.path) }),
      }),
      folder.operatorToken,
    ),
    integrationAddress: config['integration-address'],
    functionsAddress: config['functions-address'],
    edgeAddress: config['edge-address'],
  })

  const listener = await listenEverywhere({ config, parts, ...roads })
  stack.defer(() => listener.close(0))
  opened.resolve(listener)
  await parts.functions.open(roads.answerFunction, listener.port)
  parts.edge.open(roads.answerOrigin, listener.port)
  await parts.functions.runEvents(parts.aws)
  // Organizations makes accounts too: whoever does, the files have their profiles.
  stack.use(
    store.changes.subscribe((told) => {
      if (told.some(({ collection }) => collection === accountsCollection))
        accountsChanged().catch((error) =>
          log.error('the credentials file cannot be written', failureFields(error)),
        )
    }),
  )
  stack.use(
    watchCachedApis(
      store,
      (distribution, behaviors) =>
        log.warn(
          'a distribution keeps answers of an API: a hit asks neither key nor quota nor policy',
          { distribution, behaviors },
        ),
      (error) => log.warn('a distribution cannot be read', failureFields(error)),
    ),
  )
  const socket = await listenToOperator(folder, roads.answerOnSocket, onFailure, log)
  if (socket) stack.defer(() => socket.close(0))
  await accountsChanged()
  if (program !== undefined && config.workers > 1) {
    const begun = new Crew({
      size: config.workers - 1,
      program,
      start: () => ({ config, port: listener.port, clockOffsetMs: testClock?.offsetMs() ?? 0 }),
      log,
      counters: store.counters,
      load,
      onLine: (line) => {
        for (const follower of followers) follower(line)
      },
      onOwn: ({ name, isOpen }) => parts.upstream.hear(name, isOpen),
      onDrop: parts.kept.drop,
      onHear: () => store.changes.catchUp(),
    })
    stack.defer(() => begun.stop())
    crew = begun
    await begun.begin()
  }
  stack.use(
    await openTimetable({
      store,
      clock,
      ids: randomIds,
      aws: parts.aws,
      readInput: createReadInput(),
      log,
    }),
  )
  stack.use(openBucketWork({ store, clock, ids: randomIds, aws: parts.aws, log }))
  isReady = true

  const running = stack.move()
  return {
    endpoint: endpointOf(config, listener.port),
    data: folder.path,
    ...(parts.tls && { authorityPath: parts.tls.authority.path }),
    undeployedPolicies: await undeployedPolicies(store.documents),
    async close() {
      isReady = false
      await Promise.all([listener.close(graceMs), crew?.stop(), socket?.close(0)])
      await running.disposeAsync()
    },
  }
}

function total<Key extends string>(counts: readonly Readonly<Record<Key, number>>[], key: Key) {
  return counts.reduce((sum, each) => sum + each[key], 0)
}

async function ensureFirstAccount(
  { documents }: State,
  config: Config,
  nowMs: number,
): Promise<void> {
  const at = { ids: randomIds, nowMs }
  if ((await listAccounts(documents)).length === 0)
    await createAccount(documents, 'default', at, {
      accountId: config['account-id'],
      rootKey: config.rootKey,
    })
  await ensureOrganization(documents, (await listAccounts(documents))[0]!.accountId, at)
}

/** The oldest: the one that the first start made. */
async function firstAccount({ documents }: State): Promise<string> {
  return (await listAccounts(documents))[0]?.accountId ?? ''
}

/** Without the socket the token still works: a folder's name may be too long for one. */
async function listenToOperator(
  { socketPath }: DataFolder,
  answer: Parameters<typeof listen>[0]['answer'],
  onFailure: Parameters<typeof listen>[0]['onFailure'],
  log: Log,
): Promise<Listener | undefined> {
  // Whoever holds the folder's lock may take the place of a killed server's socket.
  rmSync(socketPath, { force: true })
  try {
    const on = { path: socketPath }
    const listener = await listen({ answer, on, onFailure, peerName: 'operator.sock' })
    chmodSync(socketPath, 0o600)
    return listener
  } catch (error) {
    log.warn('no operator socket; use the operator token', failureFields(error))
    return undefined
  }
}
