/** EventBridge's errors, by the names of its model. */
import { AwsError } from '@sekisho/protocols'

const error = (code: string) => (message: string) => new AwsError(code, message, 400)

export const validation = error('ValidationException')
export const notFound = error('ResourceNotFoundException')
export const alreadyExists = error('ResourceAlreadyExistsException')
export const limitExceeded = error('LimitExceededException')
export const invalidState = error('InvalidStateException')
export const policyTooLong = error('PolicyLengthExceededException')

export const noBus = (name: string) => notFound(`Event bus ${name} does not exist.`)
export const noRule = ({ name, bus }: { readonly name: string; readonly bus: string }) =>
  notFound(`Rule ${name} does not exist on EventBus ${bus}.`)

export const invalidPattern = (reason: string) =>
  new AwsError('InvalidEventPatternException', `Event pattern is not valid. Reason: ${reason}`, 400)

/** What AWS has and is not built here: said, never ignored. */
export function notSupported(what: string): AwsError {
  return validation(`${what} is not supported by Sekisho.`)
}
