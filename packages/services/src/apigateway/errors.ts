/** API Gateway's errors, by the names of its model. */
import { AwsError } from '@sekisho/protocols'

export function badRequest(message: string): AwsError {
  return new AwsError('BadRequestException', message, 400)
}

export function notFound(message: string): AwsError {
  return new AwsError('NotFoundException', message, 404)
}

export function conflict(message: string): AwsError {
  return new AwsError('ConflictException', message, 409)
}

export function limitExceeded(message: string): AwsError {
  return new AwsError('LimitExceededException', message, 429)
}

export function unavailable(message: string): AwsError {
  return new AwsError('ServiceUnavailableException', message, 503)
}

/** @param parameterOrExpression  AWS's words for what is wrong with it, and it */
export function invalidMapping(parameterOrExpression: string): AwsError {
  return badRequest(
    `Invalid mapping expression specified: Validation Result: warnings : [], errors : [${parameterOrExpression}]`,
  )
}

/** What AWS has and is not built here: said, never ignored. */
export function notSupported(what: string): AwsError {
  return badRequest(`${what} is not supported by Sekisho yet`)
}

/** Refuses the members of an input that would be stored without effect. */
export function refuseMembers(input: object, members: readonly string[]): void {
  const found = members.find((name) => {
    const value = (input as Readonly<Record<string, unknown>>)[name]
    return value !== undefined && value !== null && value !== false && !isEmpty(value)
  })
  if (found !== undefined) throw notSupported(`'${found}'`)
}

function isEmpty(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0
}
