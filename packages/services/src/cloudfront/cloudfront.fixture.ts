/** CloudFront spoken to as over the wire, and a distribution in front of an API, as XML. */
import type { Harness } from '../harness.fixture.ts'

export const root = '/2020-05-31'
export const optimized = '658327ea-f89d-4fab-a63d-7e88639e58f6'

export interface Parts {
  readonly reference?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly behaviour?: string
  readonly more?: string
  readonly enabled?: boolean
  readonly origin?: string
  readonly domain?: string
}

/** A distribution in front of an API, as XML. */
export function config(parts: Parts = {}): string {
  const { reference = 'one', enabled = true, more = '', origin = '' } = parts
  const headers = Object.entries(parts.headers ?? {}).map(
    ([name, value]) =>
      `<OriginCustomHeader><HeaderName>${name}</HeaderName><HeaderValue>${value}</HeaderValue></OriginCustomHeader>`,
  )
  const {
    behaviour = `<CachePolicyId>${optimized}</CachePolicyId>`,
    domain = 'abc.execute-api.us-east-1.amazonaws.com',
  } = parts
  return `<DistributionConfig xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/"><CallerReference>${reference}</CallerReference><Origins><Quantity>1</Quantity><Items><Origin><Id>api</Id><DomainName>${domain}</DomainName><OriginPath>/prod</OriginPath><CustomHeaders><Quantity>${headers.length}</Quantity><Items>${headers.join('')}</Items></CustomHeaders><CustomOriginConfig><HTTPPort>80</HTTPPort><HTTPSPort>443</HTTPSPort><OriginProtocolPolicy>https-only</OriginProtocolPolicy></CustomOriginConfig>${origin}</Origin></Items></Origins><DefaultCacheBehavior><TargetOriginId>api</TargetOriginId><ViewerProtocolPolicy>allow-all</ViewerProtocolPolicy>${behaviour}</DefaultCacheBehavior><Comment></Comment><Enabled>${enabled}</Enabled>${more}</DistributionConfig>`
}

export const elementOf = (text: string, name: string) =>
  new RegExp(`<${name}>([^<]*)<`).exec(text)?.[1]

export const create = (cloudfront: Harness, parts: Parts = {}) =>
  cloudfront.ask('POST', `${root}/distribution`, config(parts))
