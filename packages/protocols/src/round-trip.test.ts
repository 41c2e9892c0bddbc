import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
// The signer of clients that sign with SigV4a alone.
import '@aws-sdk/signature-v4a'
import { SmithyRpcV2CborProtocol } from '@smithy/core/cbor'
import { errorNamed } from './aws-error.ts'
import { clients, serviceNames } from './clients.fixture.ts'
import { identifyOperation, identifyService, protocolOf } from './identify.ts'
import { membersOf, readModel, requiredMembersOf, type Schema, traitsOf } from './model.ts'
import type { SdkModule } from './operations.ts'
import type { Values } from './protocol.ts'
import { protocols } from './protocols.ts'
import { type ServiceName, traitsOfService } from './services.ts'
import type { WireRequest, WireResponse } from './wire.ts'

/** Operations whose wire form is an event stream or asks for more than a codec, by name with the reason. */
const exclusions: Readonly<Record<string, string>> = {
  'lambda.InvokeWithResponseStream': 'its answer is an event stream',
  'logs.StartLiveTail': 'its answer is an event stream',
  'logs.GetLogObject': 'its answer is an event stream',
  's3.SelectObjectContent': 'its answer is an event stream',
  's3.ListDirectoryBuckets': 'directory buckets have hosts of their own',
  's3.WriteGetObjectResponse': 'its address is not the bucket’s',
}

/** Members that the clients themselves rewrite or check before they send. */
const rewritten = new Set([
  'SSECustomerKey',
  'SSECustomerKeyMD5',
  'CopySourceSSECustomerKey',
  'CopySourceSSECustomerKeyMD5',
  'ExpiresString',
  'EndpointId',
])

interface ClientConstructor {
  new (config: object): { send(command: object): Promise<Record<string, unknown>>; config: object }
}
interface CommandConstructor {
  new (input: object): object
}

for (const name of serviceNames)
  test(`${name}: what the SDK writes is read, what is written the SDK reads`, async () => {
    const sdk = await clients[name]()
    assert.deepEqual(await disagreements(name, sdk, {}), [])
  })

for (const name of ['organizations', 'events', 'logs'] as const)
  test(`${name}: over CBOR too`, async () => {
    const sdk = await clients[name]()
    const wrong = await disagreements(name, sdk, { protocol: SmithyRpcV2CborProtocol })
    assert.deepEqual(wrong, [])
  })

async function disagreements(
  name: ServiceName,
  sdk: SdkModule,
  config: object,
): Promise<readonly string[]> {
  const model = readModel(sdk)
  const { xmlNamespace } = traitsOfService(name)
  const wrong: string[] = []
  for (const operation of model.operations.values()) {
    if (Object.hasOwn(exclusions, `${name}.${operation.name}`)) continue
    const input = sample(operation.input, 0) as Values
    const output = sample(operation.output, 0) as Values
    let read: unknown
    const requestHandler = {
      async handle(sent: SdkRequest) {
        const request = wireOf(sent)
        assert.equal(identifyService(request, traitsOfService(name).signingName), name)
        const found = identifyOperation(name, model, request)
        if (found.operation.name !== operation.name)
          throw new Error(`taken for ${found.operation.name}`)
        const protocol = protocols[protocolOf(request, name)]
        read = protocol.decode(operation, request, found.labels)
        const context = { requestId: 'id', model, ...(xmlNamespace && { xmlNamespace }) }
        const answer = sdkResponse(protocol.encode(operation, output, context))
        const isStreamed = hasStream(operation.output)
        return { response: isStreamed ? { ...answer, body: Readable.from([answer.body]) } : answer }
      },
    }
    const client = clientOf(sdk, { requestHandler, ...config })
    const Command = sdk[`${operation.name}Command`] as CommandConstructor
    try {
      const { $metadata: _, ...got } = await client.send(new Command(input))
      for (const [member, schema] of membersOf(operation.output))
        if (schema.isStreaming() && got[member])
          got[member] = await (got[member] as SdkStream).transformToByteArray()
      const request = difference(plain(operation.input, input), plain(operation.input, read))
      if (request) wrong.push(`${operation.name} request: ${request}`)
      const response = difference(plain(operation.output, output), plain(operation.output, got))
      if (response) wrong.push(`${operation.name} answer: ${response}`)
    } catch (error) {
      wrong.push(`${operation.name}: ${(error as Error).message}`)
    }
  }
  return wrong
}

test('every error of every model is thrown by the SDK as its own class, with its message and members', async () => {
  for (const name of serviceNames) {
    const sdk = await clients[name]()
    const model = readModel(sdk)
    const { xmlNamespace } = traitsOfService(name)
    const [first, ...others] = model.operations.values()
    const operation = others.find(({ input }) => requiredMembersOf(input).length === 0) ?? first!
    const input =
      requiredMembersOf(operation.input).length === 0 ? {} : (sample(operation.input, 0) as object)
    const Command = sdk[`${operation.name}Command`] as CommandConstructor
    for (const { name: errorName, schema } of model.errors.values()) {
      if (errorName.endsWith('ServiceException')) continue
      const details = sample(schema, 0) as Record<string, unknown>
      delete details['message']
      delete details['Message']
      const error = errorNamed(model, errorName, 'not <here>', details)
      const requestHandler = {
        async handle(sent: SdkRequest) {
          const protocol = protocols[protocolOf(wireOf(sent), name)]
          const context = { requestId: 'id', model, ...(xmlNamespace && { xmlNamespace }) }
          return { response: sdkResponse(protocol.encodeError(error, context)) }
        },
      }
      const client = clientOf(sdk, { requestHandler })
      await assert.rejects(client.send(new Command(input)), (thrown: Error) => {
        assert.ok(
          thrown instanceof (sdk[errorName] as typeof Error),
          `${name}: ${errorName} is taken for ${thrown.name}`,
        )
        assert.equal(thrown.message, 'not <here>', `${name}: ${errorName}`)
        const members = Object.fromEntries(
          Object.keys(details).map((key) => [key, thrown[key as keyof Error]]),
        )
        const differs = difference(plain(schema, details), plain(schema, members))
        assert.equal(differs, undefined, `${name}: ${errorName}: ${differs}`)
        return true
      })
    }
  }
})

interface SdkRequest {
  readonly method: string
  readonly path: string
  readonly query?: Readonly<Record<string, string | readonly string[] | null>>
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
}

interface SdkStream {
  transformToByteArray(): Promise<Uint8Array>
}

function wireOf({ method, path, query = {}, headers, body }: SdkRequest): WireRequest {
  const parameters = new URLSearchParams()
  for (const [key, value] of Object.entries(query))
    for (const each of Array.isArray(value) ? value : [value ?? '']) parameters.append(key, each)
  const [rawPath = '/', own = ''] = path.split('?')
  const rawQuery = [own, parameters.toString()].filter(Boolean).join('&')
  const bytes =
    body === undefined ? new Uint8Array() : typeof body === 'string' ? Buffer.from(body) : body
  return {
    method,
    rawPath,
    rawQuery,
    headers: Object.entries(headers).flat(),
    body: new Uint8Array(bytes),
  }
}

function sdkResponse({ status, headers, body }: WireResponse) {
  const pairs: [string, string][] = []
  for (let at = 0; at < headers.length; at += 2)
    pairs.push([headers[at]!.toLowerCase(), headers[at + 1]!])
  return {
    statusCode: status,
    headers: Object.fromEntries(pairs),
    body: Buffer.from(body as string | Uint8Array),
  }
}

function clientOf(sdk: SdkModule, config: object) {
  const Client = Object.entries(sdk).find(
    ([key]) => key.endsWith('Client') && key !== '__Client',
  )![1] as ClientConstructor
  return new Client({
    region: 'us-east-1',
    endpoint: 'http://localhost:1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
    accountId: '000000000000',
    maxAttempts: 1,
    disableHostPrefix: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    ...config,
  })
}

function hasStream(schema: Schema): boolean {
  return membersOf(schema).some(([, member]) => member.isStreaming())
}

/** A value for every member, as deep as three structures; text that the places of the wire can carry. */
function sample(schema: Schema, depth: number, key = 'x'): unknown {
  if (schema.isUnitSchema()) return {}
  if (schema.isDocumentSchema()) return { some: ['document', 1] }
  if (schema.isUnionSchema()) {
    const [name, member] = membersOf(schema)[0]!
    return { [name]: sample(member, depth + 1, name) }
  }
  if (schema.isStructSchema()) {
    const required = new Set(requiredMembersOf(schema))
    return Object.fromEntries(
      membersOf(schema)
        .filter(([name]) => depth < 3 || required.has(name))
        .filter(([, member]) => !traitsOf(member).httpResponseCode && !member.isIdempotencyToken())
        .filter(([name]) => !rewritten.has(name))
        .map(([name, member]) => [name, depth > 8 ? undefined : sample(member, depth + 1, name)]),
    )
  }
  if (schema.isListSchema())
    return depth > 6 ? [] : [sample(schema.getValueSchema(), depth + 1, key)]
  if (schema.isMapSchema())
    return depth > 6 ? {} : { some: sample(schema.getValueSchema(), depth + 1, key) }
  if (schema.isTimestampSchema()) return new Date(Date.UTC(2026, 0, 2, 3, 4, 5))
  if (schema.isBooleanSchema()) return true
  if (schema.isNumericSchema() || schema.isBigIntegerSchema()) return 7
  if (schema.isBlobSchema()) return new Uint8Array([1, 2, 250])
  // The S3 client makes hosts of bucket names and digests of these.
  if (key === 'Bucket') return 'bucket'
  if (key === 'ChecksumAlgorithm') return 'CRC32'
  if (key === 'KvsARN') return 'arn:aws:cloudfront::000000000000:key-value-store/x'
  return `${key} <&"> é/1`.replace(/[^\x20-\x7e]/g, traitsOf(schema).httpHeader ? '' : '$&')
}

/** Without what is undefined or empty, and with bytes as text: what both sides have to agree on. */
function plain(schema: Schema, value: unknown): unknown {
  if (value === undefined || value === null || schema.isUnitSchema()) return undefined
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (schema.isStructSchema()) {
    const members = membersOf(schema)
      .filter(([name]) => !rewritten.has(name))
      .filter(([, member]) => !traitsOf(member).httpResponseCode && !member.isIdempotencyToken())
    return filled(
      Object.fromEntries(
        members.map(([name, member]) => [name, plain(member, (value as Values)[name])]),
      ),
    )
  }
  if (schema.isListSchema()) {
    const items = (value as unknown[])
      .map((each) => plain(schema.getValueSchema(), each))
      .filter((each) => each !== undefined)
    return items.length > 0 ? items : undefined
  }
  if (schema.isMapSchema())
    return filled(
      Object.fromEntries(
        Object.entries(value).map(([key, each]) => [key, plain(schema.getValueSchema(), each)]),
      ),
    )
  return typeof value === 'object' ? JSON.stringify(value) : value
}

function filled(object: object): object | undefined {
  const entries = Object.entries(object).filter(([, each]) => each !== undefined)
  return entries.length > 0 ? Object.fromEntries(entries) : undefined
}

function difference(expected: unknown, actual: unknown): string | undefined {
  try {
    assert.deepEqual(actual, expected)
    return undefined
  } catch (error) {
    return (error as Error).message
      .split('\n')
      .filter((line) => /^\s*[+-] /.test(line))
      .slice(0, 6)
      .join(' ')
      .slice(0, 300)
  }
}
