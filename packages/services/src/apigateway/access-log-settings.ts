/** Where the lines of a stage's access log go, and what is in them. */
import { logGroupOf } from '@sekisho/gateway'
import { badRequest, notSupported } from './errors.ts'
import type { Patch } from './patch.ts'
import type { StageRecord } from './records.ts'
import { nothingToRemove } from './stage-wording.ts'

export function accessLogSetting(
  stage: StageRecord,
  { op, path, value, parameters: [member] }: Patch,
): StageRecord {
  const { accessLogSettings: before = {}, ...others } = stage
  const isKnown = member === 'destinationArn' || member === 'format'
  if (op === 'remove') {
    if (!isKnown || before[member] === undefined) throw nothingToRemove(path)
    const { [member]: _, ...left } = before
    return Object.keys(left).length > 0 ? { ...others, accessLogSettings: left } : others
  }
  if (!isKnown)
    throw badRequest(
      'Invalid accessLogSettings path. Must be one of : [/accessLogSettings/destinationArn, /accessLogSettings/format]',
    )
  if (value === '') throw badRequest('Access Log value must not be empty')
  const set = member === 'format' ? checkedFormat(value) : checkedDestination(value)
  return { ...others, accessLogSettings: { ...before, [member]: set } }
}

/** @see API Gateway Developer Guide, "Set up CloudWatch logging for REST APIs in API Gateway" */
const longestFormat = 3_072

function checkedFormat(format: string): string {
  if (/[\r\n]/.test(format.replace(/\r?\n$/, '')))
    throw badRequest(
      `Access Log format must be single line, new line character is allowed only at end of the format: '${format}'`,
    )
  if (Buffer.byteLength(format) > longestFormat)
    throw badRequest(`Access Log format must not be longer than ${longestFormat} bytes`)
  if (!/\$context\.(?:requestId|extendedRequestId)(?![A-Za-z0-9_])/.test(format))
    throw badRequest(
      'Access Log format must contain either $context.requestId or $context.extendedRequestId',
    )
  return format
}

/** Without the `:*` that some clients end it with. */
function checkedDestination(arn: string): string {
  if (!arn.startsWith('arn:'))
    throw badRequest(`Invalid ARN specified in the request. ARNs must start with 'arn:': ${arn}`)
  if (/^arn:aws[a-z-]*:firehose:/.test(arn)) throw notSupported('Access logging to Firehose')
  const destination = arn.replace(/:\*$/, '')
  if (logGroupOf(destination) === undefined)
    throw badRequest(`Invalid ARN specified in the request: ${arn}`)
  return destination
}
