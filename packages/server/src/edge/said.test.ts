import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Distribution } from '@sekisho/edge'
import fc from 'fast-check'
import { sameOf } from '../trail/record.ts'
import { type Served, sameAs } from './said.ts'

const distributionOf = (id: string) =>
  ({ snapshot: { id, accountId: '111111111111' } }) as unknown as Distribution
const distributions = ['E1', 'E2'].map(distributionOf)
const perhaps = (...texts: string[]) => fc.constantFrom(undefined, ...texts)

const served: fc.Arbitrary<Served> = fc.record({
  method: fc.constantFrom('GET', 'HEAD'),
  path: fc.constantFrom('/', '/a', `/${'long'.repeat(100)}`),
  sourceIp: fc.constantFrom('192.0.2.1', '192.0.2.2'),
  behaviour: perhaps('*', 'a*'),
  originId: perhaps('origin'),
  originRequestId: perhaps('one', 'two'),
  edgeRequestId: perhaps('edge'),
  outcome: fc.constantFrom('Hit', 'Miss'),
  status: fc.constantFrom(200, 404),
  detail: perhaps('why'),
})

test('what is recorded is what happened, whatever was said of the path before', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom(...distributions), served)), (calls) => {
      for (const [distribution, each] of calls) {
        const { id, accountId } = distribution.snapshot
        const said = sameOf({
          ...each,
          road: 'cloudfront',
          principal: 'anonymous',
          accountId,
          distributionId: id,
          action: 'cloudfront:Serve',
          resource: `arn:aws:cloudfront::${accountId}:distribution/${id}`,
        })
        assert.deepEqual(JSON.parse(`{${sameAs(distribution, each)}`), JSON.parse(`{${said}`))
      }
    }),
  )
})
