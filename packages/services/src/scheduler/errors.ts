/** Scheduler's errors, by the names of its model. */
import { AwsError } from '@sekisho/protocols'

export const validation = (message: string) => new AwsError('ValidationException', message, 400)
export const notFound = (message: string) => new AwsError('ResourceNotFoundException', message, 404)
export const conflict = (message: string) => new AwsError('ConflictException', message, 409)
export const quotaExceeded = (message: string) =>
  new AwsError('ServiceQuotaExceededException', message, 402)

export const noGroup = (name: string) => notFound(`Schedule group ${name} does not exist.`)
export const noSchedule = (name: string) => notFound(`Schedule ${name} does not exist.`)

/** What AWS has and is not built here: said, never ignored. */
export function notSupported(what: string): AwsError {
  return validation(`${what} is not supported by Sekisho.`)
}
