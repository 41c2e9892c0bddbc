/** A process that serves beside the first one, on the same port and the same state. */

import { type Clock, createTestClock, machineClock } from '../clock.ts'
import { joinDataFolder } from '../data-folder.ts'
import { askLoad } from '../functions/load.ts'
import type { Listener } from '../listen.ts'
import { listenEverywhere } from '../listeners.ts'
import { createLog } from '../log.ts'
import { openParts, type Parts } from '../parts.ts'
import { createRoads } from '../roads.ts'
import { askCounters } from './crew-counters.ts'
import { createForwarder } from './forward.ts'
import { Wire, type WorkerStart } from './wire.ts'

const graceMs = 30_000

/** Serves until the first process says stop, or is gone. */
export async function runWorker(): Promise<void> {
  process.umask(0o077)
  // A terminal's signals reach every process of the group; the first one tells the others.
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => {})
  const stopped = Promise.withResolvers<void>()
  await using stack = new AsyncDisposableStack()
  let starting: Promise<unknown> | undefined
  let serving: { readonly parts: Parts; readonly listener: Listener } | undefined
  let following: Disposable | undefined
  const testClock = createTestClock()
  const wire = new Wire(process, {
    async start(start) {
      testClock.jump(start.clockOffsetMs)
      const clock = start.config['test-clock'] ? testClock : machineClock
      const begun = serve(start, clock, stack, wire)
      starting = begun
      serving = await begun
      return null
    },
    async stop() {
      // Half begun it cannot be taken apart.
      await starting?.catch(() => {})
      await serving?.listener.close(graceMs)
      stopped.resolve()
      return null
    },
    metrics: async () => ({
      counted: serving!.parts.metrics.snapshot(),
      connections: await serving!.listener.connections(),
      compiledStages: serving!.parts.deployments.size(),
      droppedRecords: serving!.parts.trail.dropped(),
      droppedLines: serving!.parts.logWriter.dropped(),
    }),
    async settle(how) {
      await (how === 'end' ? serving?.parts.trail.end() : serving?.parts.trail.flush())
      return null
    },
    async hear() {
      await serving?.parts.store.changes.catchUp()
      return null
    },
    clock(offsetMs) {
      testClock.jump(offsetMs)
      return null
    },
    follow(isFollowing) {
      following?.[Symbol.dispose]()
      following = isFollowing
        ? serving?.parts.trail.follow({}, (line) => void wire.ask('line', line).catch(() => {}))
        : undefined
      return null
    },
    drop(key) {
      serving?.parts.kept.drop(key)
      return null
    },
    own({ name, isOpen }) {
      serving?.parts.upstream.hear(name, isOpen)
      return null
    },
  })
  // Without the first process nobody holds the folder's lock for us.
  const orphaned = () => process.exit(1)
  process.on('disconnect', orphaned)
  await stopped.promise
  await stack.disposeAsync()
  process.off('disconnect', orphaned)
  process.disconnect?.()
}

async function serve(
  { config, port }: WorkerStart,
  clock: Clock,
  stack: AsyncDisposableStack,
  wire: Wire,
): Promise<{ readonly parts: Parts; readonly listener: Listener }> {
  const folder = joinDataFolder(config.data)
  const parts = await openParts({
    config,
    trailFolder: folder.trailFolder,
    log: createLog(config['log-level']),
    clock,
    stack,
    counters: askCounters(wire),
    load: askLoad(wire, config.workers),
    announce: async (name, isOpen) => {
      await wire.ask('own', { name, isOpen })
    },
    invalidate: async (key) => {
      await wire.ask('drop', key)
    },
    settle: async () => {
      await wire.ask('hear', null)
    },
  })
  const roads = createRoads({
    ...parts,
    answerOperator: createForwarder(folder.socketPath, folder.operatorToken),
    integrationAddress: config['integration-address'],
    functionsAddress: config['functions-address'],
    edgeAddress: config['edge-address'],
  })
  const listener = await listenEverywhere({ config, parts, ...roads, port })
  await parts.functions.open(roads.answerFunction, port)
  parts.edge.open(roads.answerOrigin, port)
  return { parts, listener }
}
