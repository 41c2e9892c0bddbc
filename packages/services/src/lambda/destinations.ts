/** Where does what came of an event go? */
import { invalidParameter, notSupported } from './errors.ts'

const functionForm =
  /^arn:aws[a-z-]*:lambda:[a-z]{2}(?:-[a-z]+)+-\d:\d{12}:function:[a-zA-Z0-9-_]{1,64}(?::(?:\$LATEST|[a-zA-Z0-9-_]+))?$/

const services = {
  sqs: 'An SQS queue as a destination',
  sns: 'An SNS topic as a destination',
  s3: 'An S3 bucket as a destination',
  events: 'An event bus as a destination',
} as const

/** @throws AwsError InvalidParameterValueException  it is none, or of a kind that is not built here */
export function checkDestination(arn: string): void {
  if (functionForm.test(arn)) return
  const service = /^arn:aws[a-z-]*:([a-z0-9]+):/.exec(arn)?.[1]
  if (service !== undefined && service in services)
    throw notSupported(services[service as keyof typeof services])
  throw invalidParameter(`The provided destination config DestinationArn is invalid: ${arn}`)
}

/** Beside what AWS takes (queues and topics, which are not here), another function. */
export function checkDeadLetter(arn: string | undefined): void {
  if (arn) checkDestination(arn)
}
