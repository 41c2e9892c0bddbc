/** Operator calls that arrive at a worker: the first process answers them, over the operator's socket. */
import { request } from 'node:http'
import type { Arrival, Reply } from '../arrival.ts'
import { type AnswerOperator, hasToken, isOpenCall } from '../operator/answer.ts'
import { json } from '../operator/replies.ts'

const bodyLimit = 64 * 1024

/** The socket vouches for whoever uses it, so the token is asked for here. */
export function createForwarder(socketPath: string, token: string): AnswerOperator {
  return async (arrival, path) => {
    const isOpen = isOpenCall(arrival.method, path)
    if (!isOpen && !hasToken(arrival, token))
      return {
        ...json(401, { message: 'operator calls need the token in the data folder' }),
        outcome: 'implicit-deny',
        isOpen: false,
      }
    const body = await arrival.readBody(bodyLimit)
    const reply = await pass(socketPath, arrival, body)
    // Written down by the process that answers.
    return { ...reply, outcome: reply.status < 400 ? 'allow' : 'failed', isOpen: true }
  }
}

function pass(
  socketPath: string,
  { method, rawPath, rawQuery }: Arrival,
  body: Uint8Array,
): Promise<Reply> {
  return new Promise((resolve) => {
    const path = rawQuery === '' ? rawPath : `${rawPath}?${rawQuery}`
    const headers = { Host: 'localhost', 'Content-Length': body.length }
    const sent = request({ socketPath, path, method, headers }, (response) => {
      const type = response.headers['content-type'] ?? 'application/json'
      resolve({
        status: response.statusCode ?? 502,
        headers: ['Content-Type', type, 'Cache-Control', 'no-store'],
        body: response,
      })
    })
    sent.on('error', () => resolve(json(503, { message: 'the first process does not answer' })))
    sent.end(body)
  })
}
