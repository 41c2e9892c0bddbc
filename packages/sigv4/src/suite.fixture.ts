/** AWS's public signing test suite as messages to sign and to verify. */
import { readFileSync } from 'node:fs'
import type { HttpMessage } from './message.ts'
import { type ServiceRules, serviceRules } from './rules.ts'
import type { Credentials } from './sign.ts'
import { sha256 } from './signature.ts'

export interface SuiteCase {
  readonly id: string
  readonly form: 'header' | 'query'
  readonly credentials: Credentials
  readonly region: string
  readonly service: string
  readonly now: Date
  readonly expires: number
  readonly sendsPayloadHash: boolean
  readonly rules: ServiceRules
  readonly request: Received
  readonly signedRequest: Received
  readonly canonicalRequest: string
  readonly stringToSign: string
  readonly signature: string
}

export interface Received extends HttpMessage {
  readonly bodySha256: string
}

interface SuiteLine {
  id: string
  form: 'header' | 'query'
  context: {
    credentials: { access_key_id: string; secret_access_key: string; token?: string }
    expiration_in_seconds: number
    normalize: boolean
    region: string
    service: string
    sign_body: boolean
    timestamp: string
    omit_session_token?: boolean
  }
  request: string
  signedRequest: string
  canonicalRequest: string
  stringToSign: string
  signature: string
}

export function readSuite(): SuiteCase[] {
  const file = new URL('../cases/aws-signing-test-suite.jsonl', import.meta.url)
  const lines = readFileSync(file, 'utf8').split('\n')
  return lines.filter((line) => line !== '').map((line) => toCase(JSON.parse(line) as SuiteLine))
}

/** A request text with its body, as the server's socket would hand it out. */
export function parseRequest(text: string): Received {
  const wire = Buffer.from(text, 'utf8').toString('latin1')
  const end = wire.indexOf('\n\n')
  const [first = '', ...lines] = (end < 0 ? wire : wire.slice(0, end)).split('\n')
  const headers: string[] = []
  for (const line of lines) {
    const colon = line.indexOf(':')
    if (line.startsWith(' ')) headers.push(`${headers.pop()}\n${line}`)
    else if (colon > 0) headers.push(line.slice(0, colon), line.slice(colon + 1))
  }
  // A path of the suite holds a blank: the version stands after the last one.
  const target = first.slice(first.indexOf(' ') + 1, first.lastIndexOf(' '))
  const mark = target.indexOf('?')
  return {
    method: first.slice(0, first.indexOf(' ')),
    rawPath: mark < 0 ? target : target.slice(0, mark),
    rawQuery: mark < 0 ? '' : target.slice(mark + 1),
    headers,
    bodySha256: sha256(end < 0 ? '' : wire.slice(end + 2)),
  }
}

function toCase(line: SuiteLine): SuiteCase {
  const { context } = line
  const { credentials } = context
  return {
    id: line.id,
    form: line.form,
    credentials: {
      accessKeyId: credentials.access_key_id,
      secretAccessKey: credentials.secret_access_key,
      ...(credentials.token !== undefined && { sessionToken: credentials.token }),
    },
    region: context.region,
    service: context.service,
    now: new Date(context.timestamp),
    expires: context.expiration_in_seconds,
    sendsPayloadHash: context.sign_body,
    rules: {
      ...serviceRules(context.service, context.region),
      path: context.normalize ? 'normalized' : 'asSent',
      ...(context.omit_session_token && { sessionToken: 'afterSigning', mustBeSigned: [] }),
    },
    request: parseRequest(line.request),
    signedRequest: parseRequest(line.signedRequest),
    canonicalRequest: line.canonicalRequest,
    stringToSign: line.stringToSign,
    signature: line.signature,
  }
}
