/** What may a distribution say of its origins, and what stands where it says nothing? */
import { fail, invalidArgument, notSupported } from './errors.ts'
import { counted } from './quantities.ts'
import type { DistributionConfig, Origin } from './records.ts'

/** @see CloudFront Developer Guide, "Quotas" */
const limits = {
  origins: 100,
  groups: 10,
  customHeaders: 30,
  headerName: 256,
  headerValue: 1_783,
  headersTogether: 10_240,
} as const

/** @throws AwsError  what is wrong with the origins, or what is not built */
export function checkOrigins(config: DistributionConfig): void {
  const origins = config.Origins.Items
  const groups = config.OriginGroups?.Items ?? []
  if (origins.length === 0) throw invalidArgument('The parameter Origins is required.')
  if (origins.length > limits.origins)
    throw fail('TooManyOrigins', 'You cannot create more origins for the distribution.')
  if (groups.length > limits.groups)
    throw fail(
      'TooManyOriginGroupsPerDistribution',
      'Processing your request would cause you to exceed the maximum number of origin groups allowed.',
    )
  const ids = [...origins, ...groups].map(({ Id }) => Id)
  if (new Set(ids).size < ids.length || ids.includes(''))
    throw invalidArgument('The parameter Origin Id must be unique and not empty.')
  for (const origin of origins) checkOrigin(origin)
  const known = new Set(origins.map(({ Id }) => Id))
  for (const { Id, Members, FailoverCriteria, SelectionCriteria } of groups) {
    if (SelectionCriteria !== undefined && SelectionCriteria !== 'default')
      throw notSupported(`The selection criteria ${SelectionCriteria} of an origin group`)
    const members = Members.Items.map(({ OriginId }) => OriginId)
    if (members.length !== 2 || members[0] === members[1])
      throw invalidArgument(`The origin group ${Id} must have exactly two different members.`)
    if (!members.every((member) => known.has(member))) throw noSuchOrigin()
    const statuses = FailoverCriteria.StatusCodes.Items
    if (statuses.length === 0 || !statuses.every((status) => failoverStatuses.has(status)))
      throw invalidArgument('The parameter StatusCodes of an origin group is not valid.')
  }
}

export const noSuchOrigin = () =>
  fail('NoSuchOrigin', 'One or more of your origins or origin groups do not exist.')

/** @see CloudFront API Reference, "OriginGroupFailoverCriteria" */
const failoverStatuses: ReadonlySet<number> = new Set([403, 404, 416, 429, 500, 502, 503, 504])

function checkOrigin(origin: Origin): void {
  const { DomainName, OriginPath = '', S3OriginConfig, CustomOriginConfig } = origin
  if (origin.VpcOriginConfig) throw notSupported('An origin in a VPC')
  if (origin.OriginShield?.Enabled) throw notSupported('Origin Shield')
  if (DomainName.includes(':'))
    throw invalidArgument('The parameter origin name cannot contain a colon.')
  if (/^[\d.]+$/.test(DomainName))
    throw invalidArgument('The parameter origin name cannot be an IP address.')
  if (!domainName.test(DomainName))
    throw invalidArgument('The parameter origin name must be a domain name.')
  if (OriginPath !== '' && !(OriginPath.startsWith('/') && !OriginPath.endsWith('/')))
    throw invalidArgument(
      'The parameter OriginPath must begin with a slash and must not end with one.',
    )
  if (/[\s?#\\]|[^\x21-\x7e]/.test(OriginPath) || OriginPath.length > 255)
    throw invalidArgument('The parameter OriginPath contains invalid characters.')
  if ((S3OriginConfig === undefined) === (CustomOriginConfig === undefined))
    throw invalidArgument(
      'The specified origin server does not exist or is not valid: exactly one of S3OriginConfig and CustomOriginConfig is needed.',
    )
  if (S3OriginConfig) checkS3(origin)
  if (CustomOriginConfig) checkCustom(CustomOriginConfig)
  between('ConnectionAttempts', origin.ConnectionAttempts, 1, 3)
  between('ConnectionTimeout', origin.ConnectionTimeout, 1, 10)
  if (origin.ResponseCompletionTimeout !== undefined) {
    const { OriginReadTimeout = 30 } = CustomOriginConfig ?? S3OriginConfig ?? {}
    if (origin.ResponseCompletionTimeout < OriginReadTimeout)
      throw invalidArgument(
        'The parameter ResponseCompletionTimeout must not be less than the origin read timeout.',
      )
  }
  checkHeaders(origin)
}

const domainName = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9](?:[a-z0-9_-]{0,62}))*$/i

function checkS3({ DomainName, S3OriginConfig, OriginAccessControlId }: Origin): void {
  if (!/^[a-z0-9][a-z0-9.-]+\.s3[.-]/i.test(DomainName))
    throw invalidArgument('The parameter Origin DomainName does not refer to a valid S3 bucket.')
  checkReadTimeout(S3OriginConfig?.OriginReadTimeout)
  if (!S3OriginConfig?.OriginAccessIdentity) return
  if (OriginAccessControlId)
    throw fail(
      'IllegalOriginAccessConfiguration',
      'Illegal configuration: The origin type and OAI origin access control configuration cannot both be set.',
    )
  throw notSupported('An origin access identity; use an origin access control. It')
}

function checkCustom(config: NonNullable<Origin['CustomOriginConfig']>): void {
  for (const [name, port] of [
    ['HTTPPort', config.HTTPPort],
    ['HTTPSPort', config.HTTPSPort],
  ] as const)
    if (port !== 80 && port !== 443 && !(port >= 1024 && port <= 65_535))
      throw invalidArgument(`The parameter ${name} is not valid.`)
  if (!['http-only', 'match-viewer', 'https-only'].includes(config.OriginProtocolPolicy))
    throw invalidArgument('The parameter OriginProtocolPolicy is not valid.')
  const protocols = config.OriginSslProtocols?.Items ?? []
  if (!protocols.every((each) => ['SSLv3', 'TLSv1', 'TLSv1.1', 'TLSv1.2'].includes(each)))
    throw invalidArgument('The parameter OriginSslProtocols is not valid.')
  if (config.OriginMtlsConfig) throw notSupported('A client certificate for an origin')
  // What is spoken here begins with it.
  if (protocols.length > 0 && !protocols.includes('TLSv1.2'))
    throw notSupported('An origin without TLSv1.2')
  const { IpAddressType = 'ipv4', OriginKeepaliveTimeout = 5 } = config
  if (!['ipv4', 'ipv6', 'dualstack'].includes(IpAddressType))
    throw invalidArgument('The parameter IpAddressType is not valid.')
  if (IpAddressType === 'ipv6') throw notSupported('An origin of IPv6 addresses alone')
  checkReadTimeout(config.OriginReadTimeout)
  if (!(OriginKeepaliveTimeout >= 1 && OriginKeepaliveTimeout <= 120))
    throw fail(
      'InvalidOriginKeepaliveTimeout',
      'The keep alive timeout specified for the origin is not valid.',
    )
}

function checkReadTimeout(seconds = 30): void {
  if (!(seconds >= 1 && seconds <= 120))
    throw fail(
      'InvalidOriginReadTimeout',
      'The read timeout specified for the origin is not valid.',
    )
}

function between(name: string, value: number | undefined, min: number, max: number): void {
  if (value !== undefined && !(value >= min && value <= max))
    throw invalidArgument(`The parameter ${name} must be between ${min} and ${max}.`)
}

/** @see CloudFront Developer Guide, "Add custom headers to origin requests" */
const forbidden: ReadonlySet<string> = new Set([
  'cache-control',
  'connection',
  'content-length',
  'cookie',
  'host',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'max-forwards',
  'pragma',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'range',
  'request-range',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'via',
  'x-real-ip',
])

function checkHeaders({ CustomHeaders }: Origin): void {
  const headers = CustomHeaders?.Items ?? []
  if (headers.length > limits.customHeaders)
    throw fail(
      'TooManyOriginCustomHeaders',
      'Your request contains too many origin custom headers.',
    )
  const seen = new Set<string>()
  let together = 0
  for (const { HeaderName, HeaderValue } of headers) {
    const name = HeaderName.toLowerCase()
    if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name) || name.length > limits.headerName)
      throw invalidArgument(`The parameter Header Name with value ${HeaderName} is not valid.`)
    if (forbidden.has(name) || /^x-(?:amz|edge)-/.test(name))
      throw invalidArgument(`The parameter Header Name with value ${HeaderName} is not allowed.`)
    if (seen.has(name))
      throw invalidArgument(`The parameter Header Name with value ${HeaderName} is duplicated.`)
    if (HeaderValue.length > limits.headerValue || /[^\t\x20-\x7e\x80-\xff]/.test(HeaderValue))
      throw invalidArgument(`The parameter Header Value of ${HeaderName} is not valid.`)
    seen.add(name)
    together += name.length + HeaderValue.length
  }
  if (together > limits.headersTogether)
    throw fail('TooManyOriginCustomHeaders', 'The origin custom headers are too long together.')
}

/** As CloudFront gives it back. */
export function filledOrigin(origin: Origin): Origin {
  const { CustomOriginConfig: custom, S3OriginConfig: s3 } = origin
  return {
    ...origin,
    OriginPath: origin.OriginPath ?? '',
    CustomHeaders: counted(origin.CustomHeaders?.Items ?? []),
    ...(s3 && { S3OriginConfig: { ...s3, OriginReadTimeout: s3.OriginReadTimeout ?? 30 } }),
    ...(custom && {
      CustomOriginConfig: {
        ...custom,
        OriginSslProtocols: custom.OriginSslProtocols ?? {
          Quantity: 3,
          Items: ['TLSv1', 'TLSv1.1', 'TLSv1.2'],
        },
        OriginReadTimeout: custom.OriginReadTimeout ?? 30,
        OriginKeepaliveTimeout: custom.OriginKeepaliveTimeout ?? 5,
      },
    }),
    ConnectionAttempts: origin.ConnectionAttempts ?? 3,
    ConnectionTimeout: origin.ConnectionTimeout ?? 10,
    OriginShield: { Enabled: false },
    OriginAccessControlId: origin.OriginAccessControlId ?? '',
  }
}
