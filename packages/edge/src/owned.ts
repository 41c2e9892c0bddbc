/** What is kept holds on to nothing but itself: a text or a body cut out of a larger one would keep all of that alive. */
import type { Stored } from './stored.ts'

export type Own = (key: string, stored: Stored) => { readonly key: string; readonly stored: Stored }

/** Names and values of headers that many answers have, once for all of them. */
const mostShared = 4_096
const longestShared = 64

export function createOwner(): Own {
  const shared = new Map<string, string>()
  const share = (text: string): string => {
    if (text.length > longestShared) return text
    const known = shared.get(text)
    if (known !== undefined) return known
    if (shared.size >= mostShared) shared.clear()
    shared.set(text, text)
    return text
  }
  return (key, stored) => {
    const texts = copied([key, stored.uri, ...stored.headers])
    return {
      key: texts[0]!,
      stored: {
        ...stored,
        uri: texts[1]!,
        headers: texts.slice(2).map(share),
        body: alone(stored.body),
      },
    }
  }
}

/** Other strings of the same letters: neither slices nor chains of what they were made from. */
function copied(texts: readonly string[]): readonly string[] {
  return JSON.parse(JSON.stringify(texts)) as readonly string[]
}

export function ownText(text: string): string {
  return copied([text])[0]!
}

/** In a buffer of its own, which has no room for anything else. */
function alone(body: Uint8Array): Uint8Array {
  return body.byteLength === body.buffer.byteLength ? body : new Uint8Array(body)
}
