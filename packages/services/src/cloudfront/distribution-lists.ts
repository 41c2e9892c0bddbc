/** Which distributions refer to this policy, key group or web ACL? */
import type * as Sdk from '@aws-sdk/client-cloudfront'
import type { Call, Operations } from '../service.ts'
import { cachePolicyKind } from './cache-policies.ts'
import { listOf } from './distributions.ts'
import { needAll } from './gate.ts'
import { type Kind, keptOf } from './kept.ts'
import { keyGroupKind } from './key-groups.ts'
import { originRequestPolicyKind } from './origin-request-policies.ts'
import { pageOf } from './paging.ts'
import { distributionsOf } from './records.ts'
import { responseHeadersPolicyKind } from './response-headers-policies.ts'

interface Paging {
  readonly Marker?: string | undefined
  readonly MaxItems?: number | undefined
}

export const distributionLists = {
  ListDistributionsByCachePolicyId: {
    needs: needAll('ListDistributionsByCachePolicyId'),
    handle: (input, call) => idsOf(cachePolicyKind, input.CachePolicyId, input, call),
  },

  ListDistributionsByOriginRequestPolicyId: {
    needs: needAll('ListDistributionsByOriginRequestPolicyId'),
    handle: (input, call) =>
      idsOf(originRequestPolicyKind, input.OriginRequestPolicyId, input, call),
  },

  ListDistributionsByResponseHeadersPolicyId: {
    needs: needAll('ListDistributionsByResponseHeadersPolicyId'),
    handle: (input, call) =>
      idsOf(responseHeadersPolicyKind, input.ResponseHeadersPolicyId, input, call),
  },

  ListDistributionsByKeyGroup: {
    needs: needAll('ListDistributionsByKeyGroup'),
    handle: (input, call) => idsOf(keyGroupKind, input.KeyGroupId, input, call),
  },

  /** None has a web ACL here; `null` asks for those that have none. */
  ListDistributionsByWebACLId: {
    needs: needAll('ListDistributionsByWebACLId'),
    async handle(input, { accountId, documents }) {
      const found = input.WebACLId === 'null' ? await distributionsOf(documents, accountId) : []
      return { DistributionList: listOf(found, input) }
    },
  },
} satisfies Operations<typeof Sdk>

/** @throws AwsError  there is no such policy or group */
async function idsOf<Config extends { readonly Name: string }>(
  kind: Kind<Config>,
  id: string,
  input: Paging,
  call: Call,
) {
  await keptOf(kind, id, call)
  const all = await distributionsOf(call.documents, call.accountId)
  const ids = all.filter(({ config }) => kind.refers?.(config, id)).map((each) => each.id)
  const page = pageOf(ids, (each) => each, input)
  return {
    DistributionIdList: {
      Marker: page.marker,
      MaxItems: page.maxItems,
      IsTruncated: page.isTruncated,
      Quantity: page.items.length,
      NextMarker: page.nextMarker,
      Items: [...page.items],
    },
  }
}
