/** Which requests are being answered, whether or not their clients are still there? What they do is not cut off half-way. */
import type { Answer } from './listen.ts'

export interface InFlight {
  readonly answer: Answer
  /** Resolves when none is left. */
  readonly ended: () => Promise<void>
}

export function inFlight(answer: Answer): InFlight {
  let count = 0
  const waiting: (() => void)[] = []
  const end = () => {
    count--
    if (count === 0) for (const resolve of waiting.splice(0)) resolve()
  }
  return {
    answer(arrival) {
      const reply = answer(arrival)
      if (reply instanceof Promise) {
        count++
        reply.then(end, end)
      }
      return reply
    },
    ended: () =>
      count === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve)),
  }
}
