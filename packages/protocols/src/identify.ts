/** Which service, and which operation of it, does a request of AWS's own protocols ask for? */
import { commonError } from './aws-error.ts'
import type { Labels } from './http-binding.ts'
import { matchBucket, routerOf } from './match.ts'
import type { OperationModel, ServiceModel } from './model.ts'
import {
  type ServiceName,
  serviceByPath,
  serviceBySigningName,
  serviceByTarget,
  serviceByVersion,
  traitsOfService,
} from './services.ts'
import { headerOf, queryEntries, type WireRequest } from './wire.ts'

/**
 * The service, from the signature's scope, `X-Amz-Target`, `Action=` with its `Version=`, the path, and S3 where none speaks.
 *
 * @param signedService  of the SigV4 scope (header or query), if the request is signed
 * @throws AwsError UnknownOperationException  two signs name different services, or a service that is not answered here
 */
export function identifyService(
  request: WireRequest,
  signedService: string | undefined,
): ServiceName {
  const signed = signedService === undefined ? undefined : serviceBySigningName(signedService)
  if (signedService !== undefined && signed === undefined)
    throw commonError(
      'UnknownOperationException',
      `The service ${signedService} is not supported by Sekisho.`,
    )
  const target = headerOf(request.headers, 'x-amz-target')
  const targeted = target === undefined ? undefined : serviceByTarget(target)
  if (target !== undefined && targeted === undefined)
    throw commonError(
      'UnknownOperationException',
      'The target of the request is not supported by Sekisho.',
    )
  const form = targeted === undefined ? formService(request) : undefined
  const named = [signed, targeted, form].filter((name) => name !== undefined)
  if (new Set(named).size > 1)
    throw commonError(
      'UnknownOperationException',
      `The request names different services: ${[...new Set(named)].join(', ')}.`,
    )
  return named[0] ?? serviceByPath(request.rawPath) ?? 's3'
}

/** `Action=` counts in a form's body and in the query of `GET /`. */
function formService(request: WireRequest): ServiceName | undefined {
  const version = formValue(request, 'Version')
  return formValue(request, 'Action') === undefined || version === undefined
    ? undefined
    : serviceByVersion(version)
}

function formValue(request: WireRequest, name: string): string | undefined {
  if (request.rawPath !== '/') return undefined
  const isForm =
    headerOf(request.headers, 'content-type')?.startsWith('application/x-www-form-urlencoded') ===
    true
  const body = isForm ? queryEntries(new TextDecoder().decode(request.body)) : []
  return [...body, ...queryEntries(request.rawQuery)].find(([key]) => key === name)?.[1]
}

export interface Identified {
  readonly operation: OperationModel
  readonly labels: Labels
}

/** @throws AwsError InvalidAction, MissingAction or UnknownOperationException, as the protocol has it */
export function identifyOperation(
  name: ServiceName,
  model: ServiceModel,
  request: WireRequest,
): Identified {
  const { protocol, version } = traitsOfService(name)
  if (protocol === 'awsQuery') {
    const action = formValue(request, 'Action')
    if (action === undefined) throw commonError('MissingAction', 'Missing Action')
    return named(model, action, () =>
      commonError('InvalidAction', `Could not find operation ${action} for version ${version}`),
    )
  }
  if (protocol === 'awsJson1_0' || protocol === 'awsJson1_1') {
    const target = headerOf(request.headers, 'x-amz-target')?.split('.').at(-1) ?? ''
    return named(model, target, () => commonError('UnknownOperationException', ''))
  }
  const match = name === 's3' ? matchBucket(model, request) : routerOf(model).match(request)
  if (match === undefined)
    throw commonError(
      'UnknownOperationException',
      `No operation of ${name} has ${request.method} on this path.`,
    )
  return match
}

function named(model: ServiceModel, action: string, unknown: () => Error): Identified {
  const operation = model.operations.get(action)
  if (operation === undefined) throw unknown()
  return { operation, labels: {} }
}
