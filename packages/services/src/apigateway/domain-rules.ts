/** Which names may a custom domain have, and with which settings? */
import type * as Sdk from '@aws-sdk/client-api-gateway'
import { badRequest, notSupported } from './errors.ts'

/** Endpoints that are served under the control plane's own names are nobody's to take. */
const servedHere =
  /(?:^|\.)(?:execute-api|cloudfront|s3|lambda-url|console|sts|iam|apigateway|lambda|logs|events|scheduler|cloudformation|organizations|access-analyzer|s3-control)(?:\.[a-z0-9-]+)?\.localhost$|(?:^|\.)localhost\.localstack\.cloud$|(?:^|\.)amazonaws\.com(?:\.cn)?$|(?:^|\.)on\.aws$|(?:^|\.)cloudfront\.net$/

const label = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/

/**
 * @returns the name in lower case
 * @throws AwsError BadRequestException  no host name, an address, or one that this endpoint itself answers to
 */
export function readDomainName(given: string): string {
  const name = given.toLowerCase()
  const labels = name.replace(/^\*\./, '').split('.')
  const isName =
    name.length <= 253 &&
    labels.length >= 2 &&
    labels.every((each) => label.test(each)) &&
    !/^\d+$/.test(labels.at(-1)!)
  if (!isName) throw badRequest('The provided domain name is invalid.')
  // `bucket.localhost` is how S3 clients name a bucket here: a domain below localhost has a label more.
  const isShort = labels.at(-1) === 'localhost' && labels.length < 3
  if (isShort || servedHere.test(name))
    throw badRequest(`The domain name '${name}' is reserved for this endpoint.`)
  return name
}

/** What a domain name could say beside that and has no meaning here. */
export const unsupportedMembers = [
  'certificateBody',
  'certificatePrivateKey',
  'certificateChain',
  'endpointAccessMode',
  'policy',
] as const

/** @throws AwsError BadRequestException */
export function checkEndpointType(types: readonly string[]): 'REGIONAL' | 'EDGE' {
  const [type = 'EDGE', ...others] = types
  if (others.length > 0)
    throw badRequest('Cannot create a domain name with multiple Endpoint Types.')
  if (type === 'PRIVATE') throw notSupported('A private custom domain name')
  if (type !== 'REGIONAL' && type !== 'EDGE')
    throw badRequest('Invalid EndpointTypes specified. Valid options are REGIONAL,EDGE,PRIVATE')
  return type
}

/**
 * Certificates themselves come from this server's own TLS settings: an ARN only has to name one of the right region.
 * @throws AwsError BadRequestException
 */
export function checkCertificateArn(arn: string, region: string): string {
  const [, certificateRegion] =
    /^arn:aws[a-z-]*:(?:acm|iam):([a-z0-9-]*):\d{12}:(?:certificate|server-certificate)\/.+$/.exec(
      arn,
    ) ?? []
  if (certificateRegion === undefined) throw badRequest('Invalid certificate ARN specified')
  if (certificateRegion !== '' && certificateRegion !== region)
    throw badRequest(`Invalid certificate ARN: ${arn}. Certificate must be in '${region}'.`)
  return arn
}

/** Certificates of distributions live there. */
export const edgeCertificateRegion = 'us-east-1'

/** The hosted zone of every distribution. */
export const distributionHostedZoneId = 'Z2FDTNDATAQYW2'

/** @see AWS General Reference, "Amazon API Gateway endpoints and quotas" (Route 53 hosted zone ids) */
export const regionalHostedZoneIds: Readonly<Record<string, string>> = {
  'us-east-1': 'Z1UJRXOUMOOFQ8',
  'us-east-2': 'ZOJJZC49E0EPZ',
  'us-west-1': 'Z2MUQ32089INYE',
  'us-west-2': 'Z2OJLYMUO9EFXC',
  'ap-northeast-1': 'Z1YSHQZHG15GKL',
  'ap-northeast-2': 'Z20JF4UZKIW1U8',
  'ap-south-1': 'Z3VO1THU9YC4UR',
  'ap-southeast-1': 'ZL327KTPIQFUL',
  'ap-southeast-2': 'Z2RPCDW04V8134',
  'ca-central-1': 'Z19DQILCV0OWEC',
  'eu-central-1': 'Z1U9ULNL0V5AJ3',
  'eu-north-1': 'Z3UWIKFBOOGXPP',
  'eu-west-1': 'ZLY8HYME6SFDD',
  'eu-west-2': 'ZJ5UAJN8Y3Z2Q',
  'eu-west-3': 'Z3KY65QIEKYHQQ',
  'sa-east-1': 'ZCMLWB8V5SYIT',
}

/** Private domain names have an id beside the name; there are none here. */
export function refuseDomainNameId({ domainNameId }: Pick<Sdk.DomainName, 'domainNameId'>): void {
  if (domainNameId !== undefined) throw notSupported('A private custom domain name')
}
