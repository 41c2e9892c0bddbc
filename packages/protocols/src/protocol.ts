/** What a wire protocol is: three functions. */
import type { AwsError } from './aws-error.ts'
import type { Labels } from './http-binding.ts'
import type { OperationModel, ServiceModel } from './model.ts'
import type { WireRequest, WireResponse } from './wire.ts'

export const protocolNames = [
  'restJson1',
  'restXml',
  'awsQuery',
  'awsJson1_0',
  'awsJson1_1',
  'rpcv2Cbor',
] as const
export type ProtocolName = (typeof protocolNames)[number]

export type Values = Readonly<Record<string, unknown>>

/** What an answer has to carry besides its content. */
export interface AnswerContext {
  readonly requestId: string
  readonly xmlNamespace?: string
  readonly model: ServiceModel
  /** The request's `Accept` header. */
  readonly accept?: string
}

export interface Protocol {
  /** @throws AwsError  the request cannot be read */
  readonly decode: (operation: OperationModel, request: WireRequest, labels: Labels) => Values
  readonly encode: (
    operation: OperationModel,
    output: Values,
    context: AnswerContext,
  ) => WireResponse
  readonly encodeError: (error: AwsError, context: AnswerContext) => WireResponse
}
