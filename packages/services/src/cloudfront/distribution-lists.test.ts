import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Harness, harness } from '../harness.fixture.ts'
import { create, elementOf, optimized, root } from './cloudfront.fixture.ts'

async function idsBy(cloudfront: Harness, list: string) {
  const { text } = await cloudfront.ask('GET', `${root}/${list}`)
  return {
    ids: [...text.matchAll(/<(?:DistributionId|Id)>(E[A-Z0-9]{13})</g)].map(([, id]) => id),
    code: elementOf(text, 'Code'),
    next: elementOf(text, 'NextMarker'),
    needs: cloudfront.needs(),
  }
}

const viewer = '216adef6-5c7f-47e4-b989-5492eafa07d3'
const security = '67f7725c-6f97-4210-82d7-5512b31e9d03'

test('distributions are listed by what they refer to, page by page', async () => {
  await using cloudfront = await harness('cloudfront')
  const behaviour = (more: string) => `<CachePolicyId>${optimized}</CachePolicyId>${more}`
  const parts = [
    '',
    `<OriginRequestPolicyId>${viewer}</OriginRequestPolicyId>`,
    `<ResponseHeadersPolicyId>${security}</ResponseHeadersPolicyId>`,
  ]
  const made: (string | undefined)[] = []
  for (const [at, more] of parts.entries()) {
    const { text } = await create(cloudfront, {
      reference: String(at),
      behaviour: behaviour(more),
    })
    made.push(elementOf(text, 'Id'))
  }
  const [, forwarding, secure] = made
  for (const [list, expected] of [
    [`distributionsByCachePolicyId/${optimized}`, made],
    [`distributionsByOriginRequestPolicyId/${viewer}`, [forwarding]],
    [`distributionsByResponseHeadersPolicyId/${security}`, [secure]],
    ['distributionsByWebACLId/null', made],
    ['distributionsByWebACLId/acl', []],
  ] as const)
    assert.deepEqual((await idsBy(cloudfront, list)).ids, [...expected].sort(), list)
  const path = `distributionsByCachePolicyId/${optimized}?MaxItems=2`
  const first = await idsBy(cloudfront, path)
  const second = await idsBy(cloudfront, `${path}&Marker=${first.next}`)
  assert.deepEqual([...first.ids, ...second.ids], made.toSorted())
  assert.equal(second.next, undefined)
  assert.deepEqual(second.needs, [
    { action: 'cloudfront:ListDistributionsByCachePolicyId', resource: '*' },
  ])
})

for (const [list, code] of [
  ['distributionsByCachePolicyId/none', 'NoSuchCachePolicy'],
  ['distributionsByOriginRequestPolicyId/none', 'NoSuchOriginRequestPolicy'],
  ['distributionsByResponseHeadersPolicyId/none', 'NoSuchResponseHeadersPolicy'],
  ['distributionsByKeyGroupId/none', 'NoSuchResource'],
] as const)
  test(`what is not there has no distributions: ${list}`, async () => {
    await using cloudfront = await harness('cloudfront')
    assert.equal((await idsBy(cloudfront, list)).code, code)
  })
