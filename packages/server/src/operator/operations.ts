/** What operators may ask of this server. */
import {
  type AccountWithKey,
  createAccount,
  type IdSource,
  issueTo,
  listAccounts,
  rotateRootKey,
  undeployedPolicies,
  type Wanted,
} from '@sekisho/services'
import type { State } from '@sekisho/store'
import type { PolicyArchive } from '../trail/policies.ts'
import type { Trail } from '../trail/trail.ts'
import type { Operations } from './answer.ts'
import { explain } from './explain.ts'
import { follow } from './follow.ts'
import { json, OperatorError, plainText, streamed } from './replies.ts'

export interface OperationsOptions {
  readonly store: State
  readonly trail: Trail
  readonly archive: PolicyArchive
  /** Prometheus text, of every process. */
  readonly metricsText: () => Promise<string>
  readonly ids: IdSource
  readonly now: () => number
  readonly isReady: () => boolean
  /** Writes credentials and config anew. */
  readonly accountsChanged: () => Promise<void>
  /** Absent: not allowed on this server. */
  readonly reset?: () => Promise<void>
  /** Absent: time is the machine's. Takes the offset in milliseconds, gives the next. */
  readonly moveClock?: (change: (offsetMs: number) => number) => Promise<void>
  /** Absent: nothing is on disk. */
  readonly backup?: () => AsyncIterable<Uint8Array>
}

const mostLines = 100_000
/** That the first account is made with. */
const firstAccountName = 'default'

export function createOperations(options: OperationsOptions): Operations {
  const { store, ids, now } = options
  const { documents } = store
  return {
    health: () => json(200, { status: 'ok' }),
    ready: () =>
      options.isReady() ? json(200, { status: 'ready' }) : json(503, { status: 'not ready' }),
    metrics: async () =>
      plainText(200, await options.metricsText(), 'text/plain; version=0.0.4; charset=utf-8'),
    async log(query) {
      const filter = {
        denied: query.get('denied') === '1',
        ...(query.has('api') && { apiId: query.get('api')! }),
      }
      const isFollowing = query.get('follow') === '1'
      const limit = limitOf(query.get('limit') ?? (isFollowing ? '0' : '100'))
      const type = 'application/x-ndjson'
      if (isFollowing) return streamed(follow(options.trail, filter, limit), type)
      return plainText(200, (await options.trail.last(limit, filter)).join(''), type)
    },
    explain: async (requestId) => json(200, await explain(requestId, options)),
    async credentials(body) {
      const { account = firstAccountName, role, user } = (body ?? {}) as Partial<Wanted>
      const names = [account, role, user].filter((name) => name !== undefined)
      if (names.length !== 2 || !names.every((name) => typeof name === 'string'))
        throw new OperatorError(400, 'name a `role` or a `user`, and its `account`')
      const nowMs = now()
      return json(200, await issueTo({ account, role, user }, { documents, ids, nowMs }))
    },
    accounts: async () => json(200, await listAccounts(documents)),
    async createAccount(body) {
      const { name } = (body ?? {}) as { name?: unknown }
      if (typeof name !== 'string') throw new OperatorError(400, 'give a `name` for the account')
      return changed(await createAccount(documents, name, { ids, nowMs: now() }))
    },
    rotateKey: async (name) => changed(await rotateRootKey(documents, name, ids)),
    apis: async () => json(200, { undeployedPolicies: await undeployedPolicies(documents) }),
    async reset() {
      if (options.reset === undefined)
        throw new OperatorError(403, 'start the server with `--allow-reset` to allow this')
      await options.reset()
      return json(200, { status: 'empty' })
    },
    clock() {
      if (options.moveClock === undefined) throw noTestClock()
      return json(200, { now: new Date(now()).toISOString() })
    },
    async moveClock(body) {
      if (options.moveClock === undefined) throw noTestClock()
      await options.moveClock(changeOf(body))
      return json(200, { now: new Date(now()).toISOString() })
    },
    async backup() {
      if (options.backup === undefined)
        throw new OperatorError(400, 'a server without a data folder has nothing to back up')
      return streamed(options.backup(), 'application/x-tar')
    },
  }

  async function changed(account: AccountWithKey) {
    await options.accountsChanged()
    return json(200, account)
  }
}

const noTestClock = () =>
  new OperatorError(403, 'start the server with `--test-clock` to have a clock that can be moved')

/** The last instant of the year 9999: later dates have no form that AWS's clients read. */
const latestMs = 253_402_300_799_999

function changeOf(body: unknown): (offsetMs: number) => number {
  const { time, advanceMs } = (body ?? {}) as { time?: unknown; advanceMs?: unknown }
  const isTime = typeof time === 'string' && advanceMs === undefined
  const isStep = Number.isSafeInteger(advanceMs) && time === undefined
  if (!isTime && !isStep)
    throw new OperatorError(400, 'give either a `time` or `advanceMs`, a whole number')
  const toMs = isTime ? instantOf(time) : undefined
  return (offsetMs) => {
    const machineMs = Date.now()
    const nextMs = toMs ?? machineMs + offsetMs + (advanceMs as number)
    if (!(nextMs >= 0 && nextMs <= latestMs))
      throw new OperatorError(400, 'the clock goes from 1970 to 9999')
    return nextMs - machineMs
  }
}

/** A time without a zone would be another one on every machine. */
function instantOf(time: string): number {
  const isWhole = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/.test(time)
  const ms = isWhole ? Date.parse(time) : Number.NaN
  if (Number.isNaN(ms))
    throw new OperatorError(400, `\`${time}\` is no time; write it like \`2030-01-31T09:00:00Z\``)
  return ms
}

function limitOf(text: string): number {
  if (!/^\d{1,6}$/.test(text) || Number(text) > mostLines)
    throw new OperatorError(400, `\`limit\` is a number up to ${mostLines}`)
  return Number(text)
}
