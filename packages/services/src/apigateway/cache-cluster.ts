/** The cache of a stage: is there one, and how much was ordered for it? */
import type { CacheClusterSize } from '@aws-sdk/client-api-gateway'
import { badRequest } from './errors.ts'
import { booleanOf, type PatchTable } from './patch.ts'
import type { StageRecord } from './records.ts'

/** Gigabytes, as they are ordered; here all stages share the memory of the process. */
const sizes = ['0.5', '1.6', '6.1', '13.5', '28.4', '58.2', '118', '237'] as const

/** @throws AwsError BadRequestException */
export function cacheCluster(given: {
  readonly cacheClusterEnabled?: boolean | undefined
  readonly cacheClusterSize?: string | undefined
}): Pick<StageRecord, 'cacheClusterEnabled' | 'cacheClusterSize'> {
  const { cacheClusterEnabled, cacheClusterSize: size } = given
  const ordered = size ?? (cacheClusterEnabled ? sizes[0] : undefined)
  return {
    ...(cacheClusterEnabled && { cacheClusterEnabled }),
    ...(ordered !== undefined && { cacheClusterSize: checkedSize(ordered) }),
  }
}

function checkedSize(size: string): CacheClusterSize {
  const known = sizes.find((each) => each === size)
  if (known === undefined)
    throw badRequest(
      `Invalid cache cluster size specified: '${size}'. Must be one of: [${sizes.join(', ')}]`,
    )
  return known
}

export const cachePatches: PatchTable<StageRecord> = {
  '/cacheClusterEnabled': {
    ops: ['replace'],
    apply(stage, patch) {
      const { cacheClusterEnabled: _, ...others } = stage
      if (!booleanOf(patch, 'cacheClusterEnabled')) return others
      return { ...stage, cacheClusterSize: sizes[0], ...others, cacheClusterEnabled: true }
    },
  },
  '/cacheClusterSize': {
    ops: ['replace'],
    apply: (stage, { value }) => ({ ...stage, cacheClusterSize: checkedSize(value) }),
  },
}
