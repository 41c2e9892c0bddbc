/** STS on one screen. */
import { defineService } from '../service.ts'
import { assumeRole } from './assume-role.ts'
import { callers } from './callers.ts'
import { sessionsOfUsers } from './sessions-of-users.ts'
import { webIdentity } from './web-identity.ts'

export const sts = defineService('sts', {
  sdk: () => import('@aws-sdk/client-sts'),
  validation: { code: 'ValidationError', prefix: () => '' },
  operations: { ...callers, ...assumeRole, ...sessionsOfUsers, ...webIdentity },
})
