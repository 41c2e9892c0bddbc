/** TestEventPattern: would a rule with this pattern want this event? */
import type * as Sdk from '@aws-sdk/client-eventbridge'
import type { Operations } from '../service.ts'
import { validation } from './errors.ts'
import { serviceNeed } from './gate.ts'
import { matchesPattern, parsePattern } from './pattern/pattern.ts'
import { checkPattern } from './rules.ts'

/** @see EventBridge API Reference, "TestEventPattern" (Event) */
const required = ['id', 'account', 'source', 'time', 'region', 'resources', 'detail-type'] as const

export const testPattern = {
  TestEventPattern: {
    constraints: { EventPattern: { maxLength: 4_096 } },
    needs: () => [serviceNeed('TestEventPattern')],
    async handle({ EventPattern, Event }) {
      checkPattern(EventPattern)
      return { Result: matchesPattern(parsePattern(EventPattern), eventOf(Event)) }
    },
  },
} satisfies Operations<typeof Sdk>

/** @throws AwsError ValidationException */
function eventOf(text: string): object {
  let event: unknown
  try {
    event = JSON.parse(text)
  } catch {
    throw validation('Parameter Event is not valid. Reason: Invalid JSON')
  }
  if (typeof event !== 'object' || event === null || Array.isArray(event))
    throw validation('Parameter Event is not valid. Reason: Event is not an object')
  const missing = required.find((name) => !Object.hasOwn(event, name))
  if (missing !== undefined)
    throw validation(`Parameter Event is not valid. Reason: ${missing} is a required field.`)
  return event
}
