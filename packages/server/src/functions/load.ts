/** How many events are being answered, or wait for it: of each function, and of each account in a region. */
import { type RunnableFunction, RunnerError } from '@sekisho/services'
import type { Questions, Wire } from '../workers/wire.ts'

/** @see Lambda Developer Guide, "Understanding Lambda function scaling" (account concurrency) */
const mostOfAccount = 1_000

/** Lets events in, up to what the function has reserved and the account may have. */
export interface Admission {
  /**
   * Counts one more, until what it returns is called.
   *
   * @param reserved  how many of its own the function has
   * @throws RunnerError RESERVED_CONCURRENCY, CONCURRENCY
   */
  readonly enter: (
    fn: Pick<RunnableFunction, 'accountId' | 'functionArn' | 'region'>,
    reserved: number | undefined,
  ) => (() => void) | Promise<() => void>
}

export class Load implements Admission {
  readonly #counts = new Map<string, number>()
  readonly #mostOfAccount: number

  /** @param processes  that answer beside one another: what an account may have is shared out, not multiplied */
  constructor(processes = 1) {
    this.#mostOfAccount = Math.ceil(mostOfAccount / processes)
  }

  enter(
    { functionArn, accountId, region }: Parameters<Admission['enter']>[0],
    reserved: number | undefined,
  ): () => void {
    const account = `${accountId}/${region}`
    if (this.#of(account) >= this.#mostOfAccount)
      throw new RunnerError('CONCURRENCY', 'Rate Exceeded.')
    if (!this.take(functionArn, reserved))
      throw new RunnerError('RESERVED_CONCURRENCY', 'Rate Exceeded.')
    this.#counts.set(account, this.#of(account) + 1)
    return () => {
      this.leave(functionArn)
      this.leave(account)
    }
  }

  /** @returns whether the function may answer one more */
  take(functionArn: string, reserved: number | undefined): boolean {
    const count = this.#of(functionArn)
    if (reserved !== undefined && count >= reserved) return false
    this.#counts.set(functionArn, count + 1)
    return true
  }

  leave(name: string): void {
    const count = this.#of(name) - 1
    if (count > 0) this.#counts.set(name, count)
    else this.#counts.delete(name)
  }

  #of(name: string): number {
    return this.#counts.get(name) ?? 0
  }
}

/** What a worker may ask of the process that counts for all. */
type LoadQuestion = 'enter' | 'leave'

/** Of the process that counts, for one worker. */
export function answerLoad(load: Load): {
  readonly handlers: {
    readonly [Name in LoadQuestion]: (asked: Questions[Name][0]) => Questions[Name][1]
  }
  /** The worker is gone, and with it whatever it was answering. */
  readonly leaveAll: () => void
} {
  const entered: string[] = []
  return {
    handlers: {
      enter({ functionArn, reserved }) {
        const isIn = load.take(functionArn, reserved)
        if (isIn) entered.push(functionArn)
        return isIn
      },
      leave(functionArn) {
        const at = entered.indexOf(functionArn)
        if (at < 0) return null
        entered.splice(at, 1)
        load.leave(functionArn)
        return null
      },
    },
    leaveAll() {
      for (const functionArn of entered.splice(0)) load.leave(functionArn)
    },
  }
}

/** Of a worker: what functions have reserved is one limit, however many processes answer. */
export function askLoad(wire: Pick<Wire, 'ask'>, processes: number): Admission {
  const own = new Load(processes)
  return {
    enter(fn, reserved) {
      const leave = own.enter(fn, undefined)
      if (reserved === undefined) return leave
      const { functionArn } = fn
      return wire.ask('enter', { functionArn, reserved }).then(
        (isIn) => {
          if (isIn)
            return () => {
              leave()
              // Where nobody counts any more, this process ends as well.
              wire.ask('leave', functionArn).catch(() => {})
            }
          leave()
          throw new RunnerError('RESERVED_CONCURRENCY', 'Rate Exceeded.')
        },
        (cause) => {
          leave()
          throw new RunnerError('CONCURRENCY', 'nobody counts what is running', { cause })
        },
      )
    },
  }
}
