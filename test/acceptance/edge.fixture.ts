/** A distribution as a user makes it, and its viewers. */
import { get, type IncomingHttpHeaders } from 'node:http'
import type { CloudFront, Origin } from '@aws-sdk/client-cloudfront'
import { cachePolicies, distributionConfig } from '../distribution.fixture.ts'
import type { Serving } from './server.fixture.ts'

/** @returns its id */
export async function distribute(
  client: CloudFront,
  origin: Partial<Origin>,
  CachePolicyId: string = cachePolicies.optimized,
): Promise<string> {
  const { Distribution } = await client.createDistribution({
    DistributionConfig: distributionConfig(origin, { CachePolicyId }),
  })
  return Distribution?.Id ?? ''
}

export const hostOf = (id: string) => `${id.toLowerCase()}.cloudfront.localhost`

interface Got {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

export function ask({ endpoint }: Serving, host: string, path = '/', headers = {}): Promise<Got> {
  const { hostname, port } = new URL(endpoint)
  return new Promise((resolve, reject) => {
    get({ hostname, port, path, headers: { Host: host, ...headers } }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk) => {
        text += chunk
      })
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
      )
      response.on('error', reject)
    }).on('error', reject)
  })
}
