/** Many API keys at once, from a file. */
import type * as Sdk from '@aws-sdk/client-api-gateway'
import { AwsError } from '@sekisho/protocols'
import type { GatedOperations } from '../service.ts'
import { importedKeys } from './api-key-file.ts'
import { newKey } from './api-keys.ts'
import { badRequest } from './errors.ts'
import { type ApiKeyRecord, fileKey, keyOfValue, putKey } from './key-records.ts'
import { addToPlan } from './usage-plan-keys.ts'

/** A key that is there already becomes what the file says. */
export const apiKeyImport: Pick<GatedOperations<typeof Sdk>, 'ImportApiKeys'> = {
  ImportApiKeys: {
    constraints: { format: { enum: ['csv'] } },
    async handle({ body, failOnWarnings }, call) {
      const { rows, warnings } = importedKeys(Buffer.from(body as Uint8Array).toString('utf8'))
      if (failOnWarnings === true && warnings.length > 0) throw badRequest(warnings.join(', '))
      return call.documents.transact(async (transaction) => {
        const ids: string[] = []
        const problems: string[] = []
        for (const { planIds, ...row } of rows) {
          const known = await keyOfValue(transaction, call, row.value)
          const record: ApiKeyRecord = known
            ? { ...known, ...row, updatedAt: call.now.getTime() }
            : newKey(call, { ...row, tags: {} })
          if (known) putKey(transaction, record)
          else await fileKey(transaction, record)
          for (const planId of planIds.filter((id) => !record.planIds.includes(id)))
            try {
              await addToPlan(transaction, call, planId, record.id)
            } catch (error) {
              if (!(error instanceof AwsError) || failOnWarnings === true) throw error
              problems.push(`API Key ${record.id}: ${error.message}`)
            }
          ids.push(record.id)
        }
        return { ids, warnings: [...warnings, ...problems] }
      })
    },
  },
}
