/** EventBridge Scheduler on one screen. */
import { defineService } from '../service.ts'
import { groups } from './groups.ts'
import { schedules } from './schedules.ts'
import { tags } from './tags.ts'

export const scheduler = defineService('scheduler', {
  sdk: () => import('@aws-sdk/client-scheduler'),
  validation: { code: 'ValidationException', prefix: () => '' },
  operations: { ...groups, ...schedules, ...tags },
})
