/** Which service, and which operation of it, does a request of AWS's own protocols ask for, and in which protocol? */
import { AwsError, commonError, notImplemented } from './aws-error.ts'
import { fieldsOf, isForm } from './form.ts'
import type { Labels } from './http-binding.ts'
import { bucketOfHost, matchBucket, routerOf } from './match.ts'
import type { OperationModel, ServiceModel } from './model.ts'
import type { ProtocolName } from './protocol.ts'
import {
  type ServiceName,
  serviceByPath,
  serviceBySigningName,
  serviceByTarget,
  serviceByVersion,
  traitsOfService,
} from './services.ts'
import { headerOf, headersOf, type WireRequest } from './wire.ts'

/**
 * The service: from the host, the signature's scope, `X-Amz-Target` (or an RPC path), `Action=` with its `Version=`,
 * the path, and S3 where none speaks.
 *
 * @param signedService  of the SigV4 scope (header or query), if the request is signed
 * @throws AwsError  two signs name different services, or a service that is not answered here
 */
export function identifyService(
  request: WireRequest,
  signedService: string | undefined,
): ServiceName {
  const signs: readonly ServiceName[] = [
    bucketOfHost(headerOf(request.headers, 'host') ?? '') === undefined
      ? undefined
      : ('s3' as const),
    signedService === undefined ? undefined : signed(signedService, request.rawPath),
    targeted(request),
    formService(request),
  ].filter((name) => name !== undefined)
  const [name, ...others] = new Set(signs)
  if (others.length > 0)
    throw commonError(
      'UnknownOperationException',
      `The request names different services: ${[name, ...others].join(', ')}.`,
    )
  return name ?? serviceByPath(request.rawPath) ?? 's3'
}

function signed(signingName: string, rawPath: string): ServiceName {
  const name = serviceBySigningName(signingName)
  if (name === undefined) throw notImplemented(`The service ${signingName}`)
  const byPath = serviceByPath(rawPath)
  // Services may share a name; then the path says which of them is meant.
  return byPath && traitsOfService(byPath).signingName === signingName ? byPath : name
}

function targeted(request: WireRequest): ServiceName | undefined {
  const target = targetOf(request)
  if (target === undefined) return undefined
  const name = serviceByTarget(target)
  if (name === undefined)
    throw commonError('UnknownOperationException', 'The target is no service of Sekisho.')
  return name
}

/**
 * `Prefix.Operation`, from the header or the path of an RPC.
 *
 * @throws AwsError  there are two: what one reader takes, another may not
 */
function targetOf(request: WireRequest): string | undefined {
  const rpc = rpcPathOf(request)
  const [target, ...others] = [
    ...(rpc === undefined ? [] : [rpc]),
    ...headersOf(request.headers, 'x-amz-target'),
  ]
  if (others.length > 0)
    throw commonError('UnknownOperationException', 'The request has more than one target.')
  return target
}

/** @see Smithy 2.0 specification, "Smithy RPC v2 CBOR protocol" */
function rpcPathOf({ headers, rawPath }: WireRequest): string | undefined {
  const path = /^\/service\/([A-Za-z0-9_]+)\/operation\/([A-Za-z0-9_]+)$/.exec(rawPath)
  // Without the header it is the name of an object.
  if (path === null || headerOf(headers, 'smithy-protocol') !== 'rpc-v2-cbor') return undefined
  return `${path[1]}.${path[2]}`
}

/** `Action=` counts in a form's body and in the query of `GET /`. */
function formService(request: WireRequest): ServiceName | undefined {
  const { action, version } = formOf(request)
  if (action === undefined) return undefined
  const name = version === undefined ? undefined : serviceByVersion(version)
  if (name === undefined) throw unknownAction(action, version)
  return name
}

/** Query services answer like this when they have no such action in that version. */
function unknownAction(action: string, version: string | undefined): AwsError {
  return commonError(
    'InvalidAction',
    `Could not find operation ${action} for version ${version ?? 'NO_VERSION_SPECIFIED'}`,
  )
}

function formOf(request: WireRequest): { action?: string; version?: string } {
  if (request.rawPath !== '/') return {}
  const form: { action?: string; version?: string } = {}
  for (const [name, value] of fieldsOf(request))
    if (name === 'Action') form.action = value
    else if (name === 'Version') form.version = value
  return form
}

/** @see Amazon S3 API Reference, "Error responses" */
function notOfS3({ method, rawPath, headers }: WireRequest): AwsError {
  if (!isDecodable(rawPath))
    return new AwsError('InvalidURI', "Couldn't parse the specified URI.", 400, { URI: rawPath })
  if (method === 'POST' && /^multipart\/form-data/i.test(headerOf(headers, 'content-type') ?? ''))
    return commonError('NotImplemented', 'Uploads from HTML forms are not supported by Sekisho.')
  return new AwsError(
    'MethodNotAllowed',
    'The specified method is not allowed against this resource.',
    405,
    { Method: method },
  )
}

function isDecodable(rawPath: string): boolean {
  try {
    decodeURIComponent(rawPath)
    return true
  } catch {
    return false
  }
}

/**
 * The protocol that this request speaks, and its answer has to: newer clients may speak another than their service's first.
 *
 * @param service  if known; without one the request's own form decides, so that a refusal too can be read by the client
 */
export function protocolOf(request: WireRequest, service?: ServiceName): ProtocolName {
  const first = service === undefined ? guessed(request) : traitsOfService(service).protocol
  if (first !== 'awsJson1_0' && first !== 'awsJson1_1') return first
  if (rpcPathOf(request) !== undefined) return 'rpcv2Cbor'
  return headerOf(request.headers, 'content-type')?.startsWith('application/x-amz-json-1.0')
    ? 'awsJson1_0'
    : first
}

function guessed(request: WireRequest): ProtocolName {
  if (rpcPathOf(request) !== undefined || headersOf(request.headers, 'x-amz-target').length > 0)
    return 'awsJson1_1'
  if (isForm(request) || /(?:^|&)Action=/.test(request.rawQuery)) return 'awsQuery'
  const byPath = serviceByPath(request.rawPath)
  return byPath === undefined ? 'restXml' : traitsOfService(byPath).protocol
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
    const { action, version: asked } = formOf(request)
    if (action === undefined)
      throw commonError(
        'MissingAction',
        'The request is missing an action or a required parameter.',
      )
    const operation = asked === version ? model.operations.get(action) : undefined
    if (operation === undefined) throw unknownAction(action, asked)
    return { operation, labels: {} }
  }
  if (protocol === 'awsJson1_0' || protocol === 'awsJson1_1') {
    const target = targetOf(request)?.split('.').at(-1)
    const operation = model.operations.get(target ?? '')
    // AWS has no word for it, so the code says it alone.
    if (operation === undefined) throw new AwsError('UnknownOperationException', '', 404)
    return { operation, labels: {} }
  }
  const match = name === 's3' ? matchBucket(model, request) : routerOf(model).match(request)
  if (match === undefined && name === 's3') throw notOfS3(request)
  if (match === undefined)
    throw commonError(
      'UnknownOperationException',
      `No operation of ${name} has ${request.method} on this path.`,
    )
  return match
}
