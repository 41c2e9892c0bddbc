/** How much of a body went by, when it began, and that it is over. */
import type { BodyStream } from './ports.ts'
import type { Progress } from './progress.ts'

/** @param onOver  once, whether it came to its end or not */
export function watched(stream: BodyStream, progress: Progress, onOver: () => void): BodyStream {
  const { times } = progress
  let isOver = false
  progress.streamedBytes = 0
  const over = () => {
    if (isOver) return
    isOver = true
    onOver()
  }
  return {
    destroy() {
      stream.destroy?.()
      over()
    },
    async *[Symbol.asyncIterator]() {
      try {
        for await (const piece of stream) {
          if (times && progress.streamedBytes === 0) times.firstContent = times.now()
          progress.streamedBytes! += piece.length
          yield piece
        }
      } finally {
        over()
      }
    },
  }
}
