/** Lambda's errors, in its words. */
import { AwsError } from '@sekisho/protocols'

const error = (code: string, status: number) => (message: string) =>
  new AwsError(code, message, status, { Type: 'User' })

export const invalidParameter = error('InvalidParameterValueException', 400)
export const notFound = error('ResourceNotFoundException', 404)
export const conflict = error('ResourceConflictException', 409)
export const tooLarge = error('RequestEntityTooLargeException', 413)
export const preconditionFailed = error('PreconditionFailedException', 412)

export function noFunction(arn: string): AwsError {
  return notFound(`Function not found: ${arn}`)
}

/** What AWS has and is not built here. */
export function notSupported(what: string): AwsError {
  return invalidParameter(`${what} is not supported by Sekisho yet.`)
}
