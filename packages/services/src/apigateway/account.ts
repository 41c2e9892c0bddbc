/** The account's own settings. */
import type * as Sdk from '@aws-sdk/client-api-gateway'
import { accountThrottle as awsAccountThrottle } from '@sekisho/gateway'
import type { Reader } from '@sekisho/store'
import { identityOfActing } from '../iam/acting.ts'
import { type Call, type GatedOperations, passRole } from '../service.ts'
import { badRequest, notSupported } from './errors.ts'
import { applyPatches, type PatchTable, patchConstraints, textRow } from './patch.ts'
import { type AccountRecord, collections } from './records.ts'

export const account = {
  GetAccount: {
    async handle(_input, call) {
      const stored = await call.documents.get<AccountRecord>(collections.accounts, keyOf(call))
      return shownAccount(stored?.value ?? {}, call)
    },
  },

  UpdateAccount: {
    constraints: patchConstraints,
    needs: ({ patchOperations }) =>
      (patchOperations ?? [])
        .filter(({ path }) => path === '/cloudwatchRoleArn')
        .flatMap(({ value }) => passRole(value, 'apigateway.amazonaws.com')),
    async handle({ patchOperations }, call) {
      const record = await call.documents.transact(async (transaction) => {
        const stored = await transaction.get<AccountRecord>(collections.accounts, keyOf(call))
        const changed = applyPatches(stored?.value ?? {}, patchOperations, patches)
        await checkLogRole(transaction, changed, call)
        transaction.put(collections.accounts, keyOf(call), changed)
        return changed
      })
      return shownAccount(record, call)
    },
  },
} satisfies GatedOperations<typeof Sdk>

const noPermissions = 'The role ARN does not have required permissions set to API Gateway'

/** @throws AwsError BadRequestException  there is no such role, or it does not trust API Gateway */
async function checkLogRole(
  reader: Reader,
  { cloudwatchRoleArn: roleArn }: AccountRecord,
  { accountId, now }: Call,
): Promise<void> {
  if (roleArn === undefined) return
  const acting = { service: 'apigateway.amazonaws.com', accountId, roleArn }
  if ((await identityOfActing(reader, acting, now.getTime())) === undefined)
    throw badRequest(noPermissions)
}

const patches: PatchTable<AccountRecord> = {
  '/cloudwatchRoleArn': textRow(({ cloudwatchRoleArn: _, ...record }, cloudwatchRoleArn) => {
    if (
      cloudwatchRoleArn !== undefined &&
      !/^arn:aws[a-z-]*:iam::\d{12}:role\/.+$/.test(cloudwatchRoleArn)
    )
      throw badRequest(noPermissions)
    return { ...record, ...(cloudwatchRoleArn !== undefined && { cloudwatchRoleArn }) }
  }),
  '/features': {
    ops: ['add', 'remove'],
    apply(record, { op, value }) {
      // Every account has them, and keeps them.
      if (op === 'add' && value === 'UsagePlans') return record
      throw notSupported("'features'")
    },
  },
}

function keyOf({ accountId, region }: Call): string {
  return `${accountId}/${region}`
}

/** Where accounts are not throttled here, what each begins with on AWS. */
function shownAccount(
  { cloudwatchRoleArn }: AccountRecord,
  { accountThrottle: throttleSettings = awsAccountThrottle }: Call,
): Sdk.Account {
  return {
    cloudwatchRoleArn,
    throttleSettings,
    features: ['UsagePlans'],
    apiKeyVersion: '4',
  }
}
