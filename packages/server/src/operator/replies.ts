/** Answers to operators. */
import type { Reply } from '../arrival.ts'

/** A call that cannot be followed; `message` says why. */
export class OperatorError extends Error {
  override readonly name = 'OperatorError'
  readonly code = 'OPERATOR'
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

export function json(status: number, value: unknown): Reply {
  return text(status, `${JSON.stringify(value)}\n`, 'application/json')
}

export function plainText(status: number, body: string, type = 'text/plain; charset=utf-8'): Reply {
  return text(status, body, type)
}

function text(status: number, body: string, type: string): Reply {
  return {
    status,
    headers: ['Content-Type', type, 'Cache-Control', 'no-store'],
    body,
  }
}

export function streamed(body: AsyncIterable<Uint8Array | string>, type: string): Reply {
  return { status: 200, headers: ['Content-Type', type, 'Cache-Control', 'no-store'], body }
}
