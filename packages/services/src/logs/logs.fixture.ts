/** A log group with a stream, written to and read. */
import { type Harness, harness } from '../harness.fixture.ts'

export const now = new Date('2026-01-02T03:04:05Z')
export const at = now.getTime()
export const more = { now }

export async function made(): Promise<Harness> {
  const logs = await harness('logs')
  await logs.call('CreateLogGroup', { logGroupName: '/a/b' }, more)
  await logs.call('CreateLogStream', { logGroupName: '/a/b', logStreamName: 's' }, more)
  return logs
}

export const put = (
  logs: Harness,
  events: readonly (readonly [number, string])[],
  streamName = 's',
) =>
  logs.call(
    'PutLogEvents',
    {
      logGroupName: '/a/b',
      logStreamName: streamName,
      logEvents: events.map(([timestamp, message]) => ({ timestamp, message })),
    },
    more,
  )

export const get = (logs: Harness, input: object = {}) =>
  logs.call('GetLogEvents', { logGroupName: '/a/b', logStreamName: 's', ...input }, more)

export const filter = (logs: Harness, input: object = {}) =>
  logs.call('FilterLogEvents', { logGroupName: '/a/b', ...input }, more)

export const messages = ({ json }: { json: { events: { message: string }[] } }) =>
  json.events.map(({ message }) => message)

export const hourMs = 3_600_000
export const dayMs = 24 * hourMs
