/** By which names and with which certificate may viewers call a distribution? */
import { fail, invalidArgument, notSupported } from './errors.ts'
import type { DistributionConfig } from './records.ts'

type Certificate = DistributionConfig['ViewerCertificate']

const hostName =
  /^(?:\*\.)?(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+$/i

/** @throws AwsError */
export function checkAliases({
  Aliases,
  ViewerCertificate: certificate,
}: DistributionConfig): void {
  const aliases = Aliases?.Items ?? []
  if (aliases.length > 100)
    throw fail(
      'TooManyDistributionCNAMEs',
      'Your request contains more CNAMEs than are allowed per distribution.',
    )
  for (const alias of aliases) {
    if (!hostName.test(alias))
      throw invalidArgument(
        'The parameter CNAME contains one or more parameters that are not valid.',
      )
    if (/(?:^|\.)(?:localhost|cloudfront\.net|amazonaws\.com)$/i.test(alias))
      throw invalidArgument(`The parameter CNAME with value ${alias} is not allowed.`)
  }
  const arn = certificate?.ACMCertificateArn
  if (arn !== undefined && !/^arn:aws[a-z-]*:acm:us-east-1:\d{12}:certificate\/[\w-]+$/.test(arn))
    throw fail(
      'InvalidViewerCertificate',
      "The specified SSL certificate doesn't exist, isn't in us-east-1 region, isn't valid, or doesn't include a valid certificate chain.",
    )
  if (aliases.length > 0 && !isOwn(certificate))
    throw fail(
      'InvalidViewerCertificate',
      'To add an alternate domain name (CNAME) to a CloudFront distribution, you must attach a trusted certificate that validates your authorization to use the domain name.',
    )
  if (isOwn(certificate)) checkProtocol(certificate)
}

function isOwn(certificate: Certificate): certificate is NonNullable<Certificate> {
  return Boolean(certificate?.ACMCertificateArn || certificate?.IAMCertificateId)
}

const supportMethods: ReadonlySet<string> = new Set(['sni-only', 'static-ip', 'vip'])
/** All of them are met by what is spoken here: TLS 1.2 and 1.3. */
const protocols: ReadonlySet<string> = new Set([
  'SSLv3',
  'TLSv1',
  'TLSv1_2016',
  'TLSv1.1_2016',
  'TLSv1.2_2018',
  'TLSv1.2_2019',
  'TLSv1.2_2021',
  'TLSv1.2_2025',
])

function checkProtocol({
  SSLSupportMethod: method = 'sni-only',
  MinimumProtocolVersion: version = 'TLSv1',
}: NonNullable<Certificate>): void {
  if (!supportMethods.has(method))
    throw invalidArgument('The parameter SSLSupportMethod is not valid.')
  if (version === 'TLSv1.3_2025')
    throw notSupported(`The minimum protocol version ${version} of viewers`)
  if (!protocols.has(version))
    throw invalidArgument('The parameter MinimumProtocolVersion is not valid.')
}

/** As CloudFront gives it back. */
export function filledCertificate(certificate: Certificate): NonNullable<Certificate> {
  return isOwn(certificate)
    ? { ...certificate, CloudFrontDefaultCertificate: false }
    : {
        CloudFrontDefaultCertificate: true,
        SSLSupportMethod: 'vip',
        MinimumProtocolVersion: 'TLSv1',
        CertificateSource: 'cloudfront',
      }
}
