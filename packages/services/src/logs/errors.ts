/** CloudWatch Logs' errors, by the names of its model. */
import { AwsError } from '@sekisho/protocols'

const error = (code: string) => (message: string) => new AwsError(code, message, 400)

export const invalidParameter = error('InvalidParameterException')
export const notFound = error('ResourceNotFoundException')
export const alreadyExists = error('ResourceAlreadyExistsException')
export const tooManyTags = error('TooManyTagsException')

export const noGroup = () => notFound('The specified log group does not exist.')
export const noStream = () => notFound('The specified log stream does not exist.')

/** What AWS has and is not built here: said, never ignored. */
export function notSupported(what: string): AwsError {
  return invalidParameter(`${what} is not supported by Sekisho yet.`)
}
