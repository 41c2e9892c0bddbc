/** What other signers sign (botocore, the AWS SDK for JavaScript, aws4), our verifier accepts. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { SignatureV4 } from '@smithy/signature-v4'
import aws4 from 'aws4'
import fc from 'fast-check'
import { findSignature } from './claim.ts'
import { formatAmzDate } from './dates.ts'
import type { HttpMessage } from './message.ts'
import { serviceRules } from './rules.ts'
import { sha256 } from './signature.ts'
import { verifySignature } from './verify.ts'

const now = new Date('2026-11-20T12:00:00Z')
const region = 'ap-northeast-1'
const credentials = {
  accessKeyId: 'ASIAEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  sessionToken: 'IQoJb3JpZ2luX2Vj//+=',
}

interface Unsigned {
  readonly method: string
  readonly host: string
  readonly path: string
  readonly query: readonly (readonly [string, string])[]
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly service: 'execute-api' | 'iam' | 's3'
  readonly form: 'header' | 'presigned'
}

const text = fc
  .array(
    fc.constantFrom(
      'a',
      'B',
      ' ',
      '%',
      '+',
      '~',
      '!',
      '*',
      "'",
      '(',
      '&',
      '=',
      'é',
      '漢',
      '😀',
      '.',
      '-',
    ),
    {
      minLength: 1,
      maxLength: 6,
    },
  )
  .map((pieces) => pieces.join(''))
const segment = fc.oneof(text.map(encode), fc.constantFrom('', '.', '..', 'pets'))

const unsigned: fc.Arbitrary<Unsigned> = fc
  .record({
    method: fc.constantFrom('GET', 'PUT', 'POST'),
    host: fc.constantFrom('example.amazonaws.com', 'localhost:4566', 'api.localhost:8080'),
    path: fc.array(segment, { maxLength: 5 }).map((segments) => `/${segments.join('/')}`),
    query: fc.uniqueArray(fc.tuple(text, fc.oneof(text, fc.constant(''))), {
      maxLength: 5,
      selector: ([name]) => name,
    }),
    headers: fc.constantFrom<Record<string, string>>(
      {},
      { 'X-Amz-Target': 'Service.Operation', 'Content-Type': 'application/json' },
      { 'X-Two': 'a   b  "c   d"', 'User-Agent': 'test', 'X-Empty': '' },
    ),
    body: fc.constantFrom('', '{"name":"漢字"}'),
    service: fc.constantFrom<Unsigned['service'][]>('execute-api', 'iam', 's3'),
    form: fc.constantFrom<Unsigned['form'][]>('header', 'presigned'),
  })
  // botocore moves the body of what it presigns into the query.
  .map((given) => (given.form === 'presigned' ? { ...given, body: '' } : given))

const python = '/usr/bin/python3'
const hasBotocore = spawnSync(python, ['-c', 'import botocore']).status === 0

test('botocore', { skip: hasBotocore ? false : `${python} cannot import botocore` }, () => {
  const requests = fc.sample(unsigned, { numRuns: 400, seed: 1 })
  const input = {
    now: formatAmzDate(now),
    region,
    credentials: Object.values(credentials),
    requests: requests.map((given) => ({ ...given, url: `http://${given.host}${target(given)}` })),
  }
  const script = fileURLToPath(new URL('botocore.fixture.py', import.meta.url))
  const { stdout, stderr, status } = spawnSync(python, [script], {
    input: JSON.stringify(input),
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  })
  assert.equal(status, 0, stderr)
  const signed = JSON.parse(stdout) as HttpMessage[]
  assert.equal(signed.length, requests.length)
  for (const [i, message] of signed.entries()) accept(message, requests[i]!)
})

test('the AWS SDK for JavaScript', async () => {
  await fc.assert(
    fc.asyncProperty(unsigned, async (given) => {
      const isS3 = given.service === 's3'
      const signer = new SignatureV4({
        credentials,
        region,
        service: given.service,
        sha256: NodeSha256,
        uriEscapePath: !isS3,
        applyChecksum: isS3,
      })
      const [hostname = '', port] = given.host.split(':')
      const headers: Record<string, string> = { host: given.host, ...given.headers }
      // As the SDK's S3 presigner does.
      if (isS3 && given.form === 'presigned') headers['X-Amz-Content-Sha256'] = 'UNSIGNED-PAYLOAD'
      const request = {
        method: given.method,
        protocol: 'http:',
        hostname,
        ...(port !== undefined && { port: Number(port) }),
        path: given.path,
        query: Object.fromEntries(given.query),
        headers,
        body: given.body,
      }
      const options = { signingDate: now, expiresIn: 900 }
      const signed =
        given.form === 'header'
          ? await signer.sign(request, { signingDate: now })
          : await signer.presign(request, options)
      const pairs = Object.entries(signed.query ?? {}) as [string, string][]
      accept(
        {
          method: given.method,
          rawPath: given.path,
          rawQuery: pairs.map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&'),
          headers: Object.entries(signed.headers).flat(),
        },
        given,
      )
    }),
    { numRuns: 300 },
  )
})

test('aws4', () => {
  // aws4 gives `+` in a path of S3 and repeated query names meanings of its own: not asked.
  const given = unsigned.filter(({ form }) => form === 'header')
  fc.assert(
    fc.property(given, (request) => {
      const signed = aws4.sign(
        {
          method: request.method,
          host: request.host,
          path: target(request),
          service: request.service,
          region,
          headers: { ...request.headers, 'X-Amz-Date': formatAmzDate(now) },
          body: request.body,
        },
        credentials,
      )
      const [rawPath = '', rawQuery = ''] = (signed.path ?? '').split('?')
      const headers = Object.entries(signed.headers ?? {}).flatMap(([name, value]) => [
        name,
        String(value),
      ])
      accept({ method: request.method, rawPath, rawQuery, headers }, request)
    }),
    { numRuns: 300 },
  )
})

function accept(message: HttpMessage, { service, body, form }: Unsigned): void {
  const wire = {
    ...message,
    headers: message.headers.map((value) => Buffer.from(value, 'utf8').toString('latin1')),
  }
  const claim = findSignature(wire)
  assert.equal(claim?.form, form)
  assert.equal(claim.sessionToken, credentials.sessionToken)
  verifySignature(wire, claim, {
    secretAccessKey: credentials.secretAccessKey,
    now,
    bodySha256: sha256(Buffer.from(body)),
    rules: serviceRules(service, region),
  })
}

function target({ path, query }: Unsigned): string {
  const pairs = query.map(([name, value]) => `${encode(name)}=${encode(value)}`)
  return pairs.length === 0 ? path : `${path}?${pairs.join('&')}`
}

function encode(value: string): string {
  return encodeURIComponent(value).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

/** The hash that the SDK's signer asks for. */
class NodeSha256 {
  readonly #hash: Hash | Hmac
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret))
  }
  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytesOf(data))
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest()
  }
  reset(): void {
    throw new TypeError('this hash is used once')
  }
}

function bytesOf(data: string | ArrayBuffer | ArrayBufferView): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data)
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data)
}
