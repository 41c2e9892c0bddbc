/** What distributions are made of, in tests and measurements. */
import type { DefaultCacheBehavior, DistributionConfig, Origin } from '@aws-sdk/client-cloudfront'

/** Managed ones. */
export const cachePolicies = {
  optimized: '658327ea-f89d-4fab-a63d-7e88639e58f6',
  disabled: '4135ea2d-6df8-44a3-9df3-4b5a84be39ad',
} as const

/** One origin for all paths. */
export function distributionConfig(
  origin: Partial<Origin>,
  behaviour: Partial<DefaultCacheBehavior> = {},
  more: Partial<DistributionConfig> = {},
): DistributionConfig {
  return {
    CallerReference: crypto.randomUUID(),
    Comment: '',
    Enabled: true,
    Origins: { Quantity: 1, Items: [{ Id: 'origin', DomainName: 'localhost', ...origin }] },
    DefaultCacheBehavior: {
      TargetOriginId: 'origin',
      ViewerProtocolPolicy: 'allow-all',
      CachePolicyId: cachePolicies.optimized,
      ...behaviour,
    },
    ...more,
  }
}

/** On this machine; `OriginReadTimeout` in seconds. */
export const customOrigin = (HTTPPort: number, OriginReadTimeout = 30) =>
  ({
    CustomOriginConfig: {
      HTTPPort,
      HTTPSPort: 443,
      OriginProtocolPolicy: 'http-only',
      OriginReadTimeout,
    },
    ConnectionAttempts: 1,
  }) as const
