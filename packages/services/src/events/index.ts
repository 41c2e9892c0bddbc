/** EventBridge on one screen. */
import { defineService } from '../service.ts'
import { buses } from './buses.ts'
import { permissions } from './permissions.ts'
import { putEvents } from './put-events.ts'
import { rules } from './rules.ts'
import { tags } from './tags.ts'
import { targets } from './targets.ts'
import { testPattern } from './test-pattern.ts'

export const events = defineService('events', {
  sdk: () => import('@aws-sdk/client-eventbridge'),
  validation: { code: 'ValidationException', prefix: () => '' },
  operations: {
    ...buses,
    ...permissions,
    ...rules,
    ...targets,
    ...putEvents,
    ...testPattern,
    ...tags,
  },
})
