import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { AwsError } from './aws-error.ts'
import { modelOf, serviceNames } from './clients.fixture.ts'
import { identifyOperation, identifyService } from './identify.ts'
import type { OperationModel } from './model.ts'
import type { ProtocolName } from './protocol.ts'
import { protocols } from './protocols.ts'
import { type ServiceName, traitsOfService } from './services.ts'
import type { WireRequest } from './wire.ts'
import { parseXml } from './xml.ts'

const formType = ['Content-Type', 'application/x-www-form-urlencoded']
const million = 1_000_000

function request(body: string | Uint8Array, more: Partial<WireRequest> = {}): WireRequest {
  const bytes = new Uint8Array(Buffer.from(body))
  return { method: 'POST', rawPath: '/', rawQuery: '', headers: formType, body: bytes, ...more }
}

async function operationOf(service: ServiceName, name: string): Promise<OperationModel> {
  return (await modelOf(service)).operations.get(name)!
}

interface Attempt {
  readonly claim: string
  readonly protocol: ProtocolName
  readonly service: ServiceName
  readonly operation: string
  readonly body: () => string | Uint8Array
  /** Code of the refusal; none where the rest is read and the attack is ignored. */
  readonly code?: string
}

const createRole = { protocol: 'awsQuery', service: 'iam', operation: 'CreateRole' } as const
const putRule = { protocol: 'awsJson1_1', service: 'events', operation: 'PutRule' } as const
const createApi = {
  protocol: 'restJson1',
  service: 'apigateway',
  operation: 'CreateRestApi',
} as const
const tagBucket = { protocol: 'restXml', service: 's3', operation: 'PutBucketTagging' } as const
const overCbor = { ...putRule, protocol: 'rpcv2Cbor' } as const

/** Each is answered within a second, with an error of AWS's or by not minding. */
const attempts: readonly Attempt[] = [
  {
    ...createApi,
    claim: 'a million nested lists',
    body: () => '['.repeat(million) + ']'.repeat(million),
    code: 'SerializationException',
  },
  {
    ...createApi,
    claim: 'a million nested objects in a member',
    body: () => `{"tags":${'{"a":'.repeat(million)}1${'}'.repeat(million)}}`,
    code: 'SerializationException',
  },
  {
    ...createApi,
    claim: 'a million nested objects in a member that the model lacks',
    body: () => `{"name":"x","nope":${'{"a":'.repeat(million)}1${'}'.repeat(million)}}`,
  },
  {
    ...createApi,
    claim: 'a prototype for a member',
    body: () => '{"__proto__":{"name":"x"},"constructor":1}',
  },
  {
    ...createApi,
    claim: 'not UTF-8',
    body: () => Uint8Array.of(0x22, 0xff, 0x22),
    code: 'SerializationException',
  },
  { ...createApi, claim: 'a list for the whole', body: () => '[]', code: 'SerializationException' },
  { ...createApi, claim: 'text for the whole', body: () => '"x"', code: 'SerializationException' },
  {
    ...createApi,
    claim: 'half of an object',
    body: () => '{"name":',
    code: 'SerializationException',
  },
  { ...createApi, claim: 'a byte order mark', body: () => '\ufeff{"name":"x"}' },
  {
    ...putRule,
    claim: 'a number too large for numbers',
    body: () => '{"Name":1e999}',
    code: 'SerializationException',
  },
  {
    ...createRole,
    claim: 'too many parameters',
    body: () => 'a=1&'.repeat(million),
    code: 'MalformedQueryString',
  },
  {
    ...createRole,
    claim: 'too many parameters, each of its own name',
    body: () => Array.from({ length: 20_000 }, (_, at) => `a${at}=1`).join('&'),
    code: 'MalformedQueryString',
  },
  {
    ...createRole,
    claim: 'a parameter twice',
    body: () => 'RoleName=a&RoleName=b',
    code: 'MalformedQueryString',
  },
  {
    ...createRole,
    claim: 'a name of a million parts',
    body: () => `a${'.a'.repeat(million)}=1`,
    code: 'MalformedInput',
  },
  {
    ...createRole,
    claim: 'a list with a member far away',
    body: () => 'Tags.member.999999.Key=a&Tags.member.99999999999.Key=b',
  },
  {
    ...createRole,
    claim: 'a prototype for a member',
    body: () => '__proto__.RoleName=x&constructor=1',
  },
  {
    ...createRole,
    claim: 'a number that is none',
    body: () => 'MaxSessionDuration=0x10',
    code: 'MalformedInput',
  },
  { ...createRole, claim: 'broken percents', body: () => 'RoleName=%zz%E0%A4' },
  {
    ...tagBucket,
    claim: 'entities that grow',
    body: () => '<!DOCTYPE a [<!ENTITY b "cc"><!ENTITY d "&b;&b;">]><Tagging>&d;</Tagging>',
    code: 'MalformedXML',
  },
  {
    ...tagBucket,
    claim: 'a file of this machine',
    body: () => '<!DOCTYPE a [<!ENTITY f SYSTEM "file:///etc/passwd">]><Tagging>&f;</Tagging>',
    code: 'MalformedXML',
  },
  {
    ...tagBucket,
    claim: 'a document type that closes itself',
    body: () => '<!DOCTYPE/><Tagging/>',
    code: 'MalformedXML',
  },
  {
    ...tagBucket,
    claim: 'an entity that nobody declared',
    body: () => '<Tagging>&nbsp;</Tagging>',
    code: 'MalformedXML',
  },
  {
    ...tagBucket,
    claim: 'a character beyond Unicode',
    body: () => '<Tagging>&#x110000;</Tagging>',
    code: 'MalformedXML',
  },
  {
    ...tagBucket,
    claim: 'a million nested elements',
    body: () => '<a>'.repeat(million),
    code: 'MalformedXML',
  },
  {
    ...tagBucket,
    claim: 'nested elements that the model lacks',
    body: () => `<Tagging>${'<a>'.repeat(70)}${'</a>'.repeat(70)}</Tagging>`,
    code: 'MalformedXML',
  },
  {
    ...tagBucket,
    claim: 'an element where text is due',
    body: () => '<Tagging><TagSet><Tag><Key><b/></Key><Value/></Tag></TagSet></Tagging>',
    code: 'MalformedXML',
  },
  {
    ...tagBucket,
    claim: 'a million attributes without an end',
    body: () => `<a${' b="c"'.repeat(million)}`,
    code: 'MalformedXML',
  },
  {
    ...tagBucket,
    claim: 'a million blanks in a tag',
    body: () => `<a${' '.repeat(million)}`,
    code: 'MalformedXML',
  },
  {
    ...tagBucket,
    claim: 'a name of a million letters',
    body: () => `<${'a'.repeat(million)}`,
    code: 'MalformedXML',
  },
  {
    ...tagBucket,
    claim: 'a comment without an end',
    body: () => `<!--${'-'.repeat(million)}`,
    code: 'MalformedXML',
  },
  {
    ...tagBucket,
    claim: 'a million ampersands',
    body: () => `<a>${'&'.repeat(million)}</a>`,
    code: 'MalformedXML',
  },
  { ...tagBucket, claim: 'two roots', body: () => '<Tagging/><Tagging/>', code: 'MalformedXML' },
  {
    ...tagBucket,
    claim: 'a member twice',
    body: () => '<Tagging><TagSet/><TagSet/></Tagging>',
    code: 'MalformedXML',
  },
  {
    ...overCbor,
    claim: 'a list that claims to be long',
    body: () => Uint8Array.of(0xa1, 0x61, 0x61, 0x9a, 0xff, 0xff, 0xff, 0xff),
    code: 'SerializationException',
  },
  {
    ...overCbor,
    claim: 'text that claims to be long',
    body: () => Uint8Array.of(0x7b, 0, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
    code: 'SerializationException',
  },
  {
    ...overCbor,
    claim: 'a million nested lists',
    body: () => new Uint8Array(million).fill(0x81),
    code: 'SerializationException',
  },
  {
    ...overCbor,
    claim: 'a million nested tags',
    body: () => new Uint8Array(million).fill(0xc1),
    code: 'SerializationException',
  },
  {
    ...overCbor,
    claim: 'a list without an end',
    body: () => Uint8Array.of(0xa1, 0x61, 0x61, 0x9f, 1),
    code: 'SerializationException',
  },
  {
    ...overCbor,
    claim: 'a large integer under a tag',
    body: () =>
      Buffer.concat([
        Uint8Array.of(0xc2, 0x5a, 0, 0x0f, 0x42, 0x40),
        new Uint8Array(million).fill(255),
      ]),
    code: 'SerializationException',
  },
  {
    ...overCbor,
    claim: 'a key that is no text',
    body: () => Uint8Array.of(0xa1, 1, 1),
    code: 'SerializationException',
  },
  {
    ...overCbor,
    claim: 'something behind the value',
    body: () => Uint8Array.of(0xa0, 0xa0),
    code: 'SerializationException',
  },
  {
    ...overCbor,
    claim: 'a prototype for a member',
    body: () => Buffer.from('a1695f5f70726f746f5f5fa1644e616d656178', 'hex'),
  },
]

for (const { claim, protocol, service, operation, body, code } of attempts)
  test(`${protocol}: ${claim}`, async () => {
    const model = await operationOf(service, operation)
    const given = request(body())
    const before = process.cpuUsage()
    let read: unknown
    let fault: unknown
    try {
      read = protocols[protocol].decode(model, given, { Bucket: 'b' })
    } catch (error) {
      fault = error
    }
    const { user, system } = process.cpuUsage(before)
    assert.ok(user + system < 2_000_000, 'it took more than two seconds of the processor')
    assert.equal(fault instanceof AwsError ? fault.code : fault, code)
    // Nobody's prototype was reached.
    assert.equal(({} as Record<string, unknown>)['name'], undefined)
    if (code === undefined) assert.equal(Object.getPrototypeOf(read), Object.prototype)
  })

/** Bodies of the right form and any content. */
const anyJson = fc.jsonValue({ maxDepth: 4 }).map((value) => JSON.stringify(value))
const anyText = fc.oneof(fc.string({ unit: 'binary' }), fc.string())
const anyBody = fc.oneof(
  fc.uint8Array({ maxLength: 64 }),
  anyText,
  anyJson,
  fc.array(fc.tuple(anyText, anyText)).map((fields) => new URLSearchParams(fields).toString()),
  anyText.map((text) => `<a><b c="${text}">${text}</b></a>`),
)

test('whatever a body holds, it is read or refused as AWS refuses', async () => {
  const operations = await Promise.all(
    serviceNames.map(async (service) => ({
      protocol: protocols[traitsOfService(service).protocol],
      operations: [...(await modelOf(service)).operations.values()],
    })),
  )
  fc.assert(
    fc.property(fc.nat(), fc.nat(), anyBody, (one, other, body) => {
      const { protocol, operations: ofService } = operations[one % operations.length]!
      const operation = ofService[other % ofService.length]!
      refusedOrRead(() => protocol.decode(operation, request(body), { Bucket: 'b', Key: 'k' }))
      refusedOrRead(() => protocols.rpcv2Cbor.decode(operation, request(body), {}))
    }),
    { numRuns: 3000 },
  )
})

test('a member of any type but its own is refused, never a crash', async () => {
  const values = [null, true, 7, -1.5, 'text', [], [null], [[]], {}, { a: 1 }, { a: [{}] }]
  for (const service of ['apigateway', 'lambda', 'events', 'logs', 'organizations'] as const) {
    const protocol = protocols[traitsOfService(service).protocol]
    for (const operation of (await modelOf(service)).operations.values()) {
      if (operation.input.isUnitSchema()) continue
      for (const [name] of operation.input.structIterator())
        for (const value of values) {
          const body = JSON.stringify({ [name]: value })
          refusedOrRead(() => protocol.decode(operation, request(body), {}))
        }
    }
  }
})

test('whatever a request looks like, it is some service’s or refused', async () => {
  const models = new Map(
    await Promise.all(serviceNames.map(async (name) => [name, await modelOf(name)] as const)),
  )
  const word = fc.oneof(
    fc.constantFrom('Action', 'Version', 'iam', 's3', '', 'AWSEvents.PutRule'),
    anyText,
  )
  fc.assert(
    fc.property(
      fc.constantFrom('GET', 'PUT', 'POST', 'DELETE', 'HEAD'),
      fc.webPath(),
      fc.webQueryParameters(),
      fc.array(fc.tuple(fc.constantFrom('Host', 'X-Amz-Target', 'smithy-protocol'), word)),
      fc.option(fc.constantFrom('iam', 's3', 'apigateway', 'nope'), { nil: undefined }),
      (method, path, rawQuery, headers, signed) => {
        const given = request('', {
          method,
          rawPath: `/${path}`,
          rawQuery,
          headers: headers.flat(),
        })
        refusedOrRead(() => {
          const name = identifyService(given, signed)
          identifyOperation(name, models.get(name as (typeof serviceNames)[number])!, given)
        })
      },
    ),
    { numRuns: 2000 },
  )
})

test('text of any kind is read back from XML as it was', () => {
  const safe = fc.string({ unit: 'grapheme' }).map((text) => text.replace(/[<>&"\r]/g, ''))
  fc.assert(
    fc.property(safe, (text) => {
      assert.equal(parseXml(`<a b="${text}">${text}</a>`).text, text)
    }),
  )
})

function refusedOrRead(call: () => unknown): void {
  try {
    call()
  } catch (error) {
    if (!(error instanceof AwsError)) throw error
  }
}
