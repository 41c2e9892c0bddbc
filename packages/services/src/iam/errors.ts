/** IAM's errors, in its words. */
import { AwsError } from '@sekisho/protocols'

export const noSuchEntity = (message: string) => new AwsError('NoSuchEntity', message, 404)
export const alreadyExists = (message: string) => new AwsError('EntityAlreadyExists', message, 409)
export const deleteConflict = (message: string) => new AwsError('DeleteConflict', message, 409)
export const limitExceeded = (message: string) => new AwsError('LimitExceeded', message, 409)
export const malformedPolicy = (message: string) =>
  new AwsError('MalformedPolicyDocument', message, 400)
export const invalidInput = (message: string) => new AwsError('InvalidInput', message, 400)
export const validationError = (message: string) => new AwsError('ValidationError', message, 400)
export const unmodifiable = (message: string) => new AwsError('UnmodifiableEntity', message, 400)

export const missing = {
  user: (name: string) => noSuchEntity(`The user with name ${name} cannot be found.`),
  group: (name: string) => noSuchEntity(`The group with name ${name} cannot be found.`),
  role: (name: string) => noSuchEntity(`The role with name ${name} cannot be found.`),
  policy: (arn: string) => noSuchEntity(`Policy ${arn} was not found.`),
  attachable: (arn: string) => noSuchEntity(`Policy ${arn} does not exist or is not attachable.`),
} as const
