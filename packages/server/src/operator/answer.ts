/** Operator calls: log, explain, accounts, clock, reset, backup; and health, readiness and metrics, which need no token. */

import { timingSafeEqual } from 'node:crypto'
import { headerOf } from '@sekisho/protocols'
import { AccountError } from '@sekisho/services'
import { sha256 } from '@sekisho/sigv4'
import type { Arrival, Reply } from '../arrival.ts'
import { json, OperatorError } from './replies.ts'

/** What an operator's call may do; each is one function of the server. */
export interface Operations {
  readonly health: () => Reply
  readonly ready: () => Reply
  readonly metrics: () => Promise<Reply>
  readonly log: (query: URLSearchParams) => Promise<Reply>
  readonly explain: (requestId: string) => Promise<Reply>
  readonly accounts: () => Promise<Reply>
  readonly createAccount: (body: unknown) => Promise<Reply>
  readonly rotateKey: (name: string) => Promise<Reply>
  readonly apis: () => Promise<Reply>
  readonly reset: () => Promise<Reply>
  readonly credentials: (body: unknown) => Promise<Reply>
  readonly backup: () => Promise<Reply>
  readonly clock: () => Reply
  readonly moveClock: (body: unknown) => Promise<Reply>
}

interface Route {
  readonly method: 'GET' | 'POST'
  readonly path: RegExp
  /** Anyone who reaches the port may ask. */
  readonly isOpen?: true
  readonly run: (
    operations: Operations,
    match: RegExpExecArray,
    query: URLSearchParams,
    body: () => Promise<unknown>,
  ) => Reply | Promise<Reply>
}

const routes: readonly Route[] = [
  { method: 'GET', path: /^health$/, isOpen: true, run: (to) => to.health() },
  { method: 'GET', path: /^ready$/, isOpen: true, run: (to) => to.ready() },
  { method: 'GET', path: /^metrics$/, isOpen: true, run: (to) => to.metrics() },
  { method: 'GET', path: /^log$/, run: (to, _, query) => to.log(query) },
  { method: 'GET', path: /^explain\/([\w=-]{1,64})$/, run: (to, match) => to.explain(match[1]!) },
  { method: 'GET', path: /^accounts$/, run: (to) => to.accounts() },
  {
    method: 'POST',
    path: /^accounts$/,
    run: async (to, _, __, body) => to.createAccount(await body()),
  },
  {
    method: 'POST',
    path: /^accounts\/([\w+=,.@-]{1,50})\/rotate-key$/,
    run: (to, match) => to.rotateKey(match[1]!),
  },
  {
    method: 'POST',
    path: /^credentials$/,
    run: async (to, _, __, body) => to.credentials(await body()),
  },
  {
    method: 'GET',
    path: /^authorize(?:\/|$)/,
    isOpen: true,
    run() {
      throw new OperatorError(501, 'decisions for other gateways are not supported by Sekisho yet')
    },
  },
  { method: 'GET', path: /^apis$/, run: (to) => to.apis() },
  { method: 'POST', path: /^reset$/, run: (to) => to.reset() },
  { method: 'GET', path: /^clock$/, run: (to) => to.clock() },
  {
    method: 'POST',
    path: /^clock$/,
    run: async (to, _, __, body) => to.moveClock(await body()),
  },
  { method: 'POST', path: /^backup$/, run: (to) => to.backup() },
]

/** May anyone who reaches the port make this call? */
export function isOpenCall(method: string, path: string): boolean {
  return routes.some((route) => route.isOpen && route.method === method && route.path.test(path))
}

export type AnswerOperator = (
  arrival: Arrival,
  path: string,
  /** The unix socket vouches for its callers. */
  isVouched: boolean,
) => Promise<Reply & { outcome: string; isOpen: boolean }>

const bodyLimit = 64 * 1024

export function createOperator(operations: Operations, token: string): AnswerOperator {
  return async (arrival, path, isVouched) => {
    const matching = routes.filter((route) => route.path.test(path))
    const route = matching.find(({ method }) => method === arrival.method)
    const isOpen = route?.isOpen === true
    try {
      if (!isOpen && !isVouched && !hasToken(arrival, token))
        throw new OperatorError(
          401,
          'operator calls need the token in the data folder: `Authorization: Bearer …`',
        )
      if (route === undefined)
        throw matching.length > 0
          ? new OperatorError(405, 'this operator call has another method')
          : new OperatorError(404, 'there is no such operator call')
      const reply = await route.run(
        operations,
        route.path.exec(path)!,
        new URLSearchParams(arrival.rawQuery),
        () => bodyOf(arrival),
      )
      return { ...reply, outcome: reply.status < 400 ? 'allow' : 'failed', isOpen }
    } catch (error) {
      const failure = errorOf(error)
      if (failure === undefined) throw error
      return {
        ...json(failure.status, { message: failure.message }),
        outcome: failure.status === 401 ? 'implicit-deny' : 'failed',
        isOpen,
      }
    }
  }
}

function errorOf(error: unknown): OperatorError | undefined {
  if (error instanceof OperatorError) return error
  if (error instanceof AccountError)
    return new OperatorError(error.code.startsWith('NO_SUCH') ? 404 : 400, error.message)
  return undefined
}

/** Compared by hash, in constant time whatever the lengths. */
export function hasToken({ headers }: Arrival, token: string): boolean {
  const given = headerOf(headers, 'authorization') ?? ''
  return timingSafeEqual(
    Buffer.from(sha256(Buffer.from(given))),
    Buffer.from(sha256(Buffer.from(`Bearer ${token}`))),
  )
}

async function bodyOf(arrival: Arrival): Promise<unknown> {
  const bytes = await arrival.readBody(bodyLimit)
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch {
    throw new OperatorError(400, 'the body must be JSON')
  }
}
