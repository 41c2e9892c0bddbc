/** What a call goes through, from the wire or from inside: the services, their models, and what went wrong. */
import { AwsError, commonError, type ServiceModel, type ServiceName } from '@sekisho/protocols'
import type { AnyOperation, Service } from '@sekisho/services'
import { BodyTooLargeError, ClientGoneError } from '../arrival.ts'
import { failureFields } from '../log.ts'
import type { NoteUse } from '../uses.ts'
import type { AuthenticateOptions } from './authenticate.ts'
import type { Caller } from './caller.ts'
import type { PerformOptions } from './perform.ts'

export interface ApiOptions extends AuthenticateOptions, Omit<PerformOptions, 'aws' | 'rehearse'> {
  /** Of calls that name none. */
  readonly region: string
  readonly services: readonly Service[]
  readonly noteUse: NoteUse
}

/** A call that has an identity before it has a signature. */
export interface Insider {
  readonly service: ServiceName
  readonly caller: Caller
  readonly causedBy: string | undefined
}

export interface Gate extends ApiOptions, Pick<PerformOptions, 'aws' | 'rehearse'> {
  readonly serviceOf: (name: ServiceName) => Service
  readonly modelOf: (service: Service) => Promise<ServiceModel>
}

/** @throws AwsError NotImplemented */
export function handlerOf(service: Service, operation: string): AnyOperation {
  const handler = service.operations.get(operation)
  if (handler === undefined)
    throw commonError(
      'NotImplemented',
      `${operation} of ${service.name} is not supported by Sekisho.`,
    )
  return handler
}

/** What is not meant for callers becomes InternalFailure; the log has the rest, under the request id. */
export function errorOf(error: unknown, requestId: string, { log }: Pick<Gate, 'log'>): AwsError {
  if (error instanceof AwsError) return error
  if (error instanceof BodyTooLargeError)
    return new AwsError('RequestEntityTooLargeException', 'Request body is too large', 413)
  if (error instanceof ClientGoneError)
    return new AwsError('RequestTimeoutException', 'The request body was not received', 408)
  log.error('an AWS API call failed', { requestId, ...failureFields(error) })
  return commonError(
    'InternalFailure',
    'The request processing has failed because of an unknown error, exception or failure.',
  )
}
