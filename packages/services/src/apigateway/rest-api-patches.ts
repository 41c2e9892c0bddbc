/** PATCH of a REST API, and what its settings may be. */
import { badRequest, notSupported } from './errors.ts'
import { booleanOf, type PatchTable, plainWording, textRow } from './patch.ts'
import type { RestApiRecord } from './records.ts'
import { readResourcePolicy } from './resource-policy.ts'
import { apiSecurityPolicy } from './security-policies.ts'

export const endpointTypes = ['REGIONAL', 'EDGE', 'PRIVATE'] as const
export const ipAddressTypes = ['ipv4', 'dualstack'] as const
const maxCompressionSize = 10_485_760

/** @throws AwsError BadRequestException */
export function compressionSize(size: number): number {
  if (!Number.isInteger(size) || size < 0 || size > maxCompressionSize)
    throw badRequest(
      `Invalid minimum compression size, must be between 0 and ${maxCompressionSize}`,
    )
  return size
}

const mostMediaTypes = 200
const longestMediaType = 255

/** Every request is held against them. @throws AwsError BadRequestException */
export function mediaTypes(types: readonly string[]): readonly string[] {
  if (types.length > mostMediaTypes)
    throw badRequest(`An API has at most ${mostMediaTypes} binary media types`)
  const wrong = types.find((type) => type.length > longestMediaType || !type.includes('/'))
  if (wrong === undefined) return types
  throw badRequest(`Invalid binary media type specified: ${wrong.slice(0, longestMediaType)}`)
}

const mostVpcEndpoints = 100

/** @throws AwsError BadRequestException  settings of the endpoint that do not go together */
export function checkEndpoints(record: RestApiRecord): RestApiRecord {
  const { endpointTypes: types, ipAddressType, vpcEndpointIds } = record
  if (types.length > 1) throw badRequest('Cannot create an api with multiple Endpoint Types.')
  if (types.length === 0)
    throw badRequest('REGIONAL Configuration and EDGE Configuration cannot be both DISABLED.')
  const isPrivate = types.includes('PRIVATE')
  if (isPrivate && ipAddressType !== 'dualstack')
    throw badRequest('Only dualstack ipAddressType is supported for Private APIs.')
  if (!isPrivate && vpcEndpointIds.length > 0)
    throw badRequest('VPCEndpoints can only be specified with PRIVATE apis.')
  const wrong = vpcEndpointIds.find((id) => !/^vpce-[a-z0-9]{1,40}$/.test(id))
  if (wrong !== undefined) throw badRequest(`Invalid VPC endpoint ID specified: ${wrong}`)
  if (vpcEndpointIds.length > mostVpcEndpoints)
    throw badRequest(`An API has at most ${mostVpcEndpoints} VPC endpoints`)
  return record
}

/** The record with another policy (or none), and since when. */
export function withPolicy(
  record: RestApiRecord,
  policy: string | undefined,
  nowMs: number,
): RestApiRecord {
  const { policy: before, ...others } = record
  if (before === policy) return record
  return { ...others, ...(policy !== undefined && { policy }), policyChangedAt: nowMs }
}

/** @throws AwsError BadRequestException */
export function withSecurityPolicy(
  { securityPolicy: _, ...record }: RestApiRecord,
  given: string,
): RestApiRecord {
  const securityPolicy = apiSecurityPolicy(given, record.endpointTypes)
  return { ...record, ...(securityPolicy && { securityPolicy }) }
}

/** @see API Gateway API Reference, "Patch operations" (UpdateRestApi) */
export const restApiPatches = (nowMs: number): PatchTable<RestApiRecord> => ({
  '/name': textRow((record, name) => {
    if (name === undefined) throw badRequest('Name cannot be empty')
    return { ...record, name }
  }),
  '/description': textRow(
    ({ description: _, ...record }, description) => ({
      ...record,
      ...(description !== undefined && { description }),
    }),
    ['add', 'replace', 'remove'],
  ),
  '/policy': {
    ops: ['replace'],
    apply: (record, { value }) => withPolicy(record, readResourcePolicy(value, record), nowMs),
  },
  '/disableExecuteApiEndpoint': {
    ops: ['replace'],
    apply: (record, patch) => ({
      ...record,
      disableExecuteApiEndpoint: booleanOf(patch, 'disableExecuteApiEndpoint'),
    }),
  },
  '/apiKeySource': {
    ops: ['replace'],
    apply(record, { value }) {
      if (value !== 'HEADER' && value !== 'AUTHORIZER')
        throw badRequest('Invalid API key source. Valid options are HEADER,AUTHORIZER')
      return { ...record, apiKeySource: value }
    },
  },
  '/minimumCompressionSize': {
    ops: ['replace'],
    apply({ minimumCompressionSize: _, ...record }, { value }) {
      if (value === '') return record
      const size = /^-?\d+$/.test(value) ? Number(value) : Number.NaN
      return { ...record, minimumCompressionSize: compressionSize(size) }
    },
  },
  '/binaryMediaTypes/{type}': {
    ops: ['add', 'replace', 'remove'],
    apply(record, { op, value, parameters }) {
      const others = record.binaryMediaTypes.filter((type) => type !== parameters[0])
      const added =
        op === 'remove' ? [] : [op === 'replace' && value !== '' ? value : parameters[0]!]
      return { ...record, binaryMediaTypes: mediaTypes([...others, ...added]) }
    },
  },
  '/endpointConfiguration/types/{type}': {
    ops: ['add', 'replace', 'remove'],
    apply(record, { op, path, value, parameters }) {
      if (op !== 'replace')
        throw badRequest("Invalid patch operation specified. Must be 'add'|'remove'|'replace'")
      if (!endpointTypes.some((type) => type === value))
        throw badRequest('Invalid EndpointTypes specified. Valid options are REGIONAL,EDGE,PRIVATE')
      if (!record.endpointTypes.includes(parameters[0]!))
        throw plainWording.unknownPath(path, op, [])
      // A private API has both address types, whatever it had before.
      const ipAddressType = value === 'PRIVATE' ? 'dualstack' : record.ipAddressType
      const { securityPolicy: _, ...others } = record
      return checkEndpoints({ ...others, endpointTypes: [value], ipAddressType })
    },
  },
  '/endpointConfiguration/ipAddressType': {
    ops: ['replace'],
    apply(record, { value }) {
      if (value !== 'ipv4' && value !== 'dualstack')
        throw badRequest('ipAddressType must be either ipv4 or dualstack.')
      return checkEndpoints({ ...record, ipAddressType: value })
    },
  },
  '/endpointConfiguration/vpcEndpointIds': {
    ops: ['add', 'remove'],
    apply(record, { op, value }) {
      const others = record.vpcEndpointIds.filter((id) => id !== value)
      const vpcEndpointIds = op === 'add' ? [...others, value] : others
      return checkEndpoints({ ...record, vpcEndpointIds })
    },
  },
  '/securityPolicy': {
    ops: ['replace'],
    apply: (record, { value }) => withSecurityPolicy(record, value),
  },
  '/endpointAccessMode': refused('endpointAccessMode'),
})

function refused(what: string): PatchTable<RestApiRecord>[string] {
  return {
    ops: ['replace'],
    apply() {
      throw notSupported(`'${what}'`)
    },
  }
}
