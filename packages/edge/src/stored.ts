/** An answer as it is kept, ready to be given again. */
import { withVary } from './compress.ts'
import { weak } from './conditions.ts'
import {
  type Headers,
  headerOf,
  hopByHop,
  kept,
  listOf,
  namedByConnection,
  tokensOf,
} from './headers.ts'
import type { RefusalName } from './refusal.ts'

/** Times are epoch milliseconds. */
export interface Stored {
  readonly status: number
  /** As viewers get them, but for what each answer has of its own. */
  readonly headers: Headers
  readonly body: Uint8Array
  readonly storedAt: number
  /** Seconds it was old already. */
  readonly initialAge: number
  readonly freshUntil: number
  readonly revalidateUntil: number
  readonly errorUntil: number
  /** Invalidations that it has outlived. */
  readonly survived: number
  /** Path and query as the viewer asked, for invalidations. */
  readonly uri: string
  /** CloudFront's own: made anew for each viewer. */
  readonly refusal?: RefusalName
  readonly originId?: string
  readonly originRequestId?: string
}

const ownHeaders: ReadonlySet<string> = new Set([
  'age',
  'content-length',
  'via',
  'x-amz-cf-id',
  'x-amz-cf-pop',
  'x-cache',
])

/** What viewers get of an origin's headers. */
export function viewerHeaders(
  headers: Headers,
  keepsCookies: boolean,
  keepsVary: (name: string) => boolean,
): string[] {
  const named = namedByConnection(headers)
  const chosen: string[] = []
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at]!.toLowerCase()
    if (hopByHop.has(name) || ownHeaders.has(name) || named.includes(name)) continue
    if (name === 'set-cookie' && !keepsCookies) continue
    if (name === 'vary') {
      const rest = tokensOf(headers[at + 1]!).filter(keepsVary)
      if (rest.length > 0) chosen.push(headers[at]!, rest.map(capitalized).join(', '))
      continue
    }
    chosen.push(headers[at]!, headers[at + 1]!)
  }
  return chosen
}

function capitalized(name: string): string {
  return name.replace(/(?:^|-)[a-z]/g, (letter) => letter.toUpperCase())
}

/** What an origin said of itself that a later answer, of no other body, may say anew. */
export function freshened(before: Headers, said: Headers): readonly string[] {
  const replaced = new Set<string>()
  for (let at = 0; at + 1 < said.length; at += 2) replaced.add(said[at]!.toLowerCase())
  // A 304 says nothing of the body that is kept.
  for (const name of ['content-length', 'content-encoding', 'content-type', 'content-range'])
    replaced.delete(name)
  // Of what was compressed here the tag is weak, and stays so.
  if (weak(headerOf(before, 'etag') ?? '') === weak(headerOf(said, 'etag') ?? ''))
    replaced.delete('etag')
  const fresh = [
    ...kept(before, (name) => !replaced.has(name)),
    ...kept(said, (name) => replaced.has(name)),
  ]
  const varied = listOf(before, 'vary')?.toLowerCase().includes('accept-encoding')
  return varied ? withVary(fresh) : fresh
}

/** Headers with which an origin can say that nothing has changed; none: it cannot. */
export function validators({ headers }: Stored): string[] {
  const etag = headerOf(headers, 'etag')
  const modified = headerOf(headers, 'last-modified')
  return [
    ...(etag === undefined ? [] : ['If-None-Match', etag]),
    ...(modified === undefined ? [] : ['If-Modified-Since', modified]),
  ]
}

/** What the heap takes beside the texts and the body, with its own slack: measured as resident memory. */
const cost = { entry: 1_024, text: 40 } as const

/** What it costs to keep, roughly, in bytes; shared texts are counted each time. */
export function sizeOf(key: string, { headers, body, uri }: Stored): number {
  let size = cost.entry + key.length + uri.length + body.length
  for (const text of headers) size += text.length + cost.text
  return size
}
