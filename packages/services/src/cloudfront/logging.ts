/** Where does a distribution write its log, and may it? */

import { isDeepStrictEqual } from 'node:util'
import type { LoggingSettings } from '@sekisho/edge'
import { parseJson } from '@sekisho/policy'
import { AwsError } from '@sekisho/protocols'
import type { Call } from '../service.ts'
import { fail, invalidArgument } from './errors.ts'
import type { DistributionConfig } from './records.ts'

export type LoggingConfig = DistributionConfig['Logging']

const off = { Enabled: false, IncludeCookies: false, Bucket: '', Prefix: '' } as const

/** As CloudFront gives it back. */
export function filledLogging(logging: LoggingConfig): NonNullable<LoggingConfig> {
  if (!logging?.Enabled) return off
  const { IncludeCookies = false, Bucket = '', Prefix = '' } = logging
  return { Enabled: true, IncludeCookies, Bucket, Prefix }
}

/** @throws AwsError InvalidArgument */
export function checkLogging(logging: LoggingConfig): void {
  if (!logging?.Enabled) return
  const { Bucket = '', Prefix = '' } = logging
  if (bucketOf(Bucket) === undefined)
    throw invalidArgument('The parameter Logging Bucket does not refer to a valid S3 bucket.')
  if (Prefix.length > 256 || Prefix.startsWith('/'))
    throw invalidArgument('The parameter Logging Prefix is not valid.')
}

export function loggingOf(logging: NonNullable<LoggingConfig>): LoggingSettings {
  return {
    bucket: bucketOf(logging.Bucket ?? '') ?? '',
    prefix: logging.Prefix ?? '',
    includesCookies: logging.IncludeCookies ?? false,
  }
}

/** Of `bucket.s3.amazonaws.com`, with or without a region. */
function bucketOf(domainName: string): string | undefined {
  return /^([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\.s3(?:[.-][a-z]{2}(?:-[a-z]+)+-\d)?\.amazonaws\.com$/.exec(
    domainName,
  )?.[1]
}

/**
 * Lets whoever delivers logs write into the bucket, with the rights of who asks for it. CloudFront grants that in the
 * bucket's access control list; buckets here have none, so it is a statement of the bucket's policy.
 *
 * @see CloudFront Developer Guide, "Permissions required to configure standard logging and to access your log files"
 * @throws AwsError AccessDenied, InvalidArgument
 */
export async function letLogsIn(logging: LoggingConfig, call: Call): Promise<void> {
  if (!logging?.Enabled) return
  const { bucket: Bucket, prefix } = loggingOf(logging)
  const wanted = {
    Sid: `CloudFrontLogs${call.accountId}${Buffer.from(prefix).toString('hex')}`,
    Effect: 'Allow',
    Principal: { Service: 'delivery.logs.amazonaws.com' },
    Action: 's3:PutObject',
    Resource: `arn:aws:s3:::${Bucket}/${prefix.replace(/[*?$]/g, '?')}*`,
    Condition: {
      StringEquals: { 'aws:SourceAccount': call.accountId },
      ArnLike: { 'aws:SourceArn': `arn:aws:cloudfront::${call.accountId}:distribution/*` },
    },
  }
  try {
    await call.together(async (aws) => {
      const { Version = '2012-10-17', Statement = [], ...rest } = await policyOf(Bucket, aws)
      const statements = [Statement].flat() as readonly { readonly Sid?: string }[]
      const others = statements.filter(({ Sid }) => Sid !== wanted.Sid)
      if (statements.some((each) => isDeepStrictEqual(each, wanted))) return
      const Policy = JSON.stringify({ Version, ...rest, Statement: [...others, wanted] })
      await aws('s3', 'PutBucketPolicy', { Bucket, Policy }, 'caller')
    })
  } catch (error) {
    if (!(error instanceof AwsError)) throw error
    const said = `CloudFront cannot let logs into the bucket ${Bucket}. S3 answered ${error.code}: ${error.message}`
    throw error.status === 403 ? fail('AccessDenied', said) : invalidArgument(said)
  }
}

interface Document {
  readonly Version?: string
  readonly Statement?: unknown
}

async function policyOf(Bucket: string, aws: Call['aws']): Promise<Document> {
  try {
    const { Policy } = await aws('s3', 'GetBucketPolicy', { Bucket }, 'caller')
    return parseJson(String(Policy)) as Document
  } catch (error) {
    if (error instanceof AwsError && error.code === 'NoSuchBucketPolicy') return {}
    throw error
  }
}
