/** A stage's canary: another deployment that some of its calls go to. */
import type { CanarySettings } from '@sekisho/gateway'
import { badRequest } from './errors.ts'
import { booleanOf, entryRow, type PatchTable } from './patch.ts'
import type { StageRecord } from './records.ts'

/** What a copy may be made of, and where to: the canary becomes the stage. */
export const promotions = [
  ['/deploymentId', '/canarySettings/deploymentId'],
  ['/variables', '/canarySettings/stageVariableOverrides'],
] as const

/** @throws AwsError BadRequestException */
export function newCanary(given: {
  readonly deploymentId: string
  readonly percentTraffic?: number | undefined
  readonly stageVariableOverrides?: Readonly<Record<string, string>> | undefined
  readonly useStageCache?: boolean | undefined
}): CanarySettings {
  const { deploymentId, percentTraffic = 0, stageVariableOverrides, useStageCache = false } = given
  checkPercentage(percentTraffic)
  return {
    deploymentId,
    percentTraffic,
    ...(stageVariableOverrides && { stageVariableOverrides }),
    useStageCache,
  }
}

function checkPercentage(percentage: number): void {
  if (!(percentage >= 0 && percentage <= 100))
    throw badRequest('Invalid canary percentTraffic specified. Must be between 0.0 and 100.0')
}

/** Whatever is set first makes the canary; until another is named it serves what the stage does. */
function changed(stage: StageRecord, change: Partial<CanarySettings>): StageRecord {
  const { deploymentId } = stage
  return {
    ...stage,
    canarySettings: { ...newCanary({ deploymentId }), ...stage.canarySettings, ...change },
  }
}

/** @see API Gateway API Reference, "Patch operations" (UpdateStage) */
export const canaryPatches: PatchTable<StageRecord> = {
  '/canarySettings': {
    ops: ['remove'],
    apply: ({ canarySettings: _, ...stage }) => stage,
  },
  '/canarySettings/deploymentId': {
    ops: ['replace'],
    apply: (stage, { value }) => changed(stage, { deploymentId: value }),
  },
  '/canarySettings/percentTraffic': {
    ops: ['replace'],
    apply(stage, { value }) {
      const percentTraffic = /^\d{1,3}(?:\.\d{1,12})?$/.test(value) ? Number(value) : Number.NaN
      checkPercentage(percentTraffic)
      return changed(stage, { percentTraffic })
    },
  },
  '/canarySettings/useStageCache': {
    ops: ['replace'],
    apply: (stage, patch) =>
      changed(stage, { useStageCache: booleanOf(patch, 'canarySettings/useStageCache') }),
  },
  '/canarySettings/stageVariableOverrides/{name}': entryRow<StageRecord, string>(
    (stage) => stage.canarySettings?.stageVariableOverrides,
    (stage, stageVariableOverrides) => {
      const { stageVariableOverrides: _, ...others } = stage.canarySettings ?? newCanary(stage)
      return {
        ...stage,
        canarySettings: { ...others, ...(stageVariableOverrides && { stageVariableOverrides }) },
      }
    },
    ({ value }) => value,
  ),
}

/**
 * The canary's deployment or variables become the stage's; it stays, with the traffic that it has.
 *
 * @returns undefined  nothing of this kind can be copied there
 * @throws AwsError BadRequestException  there is no canary
 * @see API Gateway Developer Guide, "Promote a canary release"
 */
export function promoted(stage: StageRecord, path: string, from: string): StageRecord | undefined {
  if (!promotions.some(([to, source]) => to === path && source === from)) return undefined
  const { canarySettings } = stage
  if (canarySettings === undefined)
    throw badRequest('Promotion not available. Canary does not exist.')
  return path === '/deploymentId'
    ? { ...stage, deploymentId: canarySettings.deploymentId }
    : { ...stage, variables: { ...stage.variables, ...canarySettings.stageVariableOverrides } }
}
