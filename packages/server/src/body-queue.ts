/** A body that comes in faster than it is taken: a little of it waits here, the rest with the sender. */

import { ClientGoneError } from './arrival.ts'

export interface BodyQueue {
  /** Taken once, or destroyed: nobody wants what has not been taken. */
  readonly body: AsyncIterable<Uint8Array> & { readonly destroy: () => void }
  readonly push: (chunk: Uint8Array) => void
  readonly end: () => void
  readonly fail: (error: Error) => void
}

export interface Sender {
  readonly pause: () => void
  readonly resume: () => void
  /** Nobody wants the rest. */
  readonly abort: () => void
}

const mostWaiting = 256 * 1024

export function createBodyQueue(sender: Sender): BodyQueue {
  const chunks: Uint8Array[] = []
  let waitingBytes = 0
  let isPaused = false
  let hasEnded = false
  let failure: Error | undefined
  let wake: (() => void) | undefined
  const woken = () => {
    wake?.()
    wake = undefined
  }
  return {
    push(chunk) {
      chunks.push(chunk)
      waitingBytes += chunk.length
      if (waitingBytes > mostWaiting && !isPaused) {
        isPaused = true
        sender.pause()
      }
      woken()
    },
    end() {
      hasEnded = true
      woken()
    },
    fail(error) {
      failure = error
      woken()
    },
    body: {
      destroy() {
        if (hasEnded || failure !== undefined) return
        chunks.length = 0
        failure = new ClientGoneError('nobody wants the rest')
        sender.abort()
        woken()
      },
      async *[Symbol.asyncIterator]() {
        try {
          for (;;) {
            const chunk = chunks.shift()
            if (chunk !== undefined) {
              waitingBytes -= chunk.length
              if (isPaused && waitingBytes === 0) {
                isPaused = false
                sender.resume()
              }
              yield chunk
            } else if (failure !== undefined) throw failure
            else if (hasEnded) return
            else
              await new Promise<void>((resolve) => {
                wake = resolve
              })
          }
        } finally {
          if (!hasEnded && failure === undefined) sender.abort()
        }
      },
    },
  }
}
