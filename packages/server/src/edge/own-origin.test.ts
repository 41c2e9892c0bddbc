import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OriginRequest } from '@sekisho/edge'
import type { Reply } from '../arrival.ts'
import { createFrontDoor } from '../front-door.ts'
import { askOwn, isOwnOrigin, ownName } from './own-origin.ts'

const door = createFrontDoor(['gateway.internal'])
const domains = {
  find: (host: string) => (host === 'api.shop.example' ? ({} as never) : undefined),
}

/** Domain name, its HTTP port, whether it is this server (which listens on 4566). */
const rows: readonly (readonly [name: string, port: number, own: boolean])[] = [
  ['abc123.execute-api.eu-west-1.amazonaws.com', 80, true],
  ['ABC123.execute-api.eu-west-1.amazonaws.com', 80, true],
  ['abc123.execute-api.localhost', 80, true],
  ['bucket.s3.amazonaws.com', 80, true],
  ['bucket.s3.eu-west-1.amazonaws.com', 80, true],
  ['bucket.s3-eu-west-1.amazonaws.com', 80, true],
  ['bucket.s3.localhost', 80, true],
  ['d111111abcdef8.cloudfront.net', 80, true],
  ['api.shop.example', 80, true],
  ['localhost', 4566, true],
  ['localhost', 9000, false],
  ['gateway.internal', 4566, true],
  ['gateway.internal', 80, false],
  ['www.example.com', 4566, false],
  ['execute-api.eu-west-1.amazonaws.com', 80, false],
  ['abc.execute-api.eu-west-1.amazonaws.com.evil.example', 80, false],
]

for (const [domainName, httpPort, expected] of rows)
  test(`an origin ${domainName}:${httpPort} is ${expected ? 'this server' : 'out there'}`, async () => {
    const request = { origin: { domainName, httpPort }, isSecure: false } as OriginRequest
    assert.equal(await isOwnOrigin(request, door, domains, 4566), expected)
  })

test("AWS's names are ours, and nothing else is changed", () => {
  assert.equal(
    ownName('a.execute-api.us-east-1.amazonaws.com'),
    'a.execute-api.us-east-1.localhost',
  )
  assert.equal(ownName('a.b.s3.us-east-1.amazonaws.com'), 'a.b.s3.localhost')
  assert.equal(ownName('www.example.com'), 'www.example.com')
})

test('an answer that comes too late is let go of', async () => {
  const { promise: answered, resolve: answer } = Promise.withResolvers<Reply>()
  const request = {
    origin: { domainName: 'a.execute-api.us-east-1.amazonaws.com', readSeconds: 0.01 },
    headers: [],
    rawPath: '/',
    body: new Uint8Array(),
  } as unknown as OriginRequest
  await assert.rejects(
    askOwn(request, door, () => answered),
    { code: 'READ_TIMEOUT' },
  )
  const { promise: gone, resolve: destroy } = Promise.withResolvers<void>()
  const body = { [Symbol.asyncIterator]: () => assert.fail('nobody takes it'), destroy }
  answer({ status: 200, headers: [], body })
  await gone
})
