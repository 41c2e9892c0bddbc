/** Responses that stages keep for a while, as many as fit: those asked for longest ago go first. */
import type { MappedResponse } from '../map-response.ts'

export interface KeptResponses {
  /** Undefined: not kept, or no longer. */
  readonly get: (key: string, nowMs: number) => MappedResponse | undefined
  readonly put: (key: string, response: MappedResponse, untilMs: number) => void
  /** Here and in every other process; a promise where there are others, who know when it resolves. */
  readonly invalidate: (key: string) => Promise<void> | undefined
  /** Another process has invalidated it. */
  readonly drop: (key: string) => void
  readonly sizeBytes: () => number
}

interface Kept {
  readonly response: MappedResponse
  readonly untilMs: number
  readonly sizeBytes: number
}

/** What an entry takes beside its text and bytes. */
const overheadBytes = 200

/** @param tellOthers  absent: nobody else keeps any */
export function keptResponses(
  mostBytes: number,
  tellOthers?: (key: string) => Promise<void>,
): KeptResponses {
  const kept = new Map<string, Kept>()
  let total = 0
  const drop = (key: string) => {
    total -= kept.get(key)?.sizeBytes ?? 0
    kept.delete(key)
  }
  return {
    get(key, nowMs) {
      const found = kept.get(key)
      if (found === undefined) return undefined
      if (nowMs >= found.untilMs) {
        drop(key)
        return undefined
      }
      kept.delete(key)
      kept.set(key, found)
      return found.response
    },
    put(key, response, untilMs) {
      drop(key)
      const sizeBytes = sizeOf(key, response)
      if (sizeBytes > mostBytes) return
      kept.set(key, { response, untilMs, sizeBytes })
      total += sizeBytes
      for (const oldest of kept.keys()) {
        if (total <= mostBytes) break
        drop(oldest)
      }
    },
    invalidate(key) {
      drop(key)
      return tellOthers?.(key)
    },
    drop,
    sizeBytes: () => total,
  }
}

/** Text takes up to two bytes a character. */
function sizeOf(key: string, { headers, body }: MappedResponse): number {
  const texts = headers.reduce((sum, text) => sum + text.length, key.length)
  return overheadBytes + 2 * texts + (typeof body === 'string' ? 2 * body.length : body.length)
}
