/** The request as it stood on the wire: what a signature is made over. */

/**
 * One HTTP request, undecoded. Every character is one byte, as Node's `http` hands out
 * (`req.url`, `req.rawHeaders`); text beyond U+00FF counts as its UTF-8 bytes.
 */
export interface HttpMessage {
  readonly method: string
  /** From the first `/` to before the `?`, exactly as received. */
  readonly rawPath: string
  /** After the `?`, exactly as received; empty when there is none. */
  readonly rawQuery: string
  /** Flat list: name, value, name, value … in order of arrival, names in any case. */
  readonly headers: readonly string[]
}

/** All values of one header, in order of arrival. `name` in lower case. */
export function headerValues(message: HttpMessage, name: string): string[] {
  const values: string[] = []
  const { headers } = message
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const given = headers[i]!
    if (given.length === name.length && (given === name || given.toLowerCase() === name)) {
      values.push(headers[i + 1]!)
    }
  }
  return values
}
