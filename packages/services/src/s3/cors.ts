/** Which pages of other origins may ask a bucket what, and how is it told to browsers? */
import type * as Sdk from '@aws-sdk/client-s3'
import { bucketNamed, headerOf } from '@sekisho/protocols'
import type { Reader } from '@sekisho/store'
import type { CrossOrigin, Operations, OriginRequest } from '../service.ts'
import { changeBucket, needing } from './bucket-settings.ts'
import { s3Error } from './errors.ts'
import { type BucketRecord, type CorsRule, findBucket, s3Collections } from './records.ts'

const mostRules = 100
const methods: ReadonlySet<string> = new Set(['GET', 'PUT', 'HEAD', 'POST', 'DELETE'])

export const cors = {
  GetBucketCors: {
    needs: needing('GetBucketCORS'),
    async handle({ Bucket }, { documents }) {
      const { cors: rules } = await findBucket(documents, Bucket)
      if (rules === undefined)
        throw s3Error('NoSuchCORSConfiguration', undefined, { BucketName: Bucket })
      return {
        CORSRules: rules.map(({ id, methods, origins, headers, exposed, maxAgeSeconds }) => ({
          ...(id !== undefined && { ID: id }),
          AllowedMethods: [...methods],
          AllowedOrigins: [...origins],
          ...(headers.length > 0 && { AllowedHeaders: [...headers] }),
          ...(exposed.length > 0 && { ExposeHeaders: [...exposed] }),
          ...(maxAgeSeconds !== undefined && { MaxAgeSeconds: maxAgeSeconds }),
        })),
      }
    },
  },
  PutBucketCors: {
    needs: needing('PutBucketCORS'),
    async handle({ Bucket, CORSConfiguration: { CORSRules = [] } }, call) {
      if (CORSRules.length === 0 || CORSRules.length > mostRules) throw s3Error('MalformedXML')
      const rules = CORSRules.map(ruleOf)
      return changeBucket(Bucket, call, (bucket) => ({ ...bucket, cors: rules }))
    },
  },
  DeleteBucketCors: {
    needs: needing('PutBucketCORS'),
    handle: ({ Bucket }, call) => changeBucket(Bucket, call, ({ cors: _, ...bucket }) => bucket),
  },
} satisfies Operations<typeof Sdk>

/** @throws AwsError InvalidRequest */
function ruleOf(given: Sdk.CORSRule): CorsRule {
  const { ID, AllowedMethods = [], AllowedOrigins = [], AllowedHeaders = [] } = given
  const { ExposeHeaders = [], MaxAgeSeconds } = given
  const unknown = AllowedMethods.find((method) => !methods.has(method))
  if (unknown !== undefined)
    throw s3Error(
      'InvalidRequest',
      `Found unsupported HTTP method in CORS config. Unsupported method is ${unknown}`,
    )
  if (AllowedMethods.length === 0 || AllowedOrigins.length === 0) throw s3Error('MalformedXML')
  const starred = AllowedOrigins.find((origin) => origin.split('*').length > 2)
  if (starred !== undefined)
    throw s3Error(
      'InvalidRequest',
      `AllowedOrigin "${starred}" can not have more than one wildcard.`,
    )
  const header = AllowedHeaders.find((each) => each.split('*').length > 2)
  if (header !== undefined)
    throw s3Error(
      'InvalidRequest',
      `AllowedHeader "${header}" can not have more than one wildcard.`,
    )
  const exposed = ExposeHeaders.find((each) => !/^[!#$%&'+.^_`|~0-9A-Za-z-]+$/.test(each))
  if (exposed !== undefined)
    throw s3Error(
      'InvalidRequest',
      `ExposeHeader "${exposed}" contains wildcard. We currently do not support wildcard for ExposeHeader.`,
    )
  return {
    ...(ID !== undefined && { id: ID }),
    methods: AllowedMethods,
    origins: AllowedOrigins,
    headers: AllowedHeaders,
    exposed: ExposeHeaders,
    ...(MaxAgeSeconds !== undefined && { maxAgeSeconds: MaxAgeSeconds }),
  }
}

/** @see Amazon S3 User Guide, "Using cross-origin resource sharing (CORS)"; Fetch Standard, "CORS protocol" */
export const crossOrigin: CrossOrigin = {
  async preflight(request, documents) {
    const method = headerOf(request.headers, 'access-control-request-method')
    if (method === undefined)
      throw s3Error('InvalidRequest', 'Invalid Access-Control-Request-Method: null')
    const asked = (headerOf(request.headers, 'access-control-request-headers') ?? '')
      .split(',')
      .map((name) => name.trim().toLowerCase())
      .filter((name) => name !== '')
    const bucket = await bucketOf(request, documents)
    if (bucket?.cors === undefined)
      throw s3Error('AccessForbidden', 'CORSResponse: CORS is not enabled for this bucket.', {
        Method: method,
        ResourceType: 'BUCKET',
      })
    const rule = ruleFor(bucket.cors, request.origin, method, asked)
    if (rule === undefined)
      throw s3Error(
        'AccessForbidden',
        "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec.",
        { Method: method, ResourceType: 'OBJECT' },
      )
    return headersOf(rule, request.origin, asked)
  },

  async headers(request, documents) {
    const bucket = await bucketOf(request, documents)
    const rule = ruleFor(bucket?.cors ?? [], request.origin, request.method, [])
    return rule ? headersOf(rule, request.origin, []) : []
  },
}

async function bucketOf(request: OriginRequest, reader: Reader): Promise<BucketRecord | undefined> {
  const name = bucketNamed(request)
  if (name === undefined) return undefined
  return (await reader.get<BucketRecord>(s3Collections.buckets, name))?.value
}

/** The first that holds. */
function ruleFor(
  rules: readonly CorsRule[],
  origin: string,
  method: string,
  headers: readonly string[],
): CorsRule | undefined {
  return rules.find(
    (rule) =>
      rule.origins.some((pattern) => matches(pattern, origin)) &&
      rule.methods.includes(method) &&
      headers.every((name) => rule.headers.some((pattern) => matches(pattern.toLowerCase(), name))),
  )
}

function matches(pattern: string, text: string): boolean {
  const star = pattern.indexOf('*')
  if (star < 0) return pattern === text
  const [head, tail] = [pattern.slice(0, star), pattern.slice(star + 1)]
  return text.length >= head.length + tail.length && text.startsWith(head) && text.endsWith(tail)
}

function headersOf(
  { origins, methods: allowed, exposed, maxAgeSeconds }: CorsRule,
  origin: string,
  asked: readonly string[],
): readonly string[] {
  const isForAll = origins.includes('*')
  return [
    'Access-Control-Allow-Origin',
    isForAll ? '*' : origin,
    'Access-Control-Allow-Methods',
    allowed.join(', '),
    ...(asked.length > 0 ? ['Access-Control-Allow-Headers', asked.join(', ')] : []),
    ...(exposed.length > 0 ? ['Access-Control-Expose-Headers', exposed.join(', ')] : []),
    ...(maxAgeSeconds === undefined ? [] : ['Access-Control-Max-Age', String(maxAgeSeconds)]),
    ...(isForAll ? [] : ['Access-Control-Allow-Credentials', 'true']),
    'Vary',
    'Origin, Access-Control-Request-Headers, Access-Control-Request-Method',
  ]
}
