/** Functions on this server: what runs them, and the way by which they reach it. */
import { join } from 'node:path'
import {
  type CallAws,
  type FunctionRunner,
  type IdSource,
  issueToFunction,
  RunnerError,
} from '@sekisho/services'
import type { State } from '@sekisho/store'
import type { Clock } from '../clock.ts'
import type { Config } from '../config.ts'
import { endpointOf } from '../endpoint.ts'
import { type Answer, type Listener, listen } from '../listen.ts'
import { failureFields, type Log } from '../log.ts'
import type { LogWriter } from '../log-writer.ts'
import { type CodeLinks, openCodeLinks } from './code-links.ts'
import { openEventQueue } from './event-queue.ts'
import type { Admission } from './load.ts'
import { createRunner } from './runner.ts'
import { openSocketPlace } from './socket-place.ts'

export interface FunctionsHost extends AsyncDisposable {
  readonly runner: FunctionRunner
  /** Functions may call from now on. @param port  of the server, which is theirs inside too */
  readonly open: (answer: Answer, port: number) => Promise<void>
  readonly answerCode: CodeLinks['answer']
  /** Events that nobody waits for are run from now on; one process of a server does it. */
  readonly runEvents: (aws: CallAws) => Promise<void>
}

export interface HostOptions {
  readonly config: Config
  readonly store: Pick<State, 'blobs' | 'changes' | 'documents'>
  readonly ids: IdSource
  readonly clock: Clock
  readonly load: Admission
  readonly log: Log
  readonly logWriter: Pick<LogWriter, 'write'>
  readonly onFailure: (error: unknown, requestId: string) => void
}

const credentialsSeconds = 12 * 3_600

export function openFunctionsHost(options: HostOptions): FunctionsHost {
  const { config, store, ids, clock, load, log, logWriter, onFailure } = options
  const { now } = clock
  const place = openSocketPlace(join(config.data, 'sockets'))
  let port = 0
  let listener: Listener | undefined
  const runner = createRunner({
    mode: config.functions,
    network: config['functions-network'],
    folder: join(config.data, 'functions'),
    socket: place,
    port: () => port,
    blobs: store.blobs,
    load,
    credentials: async ({ accountId, roleArn, name, functionArn }) => {
      const issuing = { documents: store.documents, ids, nowMs: now() }
      const issued = await issueToFunction(
        { accountId, roleArn, name, functionArn, seconds: credentialsSeconds },
        issuing,
      )
      if (issued === undefined)
        throw new RunnerError(
          'ROLE',
          'The role defined for the function cannot be assumed by Lambda.',
        )
      return { ...issued, expiresAtMs: issued.expiresAt }
    },
    log({ accountId, region, name, logGroup, roleArn }, streamName) {
      const as = { accountId, roleArn, service: 'lambda.amazonaws.com', sessionName: name }
      const group = { accountId, region, name: logGroup }
      const target = { group, streamName, makesGroup: true, as }
      return (line) => {
        log.debug('function', { logGroup, logStream: streamName, line })
        logWriter.write(target, `${line}\n`)
      }
    },
    ids,
    now,
    path: config.path,
    processes: config.workers,
  })
  const urlOf = (urlId: string, region: string) =>
    `${config.tls ? 'https' : 'http'}://${urlId}.lambda-url.${region}.localhost:${port}/`
  const links = openCodeLinks({
    store,
    ids,
    now: Date.now,
    endpoint: () => endpointOf(config, port),
  })
  const events = openEventQueue({
    store,
    clock,
    ids,
    functions: runner,
    onFailure: (error) => log.error('an event cannot be run', failureFields(error)),
  })
  return {
    runner: { ...runner, hasRoomFor: events.hasRoomFor, linkTo: links.linkTo, urlOf },
    answerCode: links.answer,
    async runEvents(aws) {
      await runner.sweep()
      await events.begin(aws)
    },
    async open(answer, theirs) {
      port = theirs
      listener = await listen({
        answer,
        on: { path: place.address },
        onFailure,
        peerName: 'functions',
      })
    },
    async [Symbol.asyncDispose]() {
      await events[Symbol.asyncDispose]()
      await runner[Symbol.asyncDispose]()
      await listener?.close(0)
      place[Symbol.dispose]()
    },
  }
}
