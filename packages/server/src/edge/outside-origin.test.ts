import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OriginRequest } from '@sekisho/edge'
import type { Pool } from '../http-client/pool.ts'
import { askOutside } from './outside-origin.ts'

const nobody = {
  pool: () => ({ send: () => assert.fail('nothing is sent') }) as unknown as Pool,
}

for (const [what, more] of [
  ['a path', { rawPath: '/a b' }],
  ['a header', { headers: ['Host', 'origin.example', 'X-A', 'a\u0001b'] }],
  ['a method', { method: 'G ET' }],
] as const)
  test(`${what} that cannot be sent is the viewer's fault, not the origin's`, async () => {
    const request = {
      origin: {
        domainName: 'origin.example',
        connectSeconds: 1,
        keepAliveSeconds: 1,
        httpPort: 80,
      },
      method: 'GET',
      isSecure: false,
      rawPath: '/',
      rawQuery: '',
      headers: ['Host', 'origin.example'],
      body: new Uint8Array(),
      ...more,
    } as unknown as OriginRequest
    await assert.rejects(askOutside(request, nobody), { name: 'Refusal', code: 'BAD_REQUEST' })
  })
