/** How events that nobody waits for are treated: retries, age, and where it is told what came of them. */
import type * as Sdk from '@aws-sdk/client-lambda'
import type { Call, Operations } from '../service.ts'
import { checkDestination, noDestination, tellingCall } from './destinations.ts'
import { invalidParameter, notFound } from './errors.ts'
import { qualifiedNeed } from './gate.ts'
import { keyOf, latest, type Named, namedBy, qualifiedArnOf, qualifiedKeyOf } from './names.ts'
import { pageOf } from './paging.ts'
import { findFunction, lambdaCollections, resolveFunction } from './records.ts'

const collection = lambdaCollections.eventConfigs

export interface EventConfigRecord extends Named {
  readonly maximumRetries?: number
  readonly maximumAgeSeconds?: number
  readonly onSuccess?: string
  readonly onFailure?: string
  /** Epoch milliseconds. */
  readonly modifiedAt: number
}

const constraints = {
  MaximumRetryAttempts: { min: 0, max: 2 },
  MaximumEventAgeInSeconds: { min: 60, max: 21_600 },
  'DestinationConfig.OnSuccess.Destination': { maxLength: 350 },
  'DestinationConfig.OnFailure.Destination': { maxLength: 350 },
} as const

type Given = Pick<
  Sdk.PutFunctionEventInvokeConfigCommandInput,
  'DestinationConfig' | 'MaximumEventAgeInSeconds' | 'MaximumRetryAttempts'
>

export const eventConfigs = {
  PutFunctionEventInvokeConfig: {
    constraints,
    needs: async ({ FunctionName, Qualifier }, call) => [
      await qualifiedNeed('PutFunctionEventInvokeConfig', FunctionName, Qualifier, call),
    ],
    handle: (input, call) => put(call, namedOf(input, call), input, () => ({})),
  },

  UpdateFunctionEventInvokeConfig: {
    constraints,
    needs: async ({ FunctionName, Qualifier }, call) => [
      await qualifiedNeed('UpdateFunctionEventInvokeConfig', FunctionName, Qualifier, call),
    ],
    handle: (input, call) => {
      const named = namedOf(input, call)
      return put(call, named, input, (before) => before ?? refuse(named))
    },
  },

  GetFunctionEventInvokeConfig: {
    needs: async ({ FunctionName, Qualifier }, call) => [
      await qualifiedNeed('GetFunctionEventInvokeConfig', FunctionName, Qualifier, call),
    ],
    async handle(input, call) {
      const named = namedOf(input, call)
      const found = await call.documents.get<EventConfigRecord>(collection, qualifiedKeyOf(named))
      return shownConfig(found?.value ?? refuse(named))
    },
  },

  DeleteFunctionEventInvokeConfig: {
    needs: async ({ FunctionName, Qualifier }, call) => [
      await qualifiedNeed('DeleteFunctionEventInvokeConfig', FunctionName, Qualifier, call),
    ],
    async handle(input, call) {
      const named = namedOf(input, call)
      await call.documents.transact(async (transaction) => {
        if (!(await transaction.get(collection, qualifiedKeyOf(named)))) refuse(named)
        transaction.delete(collection, qualifiedKeyOf(named))
      })
      return {}
    },
  },

  ListFunctionEventInvokeConfigs: {
    needs: async ({ FunctionName }, call) => [
      await qualifiedNeed('ListFunctionEventInvokeConfigs', FunctionName, undefined, call),
    ],
    async handle({ FunctionName, ...asked }, call) {
      const named = namedBy(FunctionName, call)
      await findFunction(call.documents, named)
      const prefix = `${keyOf(named)}/`
      const page = await pageOf<EventConfigRecord>(call.documents, collection, prefix, asked)
      return {
        FunctionEventInvokeConfigs: page.items.map(shownConfig),
        ...page.next,
      }
    },
  },
} satisfies Operations<typeof Sdk>

function namedOf(
  given: { readonly FunctionName: string; readonly Qualifier?: string | undefined },
  call: Call,
): Required<Named> {
  const named = namedBy(given.FunctionName, call, given.Qualifier)
  return { ...named, qualifier: named.qualifier ?? latest }
}

/** @throws AwsError ResourceNotFoundException */
function refuse(named: Named): never {
  throw notFound(`The function ${qualifiedArnOf(named)} doesn't have an EventInvokeConfig`)
}

async function put(
  call: Call,
  named: Required<Named>,
  given: Given,
  base: (before: EventConfigRecord | undefined) => Partial<EventConfigRecord>,
): Promise<Sdk.FunctionEventInvokeConfig> {
  const { MaximumRetryAttempts: retries, MaximumEventAgeInSeconds: age, DestinationConfig } = given
  if (retries === undefined && age === undefined && DestinationConfig === undefined)
    throw invalidParameter(
      'You must specify at least one of error handling or destination setting.',
    )
  const { OnSuccess, OnFailure } = DestinationConfig ?? {}
  if (OnSuccess?.Destination) checkDestination(OnSuccess.Destination, false)
  if (OnFailure?.Destination) checkDestination(OnFailure.Destination, true)
  for (const arn of [OnSuccess?.Destination, OnFailure?.Destination])
    if (arn) await checkRoleMayTell(arn, named, call)
  const { accountId, region, name, qualifier } = named
  const record = await call.documents.transact(async (transaction) => {
    await resolveFunction(transaction, named)
    const stored = await transaction.get<EventConfigRecord>(collection, qualifiedKeyOf(named))
    const { onSuccess, onFailure, ...before } = base(stored?.value)
    const success = DestinationConfig?.OnSuccess?.Destination ?? onSuccess
    const failure = DestinationConfig?.OnFailure?.Destination ?? onFailure
    const after: EventConfigRecord = {
      ...before,
      ...{ accountId, region, name, qualifier },
      ...(retries !== undefined && { maximumRetries: retries }),
      ...(age !== undefined && { maximumAgeSeconds: age }),
      // An empty one takes it away.
      ...(success && { onSuccess: success }),
      ...(failure && { onFailure: failure }),
      modifiedAt: call.now.getTime(),
    }
    transaction.put(collection, qualifiedKeyOf(named), after)
    return after
  })
  return shownConfig(record)
}

/**
 * Found out now, not when there is something to tell.
 *
 * @throws AwsError InvalidParameterValueException, ResourceNotFoundException
 */
async function checkRoleMayTell(arn: string, named: Named, call: Call): Promise<void> {
  const { configuration } = await resolveFunction(call.documents, named)
  const { accountId, region, name, role } = configuration
  const functionArn = qualifiedArnOf(named)
  const told = { text: '{}', isSuccess: true, functionName: name, functionArn, id: '', nowMs: 0 }
  const asked = tellingCall(arn, told)
  if (asked === undefined) return
  const refusal = await call.refusalTo(...asked, {
    service: 'lambda.amazonaws.com',
    accountId,
    region: arn.split(':')[3] || region,
    roleArn: role,
    sessionName: name,
  })
  if (refusal === undefined) return
  if (!refusal.code.startsWith('AccessDenied')) throw noDestination(arn)
  const [service, operation] = asked
  const action = service === 'lambda' ? 'InvokeFunction' : operation
  throw invalidParameter(
    `The function's execution role does not have permissions to call ${action} on ${arn}`,
  )
}

function shownConfig(record: EventConfigRecord): Sdk.FunctionEventInvokeConfig {
  const { maximumRetries, maximumAgeSeconds, onSuccess, onFailure, modifiedAt } = record
  return {
    LastModified: new Date(modifiedAt),
    FunctionArn: qualifiedArnOf(record),
    ...(maximumRetries !== undefined && { MaximumRetryAttempts: maximumRetries }),
    ...(maximumAgeSeconds !== undefined && { MaximumEventAgeInSeconds: maximumAgeSeconds }),
    DestinationConfig: {
      OnSuccess: onSuccess === undefined ? {} : { Destination: onSuccess },
      OnFailure: onFailure === undefined ? {} : { Destination: onFailure },
    },
  }
}
