/** Is this host a distribution that speaks HTTP/2? Known beforehand: who shakes hands does not wait for the store. */
import { cloudfrontCollections, namesOverHttp2 } from '@sekisho/services'
import type { State } from '@sekisho/store'

export interface Http2Names extends Disposable {
  readonly has: (host: string) => boolean
}

export function openHttp2Names(
  { documents, changes }: Pick<State, 'documents' | 'changes'>,
  onFailure: (error: unknown) => void,
): Http2Names {
  let names: ReadonlySet<string> = new Set()
  let isReading = false
  let isStale = false
  const read = async () => {
    isStale = true
    if (isReading) return
    isReading = true
    try {
      while (isStale) {
        isStale = false
        names = await namesOverHttp2(documents)
      }
    } catch (error) {
      onFailure(error)
    } finally {
      isReading = false
    }
  }
  const { distributions } = cloudfrontCollections
  const subscription = changes.subscribe((told) => {
    if (told.some(({ collection }) => collection === distributions)) void read()
  })
  void read()
  return {
    has(host) {
      const labels = host.toLowerCase().split('.')
      if (names.has(labels.join('.'))) return true
      return labels.some((_, at) => at > 0 && names.has(['*', ...labels.slice(at)].join('.')))
    },
    [Symbol.dispose]: () => subscription[Symbol.dispose](),
  }
}
