/** The logs of distributions that go to log groups: lines are gathered behind the calls, and put there as events. */
import { type Distribution, type LogDelivery, type LoggedCall, logRecord } from '@sekisho/edge'
import { AwsError } from '@sekisho/protocols'
import { type AccessLogs, type AccessLogsOptions, deliveryService } from './access-logs.ts'

/** In characters, of all lines that wait. */
const mostWaiting = 32 * 1024 * 1024
/** @see CloudWatch Logs API Reference, "PutLogEvents" (one call holds at most 1 MiB and 10,000 events) */
const fullBatch = { size: 768 * 1024, events: 10_000, overhead: 26 } as const

interface Batch {
  readonly distribution: Distribution
  readonly delivery: LogDelivery
  readonly events: { readonly timestamp: number; readonly message: string }[]
  size: number
}

type LogDeliveriesOptions = Pick<AccessLogsOptions, 'aws' | 'intervalSeconds' | 'onRefused'>

export function openLogDeliveries(options: LogDeliveriesOptions): AccessLogs {
  const { intervalSeconds, onRefused } = options
  /** By delivery and log group: what is gathered goes where it was meant to. */
  let batches = new Map<string, Batch>()
  let waiting = 0
  let delivering: Promise<void> = Promise.resolve()
  let timer: NodeJS.Timeout | undefined
  const refused = new Set<string>()

  const refuse = (batchOf: Pick<Batch, 'distribution' | 'delivery'>, why: string) => {
    if (refused.has(batchOf.delivery.id)) return
    refused.add(batchOf.delivery.id)
    onRefused(batchOf.distribution.snapshot.id, why)
  }
  const deliver = async (batch: Batch) => {
    try {
      await put(batch, options)
      refused.delete(batch.delivery.id)
    } catch (error) {
      const { events, delivery } = batch
      refuse(
        batch,
        `${events.length} lines for \`${delivery.logGroup}\`: ${(error as Error).message}`,
      )
    } finally {
      waiting -= batch.size
    }
  }
  const flush = () => {
    clearTimeout(timer)
    timer = undefined
    const taken = [...batches.values()]
    batches = new Map()
    delivering = delivering.then(async () => {
      for (const batch of taken) await deliver(batch)
    })
    return delivering
  }
  const gather = (distribution: Distribution, delivery: LogDelivery, call: LoggedCall) => {
    if (waiting > mostWaiting)
      return refuse({ distribution, delivery }, 'lines cannot be delivered as fast as they come')
    const key = `${delivery.id} ${delivery.logGroup}`
    let batch = batches.get(key)
    if (batch === undefined)
      batches.set(key, (batch = { distribution, delivery, events: [], size: 0 }))
    const message = messageOf(delivery, call)
    const size = message.length + fullBatch.overhead
    batch.events.push({ timestamp: call.endedAt, message })
    batch.size += size
    waiting += size
    if (batch.size > fullBatch.size || batch.events.length >= fullBatch.events) void flush()
    else timer ??= setTimeout(flush, intervalSeconds * 1_000).unref()
  }

  return {
    note(distribution, call) {
      for (const delivery of distribution.snapshot.deliveries ?? [])
        gather(distribution, delivery, call)
    },
    flush,
    async [Symbol.asyncDispose]() {
      await flush()
    },
  }
}

function messageOf(delivery: LogDelivery, call: LoggedCall): string {
  const { fields, includesCookies, delimiter } = delivery
  const record = logRecord({ ...call, includesCookies }, fields)
  return delimiter === undefined ? JSON.stringify(record) : Object.values(record).join(delimiter)
}

async function put(
  { distribution, delivery, events }: Batch,
  { aws }: LogDeliveriesOptions,
): Promise<void> {
  const { id, accountId } = distribution.snapshot
  const { logGroup: logGroupName, region, sourceArn } = delivery
  const behalf = { service: deliveryService, accountId, region, sourceArn }
  const stream = { logGroupName, logStreamName: `CloudFront_${id}` }
  // A clock may go back; events must not.
  const logEvents = events.toSorted((one, other) => one.timestamp - other.timestamp)
  const write = () => aws('logs', 'PutLogEvents', { ...stream, logEvents }, behalf)
  try {
    await write()
  } catch (error) {
    if (!isOf(error, 'ResourceNotFoundException')) throw error
    try {
      await aws('logs', 'CreateLogStream', stream, behalf)
    } catch (failure) {
      if (!isOf(failure, 'ResourceAlreadyExistsException')) throw failure
    }
    await write()
  }
}

function isOf(error: unknown, code: string): boolean {
  return error instanceof AwsError && error.code === code
}
