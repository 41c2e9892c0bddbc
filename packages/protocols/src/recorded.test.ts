import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { modelOf } from './clients.fixture.ts'
import { identifyOperation, identifyService, protocolOf } from './identify.ts'
import type { Values } from './protocol.ts'
import { protocols } from './protocols.ts'
import { type ServiceName, traitsOfService } from './services.ts'
import type { WireRequest } from './wire.ts'

/** A request as a client that is not the SDK of our models wrote it. */
interface Case {
  readonly name: string
  readonly source: string
  readonly service: ServiceName
  readonly operation: string
  readonly request: Omit<WireRequest, 'body'> & { readonly body?: string; bodyBase64?: string }
  /** What the caller gave; clients may add to it. */
  readonly input: Values
}

const cases = readFileSync(join(import.meta.dirname, '../cases/botocore.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Case)

for (const { name, source, service, operation, request: recorded, input } of cases)
  test(`${service} ${name}, as ${source} sends it, is read`, async () => {
    const { body = '', bodyBase64, ...rest } = recorded
    const bytes = bodyBase64 === undefined ? Buffer.from(body) : Buffer.from(bodyBase64, 'base64')
    const request = { ...rest, body: new Uint8Array(bytes) }
    const { signingName } = traitsOfService(service)
    assert.equal(identifyService(request, signingName), service)
    const found = identifyOperation(service, await modelOf(service), request)
    assert.equal(found.operation.name, operation)
    const protocol = protocols[protocolOf(request, service)]
    const decoded = protocol.decode(found.operation, request, found.labels)
    assert.partialDeepStrictEqual(plain(decoded), plain(input))
  })

/** Both sides with dates and bytes in one form. */
function plain(value: unknown): unknown {
  if (value instanceof Date) return { $date: value.toISOString() }
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString('base64') }
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]))
}
