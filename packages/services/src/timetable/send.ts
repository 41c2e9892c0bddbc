/** How does a delivery reach its target? A call to the target's own service, through its gate. */
import { parseJson } from '@sekisho/policy'
import { AwsError, type ServiceName, type Values } from '@sekisho/protocols'
import type { Behalf, Call, CallAws } from '../service.ts'
import type { Delivery, Failure } from './deliveries.ts'
import { universalTarget } from './universal.ts'

/** @throws AwsError  there is no such operation, or its input is of another form */
export type ReadInput = (service: ServiceName, operation: string, json: unknown) => Promise<Values>

export interface Sending {
  readonly aws: CallAws
  readonly readInput: ReadInput
  readonly ids: Call['ids']
}

interface Asking extends Pick<Sending, 'readInput'> {
  readonly delivery: Delivery
  readonly ask: (
    service: Parameters<CallAws>[0],
    operation: string,
    input: Values,
  ) => Promise<Values>
}

/** @returns why it failed; undefined: the target has it */
export async function send(
  delivery: Delivery,
  { aws, readInput, ids }: Sending,
): Promise<Failure | undefined> {
  const behalf: Behalf = {
    service: delivery.service,
    accountId: delivery.accountId,
    region: delivery.region,
    sourceArn: delivery.sourceArn,
    roleArn: delivery.roleArn,
    sessionName: sessionName(delivery),
  }
  const ask: Asking['ask'] = (...asked) => aws(...asked, behalf)
  try {
    await way(delivery.targetArn)({
      delivery: { ...delivery, payload: filled(delivery, ids) },
      readInput,
      ask,
    })
    return undefined
  } catch (error) {
    if (error instanceof AwsError) return failureOf(error)
    throw error
  }
}

/** Buses see by it that an event has come from another one. */
export const busSessionPrefix = 'event-bus-'

function sessionName({ id, targetArn }: Delivery): string {
  const name = id.replaceAll('-', '')
  return targetArn.split(':')[2] === 'events' ? `${busSessionPrefix}${name}` : name
}

/** @see Scheduler User Guide, "Adding context attributes": these two differ with each attempt */
function filled({ service, payload, attempts }: Delivery, ids: Call['ids']): string {
  if (service !== 'scheduler.amazonaws.com') return payload
  return payload
    .replaceAll('<aws.scheduler.attempt-number>', String(attempts + 1))
    .replaceAll('<aws.scheduler.execution-id>', () => ids.uuid())
}

type Way = (asking: Asking) => Promise<void>

function way(targetArn: string): Way {
  const [, , service = '', , , resource = ''] = targetArn.split(':')
  return service === 'scheduler' && resource === 'aws-sdk' ? toApi : ways[service as TargetService]
}

/** Services whose resources are targets here. */
export type TargetService = 'lambda' | 'logs' | 'events'

const ways: Readonly<Record<TargetService, Way>> = {
  async lambda({ delivery: { targetArn, payload }, ask }) {
    await ask('lambda', 'Invoke', {
      FunctionName: targetArn,
      InvocationType: 'Event',
      Payload: new TextEncoder().encode(payload),
    })
  },

  async logs({ delivery, ask }) {
    const logGroupName = /:log-group:([^:]+)/.exec(delivery.targetArn)?.[1] ?? ''
    const logStreamName = delivery.originArn.replace(/^.*?:(?:rule|schedule)\//, '')
    const input = { logGroupName, logStreamName, logEvents: [logEvent(delivery)] }
    const put = async () => refuseRejected(await ask('logs', 'PutLogEvents', input))
    try {
      await put()
    } catch (error) {
      if (!(error instanceof AwsError && error.code === 'ResourceNotFoundException')) throw error
      // The stream may not be there yet, or has just been made by another delivery.
      await ask('logs', 'CreateLogStream', { logGroupName, logStreamName }).catch((refusal) => {
        if (refusal.code !== 'ResourceAlreadyExistsException') throw refusal
      })
      await put()
    }
  },

  async events({ delivery, ask }) {
    const { FailedEntryCount = 0, Entries = [] } = (await ask('events', 'PutEvents', {
      Entries: [eventEntry(delivery)],
    })) as { FailedEntryCount?: number; Entries?: { ErrorCode?: string; ErrorMessage?: string }[] }
    const [{ ErrorCode = '', ErrorMessage = '' } = {}] = Entries
    if (FailedEntryCount > 0)
      throw new AwsError(ErrorCode, ErrorMessage, passing.test(ErrorCode) ? 500 : 400)
  },
}

async function toApi({ delivery, readInput, ask }: Asking): Promise<void> {
  const { service, operation } = universalTarget(delivery.targetArn)!
  await ask(service, operation, await readInput(service, operation, parseJson(delivery.payload)))
}

/** A time that a template made up may be none that a log takes. */
function refuseRejected({ rejectedLogEventsInfo: rejected }: Values): void {
  if (rejected !== undefined)
    throw new AwsError(
      'InvalidParameterException',
      `The log event is too old or too new: ${JSON.stringify(rejected)}`,
      400,
    )
}

/**
 * What a template makes for a log group is the entry itself (`timestamp`, `message`); anything else is its message.
 *
 * @see EventBridge User Guide, "Event bus targets" (CloudWatch log group)
 */
function logEvent({ payload, since }: Delivery): { timestamp: number; message: string } {
  const { timestamp, message } = (asObject(payload) ?? {}) as Record<string, unknown>
  const at = typeof timestamp === 'string' ? Date.parse(timestamp) : timestamp
  return typeof at === 'number' && Number.isFinite(at) && typeof message === 'string'
    ? { timestamp: at, message }
    : { timestamp: since, message: payload }
}

function eventEntry({ payload, asEvent, targetArn, time, originArn }: Delivery): Values {
  const entry = { EventBusName: targetArn, Time: new Date(time) }
  if (asEvent)
    return {
      ...entry,
      Source: asEvent.source,
      DetailType: asEvent.detailType,
      Detail: payload,
      Resources: [originArn],
    }
  const event = (asObject(payload) ?? {}) as Record<string, unknown>
  return {
    ...entry,
    Source: event['source'],
    DetailType: event['detail-type'],
    Detail: JSON.stringify(event['detail'] ?? {}),
    Resources: event['resources'] ?? [],
  }
}

function asObject(text: string): object | undefined {
  try {
    const value: unknown = parseJson(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

const passing = /throttl|toomanyrequests|internal|unavailable|timeout|conflict|concurren/i

function failureOf({ code, message, status }: AwsError): Failure {
  return {
    code,
    message,
    isPassing: status >= 500 ? status !== 501 : status === 429 || passing.test(code),
  }
}
