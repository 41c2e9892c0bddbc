/** PATCH of a stage: what may be changed while it serves. */
import { accessLogSetting } from './access-log-settings.ts'
import { cachePatches } from './cache-cluster.ts'
import { canaryPatches } from './canary.ts'
import { methodSetting, removeMethodSettings } from './method-settings.ts'
import { booleanOf, entryRow, type PatchTable, textRow } from './patch.ts'
import type { StageRecord } from './records.ts'

/** @see API Gateway API Reference, "Patch operations" (UpdateStage) */
export const stagePatches: PatchTable<StageRecord> = {
  '/deploymentId': {
    ops: ['replace'],
    apply: (stage, { value }) => ({ ...stage, deploymentId: value }),
  },
  '/description': textRow(({ description: _, ...stage }, description) => ({
    ...stage,
    ...(description !== undefined && { description }),
  })),
  '/variables/{name}': entryRow<StageRecord, string>(
    (stage) => stage.variables,
    (stage, variables = {}) => ({ ...stage, variables }),
    ({ value }) => value,
  ),
  '/variables': { ops: ['remove'], apply: (stage) => ({ ...stage, variables: {} }) },
  '/tracingEnabled': {
    ops: ['replace'],
    apply: (stage, patch) => ({ ...stage, tracingEnabled: booleanOf(patch, 'tracingEnabled') }),
  },
  '/clientCertificateId': textRow(({ clientCertificateId: _, ...stage }, clientCertificateId) => ({
    ...stage,
    ...(clientCertificateId !== undefined && { clientCertificateId }),
  })),
  '/documentationVersion': textRow(({ documentationVersion: _, ...stage }, version) => ({
    ...stage,
    ...(version !== undefined && { documentationVersion: version }),
  })),
  ...cachePatches,
  ...canaryPatches,
  '/accessLogSettings': {
    ops: ['remove'],
    apply: ({ accessLogSettings: _, ...stage }) => stage,
  },
  '/accessLogSettings/{member}': { ops: ['add', 'replace', 'remove'], apply: accessLogSetting },
  '/{resourcePath}/{httpMethod}/{group}/{setting}': {
    ops: ['replace'],
    apply: methodSetting,
  },
  '/{resourcePath}/{httpMethod}': { ops: ['remove'], apply: removeMethodSettings },
}
