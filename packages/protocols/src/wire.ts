/** A request and an answer as bytes on the wire, free of any server's classes. */

export interface WireRequest {
  readonly method: string
  /** As received, percent-encoded, without the query. */
  readonly rawPath: string
  /** Without the `?`. */
  readonly rawQuery: string
  /** Name, value, name, value … as received. */
  readonly headers: readonly string[]
  /** Empty where the body is a stream. */
  readonly body: Uint8Array
  /** Of operations that take their body as it arrives. */
  readonly stream?: BodyStream
}

/** A body that is read as it arrives, once. What it gives counts only when it has ended without an error. */
export interface BodyStream extends AsyncIterable<Uint8Array> {
  /** Of all that it gives; undefined: nobody said. */
  readonly lengthBytes: number | undefined
  /** What is announced to follow the body, in lower case. */
  readonly trailerNames: readonly string[]
  /** What followed it, by those names; empty before its end. */
  readonly trailers: ReadonlyMap<string, string>
}

export interface WireResponse {
  readonly status: number
  /** Name, value, name, value … */
  readonly headers: readonly string[]
  readonly body: string | Uint8Array | AsyncIterable<Uint8Array>
}

/** The first of that name, compared without regard to case. */
export function headerOf(headers: readonly string[], lowerCaseName: string): string | undefined {
  for (let at = 0; at + 1 < headers.length; at += 2)
    if (
      headers[at]!.length === lowerCaseName.length &&
      headers[at]!.toLowerCase() === lowerCaseName
    )
      return headers[at + 1]
  return undefined
}

/** All of that name, in order. */
export function headersOf(headers: readonly string[], lowerCaseName: string): readonly string[] {
  const found: string[] = []
  for (let at = 0; at + 1 < headers.length; at += 2)
    if (headers[at]!.toLowerCase() === lowerCaseName) found.push(headers[at + 1]!)
  return found
}

/** Decoded names and values in order; `+` is a space, as forms have it. */
export function queryEntries(rawQuery: string): readonly (readonly [string, string])[] {
  return [...new URLSearchParams(rawQuery)]
}
