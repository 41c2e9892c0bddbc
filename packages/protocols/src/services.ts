/** The services that can be asked here: how each is named, signed for and spoken to. */
import type { ProtocolName } from './protocol.ts'

export interface ServiceTraits {
  /** In the scope of a signature. */
  readonly signingName: string
  readonly protocol: ProtocolName
  readonly version: string
  /** Of `X-Amz-Target`, for awsJson. */
  readonly targetPrefix?: string
  readonly xmlNamespace?: string
  /** One for all regions: `aws:RequestedRegion` is us-east-1. */
  readonly isGlobal?: true
}

/** @see the SDK clients' own configuration (protocol, version, target prefix, namespace) */
export const serviceTraits = {
  apigateway: { signingName: 'apigateway', protocol: 'restJson1', version: '2015-07-09' },
  // Before `iam`, which signs by the same name: the path tells them apart.
  'iam-toolbox': { signingName: 'iam', protocol: 'restJson1', version: '2018-05-10' },
  iam: {
    signingName: 'iam',
    protocol: 'awsQuery',
    version: '2010-05-08',
    xmlNamespace: 'https://iam.amazonaws.com/doc/2010-05-08/',
    isGlobal: true,
  },
  sts: {
    signingName: 'sts',
    protocol: 'awsQuery',
    version: '2011-06-15',
    xmlNamespace: 'https://sts.amazonaws.com/doc/2011-06-15/',
  },
  organizations: {
    signingName: 'organizations',
    protocol: 'awsJson1_1',
    version: '2016-11-28',
    targetPrefix: 'AWSOrganizationsV20161128',
    isGlobal: true,
  },
  lambda: { signingName: 'lambda', protocol: 'restJson1', version: '2015-03-31' },
  s3: {
    signingName: 's3',
    protocol: 'restXml',
    version: '2006-03-01',
    xmlNamespace: 'http://s3.amazonaws.com/doc/2006-03-01/',
  },
  events: {
    signingName: 'events',
    protocol: 'awsJson1_1',
    version: '2015-10-07',
    targetPrefix: 'AWSEvents',
  },
  scheduler: { signingName: 'scheduler', protocol: 'restJson1', version: '2021-06-30' },
  logs: {
    signingName: 'logs',
    protocol: 'awsJson1_1',
    version: '2014-03-28',
    targetPrefix: 'Logs_20140328',
  },
  cloudfront: {
    signingName: 'cloudfront',
    protocol: 'restXml',
    version: '2020-05-31',
    xmlNamespace: 'http://cloudfront.amazonaws.com/doc/2020-05-31/',
    isGlobal: true,
  },
  'cloudfront-keyvaluestore': {
    signingName: 'cloudfront-keyvaluestore',
    protocol: 'restJson1',
    version: '2022-07-26',
    isGlobal: true,
  },
  cloudformation: {
    signingName: 'cloudformation',
    protocol: 'awsQuery',
    version: '2010-05-15',
    xmlNamespace: 'http://cloudformation.amazonaws.com/doc/2010-05-15/',
  },
  accessanalyzer: { signingName: 'access-analyzer', protocol: 'restJson1', version: '2019-11-01' },
} as const satisfies Record<string, ServiceTraits>

export type ServiceName = keyof typeof serviceTraits

export function traitsOfService(name: ServiceName): ServiceTraits {
  return serviceTraits[name]
}

const bySigningName = new Map(
  Object.entries(serviceTraits).map(([name, traits]) => [
    traits.signingName as string,
    name as ServiceName,
  ]),
)
const byTarget = new Map(
  Object.entries(serviceTraits).flatMap(([name, traits]) =>
    'targetPrefix' in traits ? [[traits.targetPrefix as string, name as ServiceName] as const] : [],
  ),
)
const byVersion = new Map(
  Object.entries(serviceTraits).flatMap(([name, traits]) =>
    traits.protocol === 'awsQuery'
      ? [[traits.version as string, name as ServiceName] as const]
      : [],
  ),
)

export function serviceBySigningName(signingName: string): ServiceName | undefined {
  return bySigningName.get(signingName)
}

/** @param target  `Prefix.Operation`, as in `X-Amz-Target` */
export function serviceByTarget(target: string): ServiceName | undefined {
  return byTarget.get(target.slice(0, target.lastIndexOf('.')))
}

/** @param version  of `Version=` in a query service's form */
export function serviceByVersion(version: string): ServiceName | undefined {
  return byVersion.get(version)
}

/** First segments of the paths of each REST service's model, where no other service has them too. */
const pathHeads = {
  apigateway:
    'account apikeys clientcertificates domainnameaccessassociations domainnames rejectdomainnameaccessassociations restapis sdktypes usageplans vpclinks',
  'iam-toolbox': 'authorization-details',
  scheduler: 'schedule-groups schedules',
  'cloudfront-keyvaluestore': 'key-value-stores',
  accessanalyzer:
    'access-preview analyzed-resource analyzer archive-rule finding findingv2 policy recommendation resource service-linked-analyzer',
} as const satisfies { [Name in ServiceName]?: string }

/** Second segments of Lambda's paths, whose first is the date of a version. */
const lambdaHeads =
  'account-settings capacity-providers code-signing-configs durable-execution-callbacks durable-executions event-source-mappings functions layers resource-policy tags'

const byPathHead = new Map(
  Object.entries(pathHeads).flatMap(([name, heads]) =>
    heads.split(' ').map((head) => [head, name as ServiceName] as const),
  ),
)
const lambdaHead = new Set(lambdaHeads.split(' '))

/** The REST service whose model has such paths; S3 is whatever is left. */
export function serviceByPath(rawPath: string): ServiceName | undefined {
  const [, first = '', second = ''] = rawPath.split('/', 3)
  if (first === serviceTraits.cloudfront.version) return 'cloudfront'
  if (/^20\d\d-\d\d-\d\d$/.test(first) && lambdaHead.has(second)) return 'lambda'
  return byPathHead.get(first)
}
