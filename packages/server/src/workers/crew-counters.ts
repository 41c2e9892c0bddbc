/** The counters of all processes as one: the first process has them, the others ask it. */
import { type Counters, CountersError, type Draw } from '@sekisho/store'
import type { Questions, Wire } from './wire.ts'

/** What a worker may ask for. */
type CounterQuestion = 'draw' | 'read' | 'shift' | 'forget'

/** A process that does not answer for so long has not counted. */
const answerMs = 2_000

/** Of the process that has them. */
export function answerCounters(counters: Counters): {
  readonly [Name in CounterQuestion]: (
    asked: Questions[Name][0],
  ) => Questions[Name][1] | Promise<Questions[Name][1]>
} {
  return {
    async draw({ all, nowMs }) {
      const answers: number[] = []
      for (const draws of all) answers.push(await counters.draw(draws, nowMs))
      return answers
    },
    read: (count) => counters.read(count),
    shift: ({ count, period, by }) => counters.shift(count, period, by),
    async forget(prefix) {
      await counters.forget(prefix)
      return null
    },
  }
}

interface Waiting {
  readonly draws: readonly Draw[]
  readonly resolve: (refusing: number) => void
  readonly reject: (error: unknown) => void
}

/** Of a process that asks. What is drawn in one turn of the event loop is one question. */
export function askCounters(wire: Pick<Wire, 'ask'>): Counters {
  let group: Waiting[] = []
  const ask = async <Name extends CounterQuestion>(name: Name, asked: Questions[Name][0]) => {
    const late = Promise.withResolvers<never>()
    const timer = setTimeout(() => late.reject(new Error('no answer')), answerMs)
    try {
      return await Promise.race([wire.ask(name, asked), late.promise])
    } catch (cause) {
      throw new CountersError('the process that counts does not answer', { cause })
    } finally {
      clearTimeout(timer)
    }
  }
  const send = async (nowMs: number) => {
    const sent = group
    group = []
    try {
      const answers = await ask('draw', { all: sent.map(({ draws }) => draws), nowMs })
      for (const [at, { resolve }] of sent.entries()) resolve(answers[at]!)
    } catch (error) {
      for (const { reject } of sent) reject(error)
    }
  }
  return {
    draw(draws, nowMs) {
      const { promise, resolve, reject } = Promise.withResolvers<number>()
      if (group.push({ draws, resolve, reject }) === 1) setImmediate(() => void send(nowMs))
      return promise
    },
    read: (count) => ask('read', count),
    shift: (count, period, by) => ask('shift', { count, period, by }),
    forget: async (prefix) => void (await ask('forget', prefix)),
  }
}
