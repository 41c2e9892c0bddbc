/** Who calls an operation, and in whose name services call one another. */
import type { AwsError, ServiceName, Values } from '@sekisho/protocols'
import type { Behalf, Identity } from '@sekisho/services'
import type { Documents } from '@sekisho/store'

export interface Caller {
  readonly identity: Identity
  /** That the signature names. */
  readonly region: string
  /** The services that a call came through; absent: it came from outside. */
  readonly via?: readonly string[]
  /** The services between pass on what somebody else asked for, in that somebody's name. */
  readonly isForwarded?: true
}

/** In the name of whoever called the service that calls now. */
export interface OnBehalfOfCaller {
  readonly caller: Caller
  /** The service between. */
  readonly by: ServiceName
  readonly causedBy: string | undefined
  /** Where what is asked for is part of a transaction: that reads and writes in it. */
  readonly documents?: Documents | undefined
  /** By which the call is known; absent: an id that nobody else has. */
  readonly requestId?: string
}

/** Asked without being done. @returns why it is refused; undefined: it would not be */
export type RehearseInside = (...asked: Parameters<CallInside>) => Promise<AwsError | undefined>

export type CallInside = (
  service: ServiceName,
  operation: string,
  input: Values,
  behalf: Behalf | OnBehalfOfCaller,
) => Promise<Values>
