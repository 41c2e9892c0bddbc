/** Listeners that stand for interface VPC endpoints: which private API does a call by one of them mean? */
import { headerOf } from '@sekisho/protocols'
import type { ApiAddress, FrontDoor } from './front-door.ts'

export interface VpcEndpoint {
  /** `vpce-…` */
  readonly id: string
  /** `vpc-…`; absent: nobody said in which network it lies. */
  readonly vpcId?: string
}

export interface VpcListener extends VpcEndpoint {
  readonly host: string
  readonly port: number
}

/** Of `vpce-1a2b=127.0.0.1:5001` and `vpce-1a2b@vpc-3c4d=[::1]:5001`. */
export function vpcListenerOf(given: string): VpcListener | undefined {
  const [, id, vpcId, bracketed, plain, port] =
    /^(vpce-[a-z0-9]{1,40})(?:@(vpc-[a-z0-9]{1,40}))?=(?:\[([0-9a-f:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(
      given,
    ) ?? []
  const host = bracketed ?? plain
  if (id === undefined || host === undefined || Number(port) < 1 || Number(port) > 65_535)
    return undefined
  return { id, ...(vpcId !== undefined && { vpcId }), host, port: Number(port) }
}

/** `API` or `API-VPCE`, before the names that AWS and this server give to deployed APIs. */
const apiHost =
  /^([a-z0-9]+)(?:-(vpce-[a-z0-9]+))?\.execute-api\.(?:([a-z0-9-]+)\.)?(?:localhost|amazonaws\.com)(?::\d{1,5})?$/i

const nowhere: ApiAddress = {
  road: 'execute-api',
  apiId: '',
  region: undefined,
  stageName: '',
  path: '',
}

/**
 * By a VPC endpoint only private APIs can be had, by the header `x-apigw-api-id`, by their own host or by their host at
 * this endpoint; whatever else is asked leads to no API.
 *
 * @see API Gateway Developer Guide, "Invoke a private API"
 */
export function addressByEndpoint(
  request: Parameters<FrontDoor['roadOf']>[0] & { readonly headers: readonly string[] },
  endpoint: VpcEndpoint,
  frontDoor: FrontDoor,
): ApiAddress {
  const { host, rawPath, headers } = request
  const named = headerOf(headers, 'x-apigw-api-id')
  if (named !== undefined) return isRepeated(headers) ? nowhere : stageAt(named, undefined, rawPath)
  const [, apiId, endpointId, region] = apiHost.exec(host) ?? []
  if (apiId !== undefined) {
    if (endpointId !== undefined && endpointId.toLowerCase() !== endpoint.id) return nowhere
    const address = stageAt(apiId.toLowerCase(), region?.toLowerCase(), rawPath)
    return endpointId === undefined ? address : { ...address, isByEndpointName: true }
  }
  const road = frontDoor.roadOf(request)
  return road.road === 'execute-api' ? road : nowhere
}

function isRepeated(headers: readonly string[]): boolean {
  return (
    headers.filter((name, at) => at % 2 === 0 && name.toLowerCase() === 'x-apigw-api-id').length > 1
  )
}

function stageAt(apiId: string, region: string | undefined, rawPath: string): ApiAddress {
  const end = rawPath.indexOf('/', 1)
  const stageName = end < 0 ? rawPath.slice(1) : rawPath.slice(1, end)
  return { road: 'execute-api', apiId, region, stageName, path: end < 0 ? '' : rawPath.slice(end) }
}
