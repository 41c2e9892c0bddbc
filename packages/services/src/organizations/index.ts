/** Organizations on one screen. */
import { defineGatedService } from '../service.ts'
import { accounts } from './accounts.ts'
import { organizationsGate } from './gate.ts'
import { policies } from './policies.ts'
import { units } from './units.ts'

export const organizations = defineGatedService('organizations', {
  sdk: () => import('@aws-sdk/client-organizations'),
  validation: { code: 'ValidationException', prefix: () => '' },
  gate: organizationsGate,
  operations: { ...accounts, ...units, ...policies },
})
