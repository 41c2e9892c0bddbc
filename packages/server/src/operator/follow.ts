/** The decision log as it is written, for as long as somebody reads. */
import type { LogFilter, Trail } from '../trail/trail.ts'

/** A reader that stops reading is let go rather than remembered for. */
const mostWaiting = 100_000
/** An empty line now and then shows a broken connection. */
const heartbeatMs = 15_000

export async function* follow(
  trail: Trail,
  filter: LogFilter,
  lastLines: number,
): AsyncGenerator<string> {
  const waiting: string[] = []
  let wake: () => void = () => {}
  using _following = trail.follow(filter, (line) => {
    if (waiting.length < mostWaiting) waiting.push(line)
    wake()
  })
  const heartbeat = setInterval(() => {
    waiting.push('\n')
    wake()
  }, heartbeatMs)
  heartbeat.unref()
  try {
    // The headers leave with the first bytes.
    yield lastLines > 0 ? (await trail.last(lastLines, filter)).join('') || '\n' : '\n'
    for (;;) {
      if (waiting.length === 0)
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      if (waiting.length >= mostWaiting) return
      yield waiting.splice(0).join('')
    }
  } finally {
    clearInterval(heartbeat)
  }
}
