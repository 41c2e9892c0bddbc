/** How many environments of a function may be busy at once. */
import type * as Sdk from '@aws-sdk/client-lambda'
import { AwsError } from '@sekisho/protocols'
import type { Operations } from '../service.ts'
import { invalidParameter, notSupported } from './errors.ts'
import { functionNeed, qualifiedNeed } from './gate.ts'
import { keyOf, namedBy } from './names.ts'
import { findFunction, lambdaCollections, resolveNamed } from './records.ts'
import { keep } from './revisions.ts'
import { reservedByOthers } from './settings.ts'

/** Of an account's thousand, a hundred are left to functions that have reserved none. */
const mostReserved = 900

export const concurrency = {
  PutFunctionConcurrency: {
    constraints: { ReservedConcurrentExecutions: { min: 0, max: 1_000 } },
    needs: async ({ FunctionName }, call) => [
      await functionNeed('PutFunctionConcurrency', FunctionName, call),
    ],
    async handle({ FunctionName, ReservedConcurrentExecutions: reserved }, call) {
      const named = namedBy(FunctionName, call)
      await call.documents.transact(async (transaction) => {
        const record = await findFunction(transaction, named)
        if (reserved > mostReserved - (await reservedByOthers(transaction, record)))
          throw invalidParameter(
            "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [100].",
          )
        transaction.put(lambdaCollections.functions, keyOf(record), {
          ...record,
          reservedConcurrency: reserved,
        })
      })
      return { ReservedConcurrentExecutions: reserved }
    },
  },
  GetFunctionConcurrency: {
    needs: async ({ FunctionName }, call) => [
      await functionNeed('GetFunctionConcurrency', FunctionName, call),
    ],
    async handle({ FunctionName }, call) {
      const fn = await findFunction(call.documents, namedBy(FunctionName, call))
      return { ReservedConcurrentExecutions: fn.reservedConcurrency }
    },
  },
  DeleteFunctionConcurrency: {
    needs: async ({ FunctionName }, call) => [
      await functionNeed('DeleteFunctionConcurrency', FunctionName, call),
    ],
    async handle({ FunctionName }, call) {
      await keep(call, namedBy(FunctionName, call), (record) => {
        const { reservedConcurrency: _, ...rest } = record
        return rest
      })
      return {}
    },
  },

  PutProvisionedConcurrencyConfig: {
    needs: async ({ FunctionName, Qualifier }, call) => [
      await qualifiedNeed('PutProvisionedConcurrencyConfig', FunctionName, Qualifier, call),
    ],
    async handle() {
      throw notSupported('Provisioned concurrency')
    },
  },
  GetProvisionedConcurrencyConfig: {
    needs: async ({ FunctionName, Qualifier }, call) => [
      await qualifiedNeed('GetProvisionedConcurrencyConfig', FunctionName, Qualifier, call),
    ],
    async handle({ FunctionName, Qualifier }, call) {
      await resolveNamed(call.documents, call, FunctionName, Qualifier)
      throw new AwsError(
        'ProvisionedConcurrencyConfigNotFoundException',
        'No Provisioned Concurrency Config found for this function',
        404,
        { Type: 'User' },
      )
    },
  },
  DeleteProvisionedConcurrencyConfig: {
    needs: async ({ FunctionName, Qualifier }, call) => [
      await qualifiedNeed('DeleteProvisionedConcurrencyConfig', FunctionName, Qualifier, call),
    ],
    async handle({ FunctionName, Qualifier }, call) {
      await resolveNamed(call.documents, call, FunctionName, Qualifier)
      return {}
    },
  },
  ListProvisionedConcurrencyConfigs: {
    needs: async ({ FunctionName }, call) => [
      await functionNeed('ListProvisionedConcurrencyConfigs', FunctionName, call),
    ],
    async handle({ FunctionName }, call) {
      await findFunction(call.documents, namedBy(FunctionName, call))
      return { ProvisionedConcurrencyConfigs: [] }
    },
  },
} satisfies Operations<typeof Sdk>
