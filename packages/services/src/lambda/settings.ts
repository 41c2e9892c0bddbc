/** What tools ask of a function or an account beside its configuration, and what is always the same here. */
import type * as Sdk from '@aws-sdk/client-lambda'
import type { Reader } from '@sekisho/store'
import type { Call, Operations } from '../service.ts'
import { notSupported } from './errors.ts'
import { functionNeed, qualifiedNeed } from './gate.ts'
import { latest, namedBy, type Owner, qualifiedArnOf } from './names.ts'
import { type FunctionRecord, findFunction, lambdaCollections, resolveNamed } from './records.ts'

/** @see Lambda Developer Guide, "Lambda quotas" */
const limits = {
  TotalCodeSize: 80_530_636_800,
  CodeSizeUnzipped: 262_144_000,
  CodeSizeZipped: 52_428_800,
  ConcurrentExecutions: 1_000,
} as const

export const settings = {
  GetAccountSettings: {
    needs: () => [{ action: 'lambda:GetAccountSettings', resource: '*' }],
    async handle(_, call) {
      const all = await functionsOf(call.documents, call)
      return {
        AccountLimit: {
          ...limits,
          UnreservedConcurrentExecutions: limits.ConcurrentExecutions - reservedOf(all),
        },
        AccountUsage: {
          TotalCodeSize: all.reduce((sum, { code }) => sum + code.sizeBytes, 0),
          FunctionCount: all.length,
        },
      }
    },
  },

  GetFunctionCodeSigningConfig: {
    needs: async ({ FunctionName }, call) => [
      await functionNeed('GetFunctionCodeSigningConfig', FunctionName, call),
    ],
    async handle({ FunctionName }, call) {
      const { name } = await findFunction(call.documents, namedBy(FunctionName, call))
      return { CodeSigningConfigArn: '', FunctionName: name }
    },
  },

  GetRuntimeManagementConfig: {
    needs: async ({ FunctionName, Qualifier }, call) => [
      await qualifiedNeed('GetRuntimeManagementConfig', FunctionName, Qualifier, call),
    ],
    async handle({ FunctionName, Qualifier }, call) {
      return {
        UpdateRuntimeOn: 'Auto' as const,
        FunctionArn: await arnOf(call, FunctionName, Qualifier),
      }
    },
  },

  PutRuntimeManagementConfig: {
    constraints: { UpdateRuntimeOn: { enum: ['Auto', 'Manual', 'FunctionUpdate'] } },
    needs: async ({ FunctionName, Qualifier }, call) => [
      await qualifiedNeed('PutRuntimeManagementConfig', FunctionName, Qualifier, call),
    ],
    async handle({ FunctionName, Qualifier, UpdateRuntimeOn }, call) {
      const FunctionArn = await arnOf(call, FunctionName, Qualifier)
      // A function runs on the interpreter that is there.
      if (UpdateRuntimeOn !== 'Auto') throw notSupported('A runtime that is kept at a version')
      return { UpdateRuntimeOn, FunctionArn }
    },
  },

  GetFunctionRecursionConfig: {
    needs: async ({ FunctionName }, call) => [
      await functionNeed('GetFunctionRecursionConfig', FunctionName, call),
    ],
    async handle({ FunctionName }, call) {
      await findFunction(call.documents, namedBy(FunctionName, call))
      return { RecursiveLoop: 'Allow' as const }
    },
  },
} satisfies Operations<typeof Sdk>

/** What other functions of the account and region have reserved. */
export async function reservedByOthers(
  reader: Reader,
  { name, ...owner }: FunctionRecord,
): Promise<number> {
  return reservedOf((await functionsOf(reader, owner)).filter((fn) => fn.name !== name))
}

async function functionsOf(
  reader: Reader,
  { accountId, region }: Owner,
): Promise<readonly FunctionRecord[]> {
  const prefix = `${accountId}/${region}/`
  const found = await reader.list<FunctionRecord>(lambdaCollections.functions, { prefix })
  return found.map(({ value }) => value)
}

function reservedOf(all: readonly FunctionRecord[]): number {
  return all.reduce((sum, { reservedConcurrency = 0 }) => sum + reservedConcurrency, 0)
}

async function arnOf(call: Call, text: string, qualifier: string | undefined): Promise<string> {
  await resolveNamed(call.documents, call, text, qualifier)
  const named = namedBy(text, call, qualifier)
  return qualifiedArnOf({ ...named, qualifier: named.qualifier ?? latest })
}
