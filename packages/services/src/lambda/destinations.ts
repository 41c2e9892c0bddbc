/** Where does what came of an event go, and as what? */
import type { AwsError, ServiceName, Values } from '@sekisho/protocols'
import { invalidParameter, notSupported } from './errors.ts'

/** What is told of one event. */
export interface Told {
  /** The record of AWS's form, or for a dead letter the event itself. */
  readonly text: string
  readonly isSuccess: boolean
  readonly functionName: string
  /** With `$LATEST`, a version or an alias. */
  readonly functionArn: string
  /** New with each. */
  readonly id: string
  /** Epoch milliseconds. */
  readonly nowMs: number
}

interface Kind {
  readonly form: RegExp
  /** For what has failed alone. */
  readonly isForFailures?: true
  /** The call that tells it. */
  readonly call: (
    arn: string,
    told: Told,
  ) => readonly [service: ServiceName, operation: string, input: Values]
}

const functionForm =
  /^arn:aws[a-z-]*:lambda:[a-z]{2}(?:-[a-z]+)+-\d:\d{12}:function:[a-zA-Z0-9-_]{1,64}(?::(?:\$LATEST|[a-zA-Z0-9-_]+))?$/

/** @see Lambda Developer Guide, "Capturing records of Lambda asynchronous invocations" */
const kinds: readonly Kind[] = [
  {
    form: functionForm,
    call: (arn, { text }) => [
      'lambda',
      'Invoke',
      { FunctionName: arn, InvocationType: 'Event', Payload: Buffer.from(text) },
    ],
  },
  {
    form: /^arn:aws[a-z-]*:events:[a-z]{2}(?:-[a-z]+)+-\d:\d{12}:event-bus\/[.\-_A-Za-z0-9/]+$/,
    call: (arn, { text, isSuccess, functionArn }) => [
      'events',
      'PutEvents',
      {
        Entries: [
          {
            Source: 'lambda',
            DetailType: `Lambda Function Invocation Result - ${isSuccess ? 'Success' : 'Failure'}`,
            Detail: text,
            Resources: [arn, functionArn],
            EventBusName: arn,
          },
        ],
      },
    ],
  },
  {
    form: /^arn:aws[a-z-]*:s3:::[a-z0-9.-]{3,63}$/,
    isForFailures: true,
    call: (arn, { text, functionName, id, nowMs }) => {
      const [day = '', time = ''] = new Date(nowMs).toISOString().split('T')
      const stamp = `${day}T${time.slice(0, 8).replaceAll(':', '.')}`
      const folder = `aws/lambda/async/${functionName}/${day.replaceAll('-', '/')}`
      return [
        's3',
        'PutObject',
        {
          Bucket: arn.slice(arn.lastIndexOf(':') + 1),
          Key: `${folder}/${stamp}-${id}`,
          Body: Buffer.from(text),
        },
      ]
    },
  },
]

const missing = { sqs: 'An SQS queue', sns: 'An SNS topic' } as const

/** @throws AwsError InvalidParameterValueException  it is none, or of a kind that is not built here */
export function checkDestination(arn: string, isForFailures: boolean): void {
  const kind = kinds.find(({ form }) => form.test(arn))
  if (kind !== undefined && (isForFailures || !kind.isForFailures)) return
  refuseMissing(arn)
  throw noDestination(arn)
}

export function noDestination(arn: string): AwsError {
  return invalidParameter(`The provided destination config DestinationArn is invalid: ${arn}`)
}

/** Beside what AWS takes (queues and topics, which are not here), another function. */
export function checkDeadLetter(arn: string | undefined): void {
  if (!arn || functionForm.test(arn)) return
  refuseMissing(arn)
  throw invalidParameter(`The provided dead letter config TargetArn is invalid: ${arn}`)
}

function refuseMissing(arn: string): void {
  const service = /^arn:aws[a-z-]*:([a-z0-9]+):/.exec(arn)?.[1]
  if (service !== undefined && service in missing)
    throw notSupported(`${missing[service as keyof typeof missing]} as a destination`)
}

/** The call that tells a destination; undefined: it is none. */
export function tellingCall(
  arn: string,
  told: Told,
): readonly [service: ServiceName, operation: string, input: Values] | undefined {
  return kinds.find(({ form }) => form.test(arn))?.call(arn, told)
}
