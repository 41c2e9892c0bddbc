/** The decision log of all processes as one. */
import { lineMayPass, type Trail } from '../trail/trail.ts'
import type { Crew } from './crew.ts'

/** What is asked of the log concerns everybody; recording stays with each. */
export function createCrewTrail(
  own: Trail,
  crew: Crew,
  followers: Set<(line: string) => void>,
): Trail {
  return {
    ...own,
    async find(requestId) {
      await crew.settle('flush')
      return own.find(requestId)
    },
    async last(limit, filter) {
      await crew.settle('flush')
      return own.last(limit, filter)
    },
    follow(filter, onLine) {
      const follower = (line: string) => {
        if (lineMayPass(line, filter)) onLine(line)
      }
      followers.add(follower)
      if (followers.size === 1) void crew.follow(true)
      const following = own.follow(filter, onLine)
      return {
        [Symbol.dispose]() {
          following[Symbol.dispose]()
          followers.delete(follower)
          if (followers.size === 0) void crew.follow(false)
        },
      }
    },
    async empty() {
      await crew.settle('end')
      await own.empty()
    },
  }
}
