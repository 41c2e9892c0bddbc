/** Lambda's errors, in its words. */
import { AwsError } from '@sekisho/protocols'

const error = (code: string, status: number) => (message: string) =>
  new AwsError(code, message, status, { Type: 'User' })

export const invalidParameter = error('InvalidParameterValueException', 400)
export const notFound = error('ResourceNotFoundException', 404)
export const conflict = error('ResourceConflictException', 409)
export const tooLarge = error('RequestEntityTooLargeException', 413)
export const preconditionFailed = error('PreconditionFailedException', 412)

/** What a model's own constraints refuse, where they are checked by hand. */
export function validation(value: string, member: string, pattern: string): AwsError {
  return new AwsError(
    'ValidationException',
    `1 validation error detected: Value '${value}' at '${member}' failed to satisfy constraint: Member must satisfy regular expression pattern: ${pattern}`,
    400,
  )
}

export function noFunction(arn: string): AwsError {
  return notFound(`Function not found: ${arn}`)
}

/** What AWS has and is not built here. */
export function notSupported(what: string): AwsError {
  return invalidParameter(`${what} is not supported by Sekisho yet.`)
}
