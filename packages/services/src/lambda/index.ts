/** Lambda on one screen. */
import { defineService } from '../service.ts'
import { functions } from './functions.ts'
import { invoke } from './invoke.ts'
import { permissions } from './permissions.ts'

export const lambda = defineService('lambda', {
  sdk: () => import('@aws-sdk/client-lambda'),
  validation: { code: 'ValidationException', prefix: () => '' },
  operations: { ...functions, ...permissions, ...invoke },
})
