/** Which connection takes a request? One that rests, else a new one; those that rest too long end. */
import type { Socket } from 'node:net'
import { Connection, CutError, type Exchange } from './connection.ts'
import type { Address } from './request-head.ts'

/** @param callback  has one of the two */
export type Connect = (
  to: Address,
  callback: (error: Error | null, socket?: Socket | null) => void,
) => void

export interface PoolOptions {
  readonly connect: Connect
  readonly keepAliveMs: number
  readonly mostHeadBytes: number
}

/** A request under way. */
export interface Sent {
  /** On a connection that was there before. */
  readonly isKept: boolean
  /** Ends it, and the connection with it; nobody is told. */
  readonly cancel: () => void
  readonly pause: () => void
  readonly resume: () => void
}

export interface Pool extends Disposable {
  /** @param isFresh  not on a connection that was used before */
  readonly send: (to: Address, exchange: Exchange, isFresh?: boolean) => Sent
  /** What is under way goes on to its end, and nothing is kept. */
  readonly close: () => void
}

/** Of one origin; more end at once. */
const mostResting = 256
/** Connections that rest are looked at this often. */
const sweepMs = 5_000
/** A backend counts from the moment in which it sent, and we from the one in which we heard. */
const marginMs = 1_000

interface Resting {
  readonly connection: Connection
  readonly untilMs: number
}

export function createPool({ connect, keepAliveMs, mostHeadBytes }: PoolOptions): Pool {
  /** By origin; the latest is the last. */
  const resting = new Map<string, Resting[]>()
  const all = new Set<Connection>()
  let isClosed = false

  const rest = (origin: string, connection: Connection, saidMs = Number.POSITIVE_INFINITY) => {
    const ms = Math.min(keepAliveMs, saidMs - marginMs)
    const others = resting.get(origin) ?? []
    if (isClosed || ms <= 0 || others.length >= mostResting) {
      connection.destroy()
      return
    }
    others.push({ connection, untilMs: performance.now() + ms })
    resting.set(origin, others)
  }

  const take = (origin: string): Connection | undefined => {
    const now = performance.now()
    for (;;) {
      const latest = resting.get(origin)?.pop()
      if (latest === undefined) return undefined
      if (latest.untilMs > now) return latest.connection
      latest.connection.destroy()
    }
  }

  const forget = (origin: string, gone: Connection) => {
    all.delete(gone)
    const others = resting.get(origin)?.filter(({ connection }) => connection !== gone)
    if (others === undefined) return
    if (others.length === 0) resting.delete(origin)
    else resting.set(origin, others)
  }

  const opened = (origin: string, socket: Socket): Connection => {
    const connection = new Connection(
      socket,
      mostHeadBytes,
      (free, saidMs) => rest(origin, free, saidMs),
      (gone) => forget(origin, gone),
    )
    all.add(connection)
    return connection
  }

  const endResting = (isOver: (each: Resting) => boolean) => {
    for (const each of [...resting.values()].flat()) if (isOver(each)) each.connection.destroy()
  }
  const sweep = setInterval(() => {
    const now = performance.now()
    endResting(({ untilMs }) => untilMs <= now)
  }, sweepMs)
  sweep.unref()
  const close = () => {
    isClosed = true
    clearInterval(sweep)
    endResting(() => true)
  }

  return {
    send(to, exchange, isFresh = false) {
      const ready = isFresh ? undefined : take(to.origin)
      if (ready !== undefined) {
        ready.start(exchange)
        return sentOn(ready, exchange)
      }
      let connection: Connection | undefined
      let isCancelled = false
      connect(to, (error, socket) => {
        if (isCancelled) socket?.destroy()
        else if (!socket) exchange.onError(error ?? new CutError('no connection'))
        else {
          connection = opened(to.origin, socket)
          connection.start(exchange)
        }
      })
      return {
        isKept: false,
        cancel() {
          isCancelled = true
          connection?.cancel(exchange)
        },
        pause: () => connection?.pause(exchange),
        resume: () => connection?.resume(exchange),
      }
    },
    close,
    [Symbol.dispose]() {
      close()
      for (const connection of all) connection.destroy()
    },
  }
}

function sentOn(connection: Connection, exchange: Exchange): Sent {
  return {
    isKept: true,
    cancel: () => connection.cancel(exchange),
    pause: () => connection.pause(exchange),
    resume: () => connection.resume(exchange),
  }
}
