/** How long does it take to verify one signature? Prints microseconds per call, medians of rounds. */
import { cpus } from 'node:os'
import {
  createSigningKeys,
  emptySha256,
  findSignature,
  type HttpMessage,
  presign,
  serviceRules,
  sha256,
  signRequest,
  verifySignature,
} from '@sekisho/sigv4'

const now = new Date('2026-11-20T12:00:00Z')
const region = 'us-east-1'
const credentials = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
}
const temporary = { ...credentials, sessionToken: 'A'.repeat(400) }

const bare: HttpMessage = {
  method: 'GET',
  rawPath: '/prod/pets/17',
  rawQuery: 'limit=10&sort=name',
  headers: ['Host', 'a1b2c3d4e5.execute-api.us-east-1.amazonaws.com', 'Accept', '*/*'],
}

const cases = [
  { name: 'header, no body', message: inHeader(bare, credentials), target: 10 },
  { name: 'header, no body, 400-byte session token', message: inHeader(bare, temporary) },
  { name: 'presigned, no body', message: inQuery(bare, credentials) },
  {
    name: 'header, no body, key derived each time',
    message: inHeader(bare, credentials),
    keys: 1,
  },
] as const

const rounds = 9
const callsPerRound = 20_000
const kibibyte = Buffer.alloc(1_024, 'a')

export interface SignatureFigure {
  readonly name: string
  readonly microseconds: number
  readonly target?: number
}

export function measureSignatures(): readonly SignatureFigure[] {
  const verified = cases.map((given) => ({
    name: given.name,
    microseconds: medianMicroseconds(() => verify(given.message, 'keys' in given)),
    ...('target' in given && { target: given.target }),
  }))
  return [
    ...verified,
    { name: 'SHA-256 of 1 KiB', microseconds: medianMicroseconds(() => sha256(kibibyte)) },
  ]
}

if (import.meta.main) {
  console.log(`node ${process.version}, ${cpus()[0]?.model ?? 'unknown processor'}`)
  for (const { name, microseconds, target } of measureSignatures())
    console.log(
      `${name.padEnd(42)} ${microseconds.toFixed(2)} µs${target === undefined ? '' : ` (at most ${target})`}`,
    )
}

function verify(message: HttpMessage, derivesKey: boolean): void {
  const claim = findSignature(message)
  if (claim === undefined) throw new Error('the benchmark request is unsigned')
  verifySignature(message, claim, {
    secretAccessKey: credentials.secretAccessKey,
    now,
    bodySha256: emptySha256,
    rules: serviceRules('execute-api', region),
    ...(derivesKey && { keys: createSigningKeys() }),
  })
}

function inHeader(message: HttpMessage, signer: typeof credentials): HttpMessage {
  const added = signRequest(message, signer, { region, service: 'execute-api', now })
  return { ...message, headers: [...message.headers, ...added] }
}

function inQuery(message: HttpMessage, signer: typeof credentials): HttpMessage {
  const options = { region, service: 'execute-api', now, expires: 300 }
  return { ...message, rawQuery: presign(message, signer, options) }
}

function medianMicroseconds(call: () => void): number {
  for (let i = 0; i < callsPerRound; i++) call()
  const times = Array.from({ length: rounds }, () => {
    const start = process.hrtime.bigint()
    for (let i = 0; i < callsPerRound; i++) call()
    return Number(process.hrtime.bigint() - start) / 1_000 / callsPerRound
  })
  return times.sort((a, b) => a - b)[Math.floor(rounds / 2)]!
}
