/** What every serving process has: state, identities, deployments, the decision log, and the two roads that rest on them. */
import {
  type Deployment,
  type KeptResponses,
  keptResponses,
  type Ports,
  testAuthorizer,
  testMethod,
  UpstreamError,
} from '@sekisho/gateway'
import { type CallAws, openIdentities, services } from '@sekisho/services'
import { type Counters, openStore, type State, type Store } from '@sekisho/store'
import { type AnswerApi, type Api, createApi } from './api/answer.ts'
import { openApiKeys } from './api-keys.ts'
import { BrokenAnswerError, ClientGoneError } from './arrival.ts'
import { createCalls } from './calls.ts'
import type { Clock } from './clock.ts'
import type { Config } from './config.ts'
import { throttleOf } from './config-settings.ts'
import { type Deployments, openDeployments } from './deployments.ts'
import { type Domains, openDomains } from './domains.ts'
import { createEdgeFunctions, testEdgeFunctions } from './edge/function-runner.ts'
import { type EdgeHost, firstProcess, openEdgeHost } from './edge/host.ts'
import { openKeyValues } from './edge/key-value-reader.ts'
import { createFrontDoor, type FrontDoor } from './front-door.ts'
import { openFunctionCalls } from './function-calls.ts'
import { type FunctionsHost, openFunctionsHost } from './functions/host.ts'
import type { Admission } from './functions/load.ts'
import { type AnswerUrl, createUrlCalls } from './functions/url-calls.ts'
import { randomIds } from './ids.ts'
import { createServicePorts } from './integrations.ts'
import { createJournal } from './journal.ts'
import { failureFields, type Log } from './log.ts'
import { type LogWriter, openLogWriter } from './log-writer.ts'
import { Metrics } from './metrics.ts'
import { createFindSource, type FindSource } from './net/source-address.ts'
import { explainedRequest } from './operator/explain.ts'
import type { AnswerCall } from './roads.ts'
import { selfSigned } from './tls/self-signed.ts'
import { openServedTls, type ServedTls } from './tls/served.ts'
import { openPolicyArchive, type PolicyArchive } from './trail/policies.ts'
import { segmentLimits } from './trail/segments.ts'
import { openTrail, type Trail } from './trail/trail.ts'
import { createUpstream, type Upstream } from './upstream.ts'
import type { Announce } from './upstream-agents.ts'
import { openUserPools } from './user-pools.ts'
import { createNoteUse } from './uses.ts'
import { openWebKeys } from './web-keys.ts'
import { settled } from './workers/settled.ts'

export interface Parts {
  readonly store: State
  readonly trail: Trail
  readonly archive: PolicyArchive
  readonly metrics: Metrics
  readonly deployments: Deployments
  readonly domains: Domains
  /** Undefined: serves HTTP. */
  readonly tls: ServedTls | undefined
  readonly upstream: Upstream
  readonly edge: EdgeHost
  readonly functions: FunctionsHost
  readonly logWriter: LogWriter
  /** Of all stages' caches. */
  readonly kept: KeptResponses
  readonly frontDoor: FrontDoor
  readonly findSource: FindSource
  readonly answerCall: AnswerCall
  readonly answerApi: AnswerApi
  readonly answerUrl: AnswerUrl
  /** For work that no request asks for. */
  readonly aws: CallAws
  readonly onFailure: (error: unknown, requestId: string) => void
}

export interface PartsOptions {
  readonly config: Config
  readonly trailFolder: string
  readonly log: Log
  readonly clock: Clock
  /** Owns everything that has to be closed. */
  readonly stack: AsyncDisposableStack
  /** Runs before anything reads the store. */
  readonly prepare?: (store: Store) => Promise<void>
  readonly announce?: Announce
  /** Tells the other processes of this server that a kept response is to be made anew; resolves when they know. */
  readonly invalidate?: (key: string) => Promise<void>
  /** Counts the events of functions that are being answered. */
  readonly load: Admission
  /** Absent: the store's own, which only one process may use. */
  readonly counters?: Counters
  /** Resolves when every other process of this server has heard of what is committed. */
  readonly settle?: () => Promise<void>
}

export const dayMs = 86_400_000
/** Responses of all stages' caches, in each process. */
const mostKeptBytes = 128 * 1024 * 1024
/** What an answer ends with that was begun and is cut: nothing has failed here. */
const brokenOff = [BrokenAnswerError, ClientGoneError, UpstreamError]

/** @throws FormatError */
export async function openParts(options: PartsOptions): Promise<Parts> {
  const { config, trailFolder, log, clock, stack, prepare, announce, settle, load } = options
  const opened = stack.use(
    await openStore(config.store === 'embedded' ? `sqlite:${config.data}` : config.store),
  )
  await prepare?.(opened)
  const { blobs, changes } = opened
  const counters = options.counters ?? opened.counters
  const documents = settle ? settled(opened.documents, settle) : opened.documents
  const store: State = { documents, blobs, counters, changes }
  const identities = stack.use(await openIdentities(store, randomIds))
  const trail = stack.use(
    openTrail({
      folder: trailFolder,
      retention: { maxAgeMs: config['log-retention'] * dayMs, ...segmentLimits },
      now: Date.now,
      onFailure: (error) => log.error('the decision log cannot be written', failureFields(error)),
    }),
  )
  const archive = openPolicyArchive(opened.documents, Date.now, (error) =>
    log.error('a policy cannot be kept for explanations', failureFields(error)),
  )
  const deployments = stack.use(
    openDeployments(store, ({ policy }: Deployment) => {
      if (typeof policy === 'object') archive.idOf(policy)
    }),
  )
  const accountThrottle = throttleOf(config['account-throttle'])
  const apiKeys = stack.use(openApiKeys(store))
  const userPools = openUserPools(config['user-pools'], clock.now)
  const frontDoor = createFrontDoor(config['host-names'])
  const domains = stack.use(openDomains(store))
  const tls = openServedTls(config, frontDoor, domains, (error) =>
    log.error('a certificate cannot be read again', failureFields(error)),
  )
  const upstream = stack.use(
    createUpstream({ documents: store.documents, announce, authority: tls?.authority.cert }),
  )
  const onFailure = (error: unknown, requestId: string) => {
    if (!brokenOff.some((each) => error instanceof each))
      log.error('a request failed', { requestId, ...failureFields(error) })
  }
  const logWriter = stack.use(
    openLogWriter({
      // Lines are not what decisions go by: they need not be heard of everywhere before they count.
      documents: opened.documents,
      identities,
      now: clock.now,
      onFailure: (error) => log.error('logs cannot be written', failureFields(error)),
      onRefused: ({ group }, why) =>
        log.warn('lines do not reach their log group', { logGroup: group.name, why }),
    }),
  )
  const functions = stack.use(
    openFunctionsHost({ config, load, store, ids: randomIds, clock, log, logWriter, onFailure }),
  )
  const keyValues = stack.use(openKeyValues(store))
  const edgeFunctions = createEdgeFunctions(keyValues.find)
  const noteUse = createNoteUse(opened.documents, (error) =>
    log.warn('when a key or role was last used cannot be kept', failureFields(error)),
  )
  const api: Api = createApi({
    services,
    store,
    ids: randomIds,
    clock,
    ...(accountThrottle && { accountThrottle }),
    trail,
    archive,
    log,
    identities,
    region: config.region,
    explain: (requestId) => explainedRequest(requestId, { trail, archive, store }),
    noteUse,
    functions: functions.runner,
    testMethod: (tested) => testMethod(tested, ports),
    certify: selfSigned,
    testAuthorizer: (tested) => testAuthorizer(tested, ports),
    webKeys: openWebKeys(config['web-identity-keys'], clock.now),
    mode: config.iam,
    firstAccountId: () => config['account-id'],
    edgeFunctions: testEdgeFunctions(edgeFunctions),
  })
  const edge = stack.use(
    openEdgeHost({
      config,
      processName: options.counters === undefined ? firstProcess : `worker-${process.pid}`,
      store,
      frontDoor,
      domains,
      upstream,
      clock,
      trail,
      forward: api.forward,
      aws: api.begin,
      functions: edgeFunctions,
      onLogRefused: (distribution, why) =>
        log.warn('log lines do not reach their bucket', { distribution, why }),
      onFailure: (error) => log.error('a distribution failed', failureFields(error)),
    }),
  )
  const kept = keptResponses(mostKeptBytes, options.invalidate)
  const functionCalls = stack.use(
    openFunctionCalls({
      callFirst: api.callFirst,
      store,
      functions: functions.runner,
      ids: randomIds,
    }),
  )
  const ports: Ports = {
    nowMs: clock.now,
    machineNowMs: Date.now,
    identify: identities.find,
    noteUse,
    send: upstream.send,
    ...createServicePorts(api, functionCalls, randomIds),
    findKey: apiKeys.find,
    draw: (draws, nowMs) => store.counters.draw(draws, nowMs),
    journal: createJournal(logWriter),
    cache: kept,
    ...(accountThrottle && { accountThrottle }),
    ...(userPools && { userPools }),
  }
  return {
    store,
    logWriter,
    kept,
    functions,
    trail,
    archive,
    metrics: new Metrics(),
    deployments,
    domains,
    tls,
    upstream,
    edge,
    frontDoor,
    findSource: createFindSource(config['trust-proxy']),
    answerCall: createCalls({
      deployments,
      ports,
      gateway: { strictPaths: config['strict-paths'] },
      archive,
      trail,
      log,
    }),
    answerApi: api.answer,
    answerUrl: createUrlCalls({
      documents,
      identities,
      functions: functions.runner,
      clock,
      trail,
      archive,
      log,
    }),
    aws: api.begin,
    onFailure,
  }
}
