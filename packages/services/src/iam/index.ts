/** IAM on one screen. */
import { defineGatedService } from '../service.ts'
import { accessKeys } from './access-keys.ts'
import { account } from './account.ts'
import { boundaries } from './boundaries.ts'
import { entityPolicies } from './entity-policies.ts'
import { iamGate } from './gate.ts'
import { groups } from './groups.ts'
import { instanceProfiles } from './instance-profiles.ts'
import { loginProfiles } from './login-profiles.ts'
import { oidcProviders } from './oidc-providers.ts'
import { policies } from './policies.ts'
import { roles } from './roles.ts'
import { serviceLinkedRoles } from './service-linked-roles.ts'
import { simulate } from './simulate.ts'
import { users } from './users.ts'

export const iam = defineGatedService('iam', {
  sdk: () => import('@aws-sdk/client-iam'),
  validation: { code: 'ValidationError', prefix: () => '' },
  gate: iamGate,
  operations: {
    ...users,
    ...groups,
    ...roles,
    ...serviceLinkedRoles,
    ...policies,
    ...entityPolicies,
    ...boundaries,
    ...accessKeys,
    ...loginProfiles,
    ...instanceProfiles,
    ...oidcProviders,
    ...account,
    ...simulate,
  },
})
