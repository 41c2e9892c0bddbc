/** The process, put together: from settings to listening sockets, and back down. */
import { chmodSync, rmSync } from 'node:fs'
import type { Deployment } from '@sekisho/gateway'
import {
  createAccount,
  listAccounts,
  openIdentities,
  services,
  type UndeployedPolicy,
  undeployedPolicies,
} from '@sekisho/services'
import { backupFolder, openStore, type Store } from '@sekisho/store'
import { createApi } from './api/answer.ts'
import { createCalls } from './calls.ts'
import type { Config } from './config.ts'
import { type DataFolder, openDataFolder, writeCredentials } from './data-folder.ts'
import { openDeployments } from './deployments.ts'
import { createFrontDoor } from './front-door.ts'
import { randomIds } from './ids.ts'
import { type Listener, listen } from './listen.ts'
import { createLog, failureFields, type Log } from './log.ts'
import { Metrics } from './metrics.ts'
import { createFindSource } from './net/source-address.ts'
import { createOperator } from './operator/answer.ts'
import { createOperations } from './operator/operations.ts'
import { reset } from './reset.ts'
import { createRoads } from './roads.ts'
import { openPolicyArchive } from './trail/policies.ts'
import { segmentLimits } from './trail/segments.ts'
import { openTrail } from './trail/trail.ts'
import { createUpstream } from './upstream.ts'

export interface RunningServer {
  /** `http://127.0.0.1:4566` */
  readonly endpoint: string
  readonly data: string
  /** Stages whose API has another policy than the one they serve. */
  readonly undeployedPolicies: readonly UndeployedPolicy[]
  /** Lets open requests end, then everything else. */
  readonly close: () => Promise<void>
}

/** How long open requests may take once the server is told to stop. */
const graceMs = 30_000
const dayMs = 86_400_000

/**
 * Starts a server.
 *
 * @throws LockedError, FormatError, AccountError; the errors of listening (EADDRINUSE …)
 */
export async function start(config: Config): Promise<RunningServer> {
  // Whatever this process writes is for its own user alone.
  process.umask(0o077)
  const log = createLog(config['log-level'])
  await using stack = new AsyncDisposableStack()
  const now = Date.now
  const folder = stack.use(openDataFolder(config.data))
  const store = stack.use(
    await openStore(config.store === 'embedded' ? `sqlite:${folder.path}` : config.store),
  )
  await ensureFirstAccount(store, config)

  const identities = stack.use(await openIdentities(store))
  const maxAgeMs = config['log-retention'] * dayMs
  const trail = stack.use(
    openTrail({
      folder: folder.trailFolder,
      retention: { maxAgeMs, ...segmentLimits },
      now,
      onFailure: (error) => log.error('the decision log cannot be written', failureFields(error)),
    }),
  )
  const archive = openPolicyArchive(store.documents, now, (error) =>
    log.error('a policy cannot be kept for explanations', failureFields(error)),
  )
  void archive.sweep(now() - maxAgeMs).catch((error) => log.warn('sweep', failureFields(error)))
  const metrics = new Metrics()
  const deployments = stack.use(
    openDeployments(store, ({ policy }: Deployment) => {
      if (typeof policy === 'object') archive.idOf(policy)
    }),
  )
  const upstream = stack.use(createUpstream())

  let listener: Listener | undefined
  let isReady = false
  const accountsChanged = async () =>
    writeCredentials(folder.path, await listProfiles(store), {
      endpoint: endpointOf(config.host, listener!.port),
      region: config.region,
    })
  const firstAccountId = config['account-id']
  const roads = createRoads({
    frontDoor: createFrontDoor(config['host-names']),
    findSource: createFindSource(config['trust-proxy']),
    answerCall: createCalls({
      deployments,
      ports: { nowMs: now, identify: identities.find, send: upstream.send },
      gateway: { strictPaths: config['strict-paths'] },
      archive,
      trail,
      log,
    }),
    answerApi: createApi({
      services,
      store,
      ids: randomIds,
      now,
      trail,
      log,
      identities,
      mode: config.iam,
      firstAccountId: () => firstAccountId,
    }),
    answerOperator: createOperator(
      createOperations({
        store,
        trail,
        archive,
        metrics,
        ids: randomIds,
        now,
        isReady: () => isReady,
        connections: () => listener!.connections(),
        compiledStages: deployments.size,
        accountsChanged,
        ...(config['allow-reset'] && {
          reset: async () => {
            await reset(store, await firstAccount(store))
            await trail.empty()
            await accountsChanged()
          },
        }),
        ...(config.store === 'embedded' && { backup: () => backupFolder(folder.path) }),
      }),
      folder.operatorToken,
    ),
    metrics,
    trail,
    integrationAddress: config['integration-address'],
  })

  const onFailure = (error: unknown, requestId: string) =>
    log.error('a request failed', { requestId, ...failureFields(error) })
  const opened = await listen({
    answer: roads.answer,
    on: { host: config.host, port: config.port },
    onFailure,
    isOwn: upstream.isOwn,
  })
  listener = opened
  const socket = await listenToOperator(folder, roads.answerOnSocket, onFailure, log)
  await accountsChanged()
  isReady = true

  const running = stack.move()
  return {
    endpoint: endpointOf(config.host, opened.port),
    data: folder.path,
    undeployedPolicies: await undeployedPolicies(store.documents),
    async close() {
      isReady = false
      await Promise.all([opened.close(graceMs), socket?.close(0)])
      await running.disposeAsync()
    },
  }
}

async function ensureFirstAccount(store: Store, config: Config): Promise<void> {
  if ((await listAccounts(store.documents)).length > 0) return
  await createAccount(
    store.documents,
    'default',
    { ids: randomIds, nowMs: Date.now() },
    { accountId: config['account-id'], rootKey: config.rootKey },
  )
}

/** The oldest: the one that the first start made. */
async function firstAccount({ documents }: Store): Promise<string> {
  return (await listAccounts(documents))[0]?.accountId ?? ''
}

function listProfiles(store: Store) {
  return listAccounts(store.documents)
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

function endpointOf(host: string, port: number): string {
  // An address of every interface is none to call.
  const callable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `http://${callable.includes(':') ? `[${callable}]` : callable}:${port}`
}
