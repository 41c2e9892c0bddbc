/** How is the running server asked what only its operator may ask? */
import { readFileSync } from 'node:fs'
import { type IncomingMessage, type RequestOptions, request } from 'node:http'
import { request as secureRequest } from 'node:https'
import { join, relative } from 'node:path'
import { text } from 'node:stream/consumers'
import { noServerIn, readAccess, readDataFile } from './data-folder.ts'
import { CliError, exitCodes } from './exit-codes.ts'

export interface OperatorCall {
  readonly method: 'GET' | 'POST'
  /** After `/_sekisho/`, with its query. */
  readonly path: string
  readonly body?: unknown
}

/** Why a socket cannot be reached, and never was. */
const notThere: readonly string[] = ['ENOENT', 'ECONNREFUSED', 'EACCES', 'ENOTSOCK', 'EINVAL']

/**
 * Asks over the data folder's socket, or with the folder's token over HTTP where there is none.
 *
 * @returns the answer, unread; its status is a success
 * @throws CliError  no server there (3), or it said no (1)
 */
export async function callOperator(folder: string, call: OperatorCall): Promise<IncomingMessage> {
  const response = await send({ socketPath: socketOf(folder) }, call)
    .catch((cause) => {
      // Anything else may have reached the server: asking again could do it twice.
      if (notThere.includes(cause.code)) return send(overHttp(folder), call)
      throw cause
    })
    .catch((cause) => {
      throw cause instanceof CliError ? cause : noServerIn(folder, cause)
    })
  if (response.statusCode! < 400) return response
  throw new CliError(exitCodes.no, messageOf(await text(response)))
}

/** As `callOperator`, for answers that are one JSON value. */
export async function askOperator<T>(folder: string, call: OperatorCall): Promise<T> {
  const answer = await callOperator(folder, call)
  const body = await text(answer).catch((cause) => {
    throw cutOff(cause)
  })
  try {
    return JSON.parse(body) as T
  } catch (cause) {
    throw new CliError(exitCodes.unreachable, 'what answers there is no Sekisho', { cause })
  }
}

/** The lines of an answer as they come; empty ones only keep it alive. */
export async function* linesOf(answer: IncomingMessage): AsyncGenerator<string> {
  let unread = ''
  try {
    for await (const chunk of answer.setEncoding('utf8')) {
      const lines = `${unread}${chunk}`.split('\n')
      unread = lines.pop()!
      yield* lines.filter((line) => line !== '')
    }
  } catch (cause) {
    throw cutOff(cause)
  }
}

function cutOff(cause: unknown): CliError {
  return new CliError(exitCodes.unreachable, 'the server ended before its answer did', { cause })
}

function send(way: RequestOptions, { method, path, body }: OperatorCall): Promise<IncomingMessage> {
  const payload = body === undefined ? '' : JSON.stringify(body)
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const headers = {
    host: 'localhost',
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(payload),
    ...(way.headers as Record<string, string> | undefined),
  }
  const ask = way.protocol === 'https:' ? secureRequest : request
  ask({ ...way, method, path: `/_sekisho/${path}`, headers })
    .on('response', resolve)
    .on('error', reject)
    .end(payload)
  return promise
}

/** Sockets' names are bounded (107 bytes): from here, a relative one may do. */
function socketOf(folder: string): string {
  const path = join(folder, 'operator.sock')
  const other = relative('', path)
  return other.length < path.length ? other : path
}

function overHttp(folder: string): RequestOptions {
  const token = readDataFile(folder, 'operator-token')
  if (token === undefined) throw noServerIn(folder)
  const { endpoint, authorityPath } = readAccess(folder)
  const { protocol, hostname, port, host } = new URL(endpoint)
  return {
    protocol,
    ...(authorityPath !== undefined && { ca: readFileSync(authorityPath) }),
    hostname: hostname.replace(/^\[|\]$/g, ''),
    port,
    headers: { host, authorization: `Bearer ${token}` },
  }
}

function messageOf(body: string): string {
  try {
    const { message } = JSON.parse(body) as { message?: unknown }
    if (typeof message === 'string') return message
  } catch {
    // Not ours: shown as it came.
  }
  return body.trim() || 'the server refused without a word'
}
