/** Which operation does a universal target name (`arn:aws:scheduler:::aws-sdk:SERVICE:OPERATION`)? */
import type { ServiceName } from '@sekisho/protocols'

export interface UniversalTarget {
  readonly service: ServiceName
  /** As its model calls it. */
  readonly operation: string
}

/** As the AWS SDK for Java calls its clients, and the services that are answered here. */
const services: Readonly<Record<string, ServiceName>> = {
  apigateway: 'apigateway',
  cloudformation: 'cloudformation',
  cloudfront: 'cloudfront',
  cloudwatchlogs: 'logs',
  eventbridge: 'events',
  iam: 'iam',
  lambda: 'lambda',
  organizations: 'organizations',
  s3: 's3',
  scheduler: 'scheduler',
  sts: 'sts',
}

const form = /^arn:aws[a-z-]*:scheduler:::aws-sdk:([a-z0-9]+):([a-z][A-Za-z0-9]*)$/

export function universalTarget(arn: string): UniversalTarget | undefined {
  const [, client = '', operation = ''] = form.exec(arn) ?? []
  const service = Object.hasOwn(services, client) ? services[client] : undefined
  return service && { service, operation: operation.charAt(0).toUpperCase() + operation.slice(1) }
}

/** The parts, whether or not anything here answers to them; undefined: no ARN of such a target. */
export function universalParts(arn: string): readonly [client: string, api: string] | undefined {
  const match = form.exec(arn)
  return match === null ? undefined : [match[1]!, match[2]!]
}

/** @see Scheduler User Guide, "Using universal targets" (unsupported API actions) */
export function isReadOnly(api: string): boolean {
  return /^(?:batchGet|consume|describe|discover|get|list|poll|query|read|receive|scan|search|select|validate)/.test(
    api,
  )
}
