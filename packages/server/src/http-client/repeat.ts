/** May a request be sent once more? */

const repeatable: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/** What a connection that was there ends with. */
const cut: ReadonlySet<unknown> = new Set(['CUT', 'ECONNRESET', 'EPIPE'])

/** A kept connection can end in the moment in which it is used again: of an answer, nothing has come. */
export function mayAskAgain(method: string, error: Error): boolean {
  return repeatable.has(method) && cut.has((error as NodeJS.ErrnoException).code)
}
