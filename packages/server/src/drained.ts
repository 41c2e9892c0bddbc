/** When can more be written? */
import type { Writable } from 'node:stream'

/** Resolves also when nothing more can be. */
export function drained(to: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      to.removeListener('drain', done)
      to.removeListener('close', done)
      resolve()
    }
    to.on('drain', done)
    to.on('close', done)
  })
}
