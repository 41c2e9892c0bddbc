/** The body of an answer that goes on as it comes: at the pace of who takes it, and given up where nothing comes. */
import { type BodyQueue, createBodyQueue } from '../body-queue.ts'
import type { Sent } from './pool.ts'

/** Looks at how long nothing comes. */
export interface Silence {
  /** Something came. */
  readonly heard: () => void
  /** Whoever takes nothing is not waited for. */
  readonly pause: () => void
  readonly resume: () => void
  /** Nobody looks any more. */
  readonly stop: () => void
}

export function watchSilence(ms: number, onSilence: () => void): Silence {
  let isPaused = false
  const timer = setTimeout(() => {
    if (isPaused) timer.refresh()
    else onSilence()
  }, ms)
  return {
    heard: () => void timer.refresh(),
    pause() {
      isPaused = true
    },
    resume() {
      isPaused = false
      timer.refresh()
    },
    stop: () => clearTimeout(timer),
  }
}

/** @param onUnwanted  nobody takes the rest: the request is over */
export function streamedBody(sent: Sent, silence: Silence, onUnwanted: () => void): BodyQueue {
  return createBodyQueue({
    pause() {
      silence.pause()
      sent.pause()
    },
    resume() {
      silence.resume()
      sent.resume()
    },
    abort() {
      onUnwanted()
      sent.cancel()
    },
  })
}
