/** One event of an environment, from the moment it is handed over, and what has come of it. */
import type { Invocation, InvocationResult } from '@sekisho/services'
import type { Pieces } from './pieces.ts'

export interface Turn {
  /** Of its environment's events; what is said of an answer says whose it is. */
  readonly number: number
  readonly invocation: Invocation
  readonly resolve: (result: InvocationResult) => void
  readonly reject: (error: Error) => void
  readonly tail: LogTail
  /** Of `performance.now`; undefined: others come before it. */
  begunAt: number | undefined
  /** Once it answers piece by piece. */
  pieces: Pieces | undefined
  contentType: string | undefined
}

export type Outcome =
  | { readonly kind: 'response'; readonly payload: Uint8Array }
  | Failure
  | { readonly kind: 'stream' }

export interface Failure {
  readonly kind: 'error'
  readonly payload: Uint8Array
  /** Not what the handler raised: the environment itself is lost. */
  readonly fatal?: 'timeout' | 'failure'
}

/** The environment gave the event back, or ended before its turn: somebody else may take it. */
export class NotBegunError extends Error {
  override readonly name = 'NotBegunError'
}

/** @see Lambda API Reference, "Invoke" (`LogType`): the last 4 KB */
const tailCharacters = 4_096

export class LogTail {
  readonly #lines: string[] = []
  #characters = 0

  push(line: string): void {
    this.#lines.push(line)
    this.#characters += line.length + 1
    while (this.#characters - this.#lines[0]!.length - 1 >= tailCharacters)
      this.#characters -= this.#lines.shift()!.length + 1
  }

  toString(): string {
    return this.#lines
      .map((line) => `${line}\n`)
      .join('')
      .slice(-tailCharacters)
  }
}

export function failed(payload: Uint8Array): Failure {
  return { kind: 'error', payload }
}

/** @param said  how the process ended, as in `exit status 1` */
export function exited({ requestId }: Invocation, said: string): Failure {
  const message = `RequestId: ${requestId} Error: Runtime exited with error: ${said}`
  return { ...failed(errorPayload('Runtime.ExitError', message)), fatal: 'failure' }
}

export function errorPayload(errorType: string, errorMessage: string): Uint8Array {
  return Buffer.from(JSON.stringify({ errorType, errorMessage }))
}

/** Of an error object, which is the function's own doing. */
export function typeOf(payload: Uint8Array): string | undefined {
  try {
    const { errorType } = JSON.parse(Buffer.from(payload).toString('utf8'))
    return typeof errorType === 'string' ? errorType.slice(0, 256) : undefined
  } catch {
    return undefined
  }
}
