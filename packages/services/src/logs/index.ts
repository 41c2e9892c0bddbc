/** CloudWatch Logs on one screen. */
import { defineService } from '../service.ts'
import { deliveries } from './deliveries.ts'
import { deliveryDestinations } from './delivery-destinations.ts'
import { deliverySources } from './delivery-sources.ts'
import { filterEvents } from './filter-events.ts'
import { getEvents } from './get-events.ts'
import { groups } from './groups.ts'
import { putEvents } from './put-events.ts'
import { resourcePolicies } from './resource-policies.ts'
import { streams } from './streams.ts'
import { tags } from './tags.ts'

export const logs = defineService('logs', {
  sdk: () => import('@aws-sdk/client-cloudwatch-logs'),
  validation: { code: 'InvalidParameterException', prefix: () => '' },
  operations: {
    ...groups,
    ...streams,
    ...putEvents,
    ...getEvents,
    ...filterEvents,
    ...tags,
    ...resourcePolicies,
    ...deliverySources,
    ...deliveryDestinations,
    ...deliveries,
  },
})
