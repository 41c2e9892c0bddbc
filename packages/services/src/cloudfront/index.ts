/** CloudFront's control plane, and its key value stores', on one screen. */
import { defineService } from '../service.ts'
import { cachePolicies } from './cache-policies.ts'
import { distributionLists } from './distribution-lists.ts'
import { distributions } from './distributions.ts'
import { functions } from './functions.ts'
import { invalidations } from './invalidations.ts'
import { keyGroups } from './key-groups.ts'
import { keyValueStores } from './key-value-stores.ts'
import { keyValues } from './key-values.ts'
import { originAccessControls } from './origin-access-controls.ts'
import { originRequestPolicies } from './origin-request-policies.ts'
import { publicKeys } from './public-keys.ts'
import { responseHeadersPolicies } from './response-headers-policies.ts'
import { tags } from './tags.ts'

export const cloudfront = defineService('cloudfront', {
  sdk: () => import('@aws-sdk/client-cloudfront'),
  validation: { code: 'MalformedXML', prefix: () => '' },
  operations: {
    ...distributions,
    ...distributionLists,
    ...invalidations,
    ...cachePolicies,
    ...originRequestPolicies,
    ...responseHeadersPolicies,
    ...originAccessControls,
    ...publicKeys,
    ...keyGroups,
    ...functions,
    ...keyValueStores,
    ...tags,
  },
})

export const cloudfrontKeyValueStore = defineService('cloudfront-keyvaluestore', {
  sdk: () => import('@aws-sdk/client-cloudfront-keyvaluestore'),
  validation: { code: 'ValidationException', prefix: () => '' },
  operations: keyValues,
})
