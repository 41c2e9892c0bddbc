/** Deliveries: what joins a source of logs with their destination, and says what lines look like. */
import type * as Sdk from '@aws-sdk/client-cloudwatch-logs'
import { isLogField } from '@sekisho/edge'
import type { Operations } from '../service.ts'
import {
  deliveryId,
  deliveryName,
  deliveryNeed,
  deliveryOperations,
} from './delivery-operations.ts'
import { letDeliveriesIn } from './delivery-policy.ts'
import {
  allKept,
  changedMeanwhile,
  conflict,
  type DeliveryRecord,
  type DestinationRecord,
  deliveryArn,
  deliveryCollections,
  deliveryKey,
  destinationName,
  invalid,
  keptOf,
  mostOfAKind,
  notBuilt,
  overQuota,
} from './delivery-records.ts'
import type { Owner } from './records.ts'

const lines = {
  recordFields: { minLength: 0, maxLength: 128 },
  'recordFields.*': { minLength: 1, maxLength: 64 },
  fieldDelimiter: { minLength: 0, maxLength: 5 },
} as const

export const deliveries = {
  CreateDelivery: {
    constraints: {
      ...lines,
      deliverySourceName: deliveryName,
    },
    needs: ({ deliverySourceName, deliveryDestinationArn }, call) => [
      deliveryNeed('CreateDelivery', 'source', deliverySourceName, call),
      { action: 'logs:CreateDelivery', resource: deliveryDestinationArn },
      // It has no id yet.
      deliveryNeed('CreateDelivery', 'delivery', '*', call),
    ],
    async handle({ deliverySourceName: sourceName, deliveryDestinationArn, ...input }, call) {
      if (Object.keys(input.tags ?? {}).length > 0) throw notBuilt('A tag of a delivery')
      const name = destinationName(deliveryDestinationArn, call)
      await keptOf(call.documents, 'source', sourceName, call)
      const destination = await keptOf(call.documents, 'destination', name, call)
      checkLines(input, destination)
      await letDeliveriesIn(destination.resourceArn, sourceName, call)
      const record: DeliveryRecord = {
        id: call.ids.text(letters, 16),
        sourceName,
        destinationName: name,
        ...linesOf(input),
      }
      await call.documents.transact(async (transaction) => {
        await keptOf(transaction, 'source', sourceName, call)
        const { resourceArn } = await keptOf(transaction, 'destination', name, call)
        if (resourceArn !== destination.resourceArn) throw changedMeanwhile()
        const all = await allKept(transaction, 'delivery', call)
        if (all.some((each) => each.sourceName === sourceName && each.destinationName === name))
          throw conflict('Delivery already exists between this source and this destination.')
        if (all.length >= mostOfAKind) throw overQuota('The limit of deliveries is reached.')
        transaction.put(deliveryCollections.delivery, deliveryKey(call, record.id), record)
      })
      return { delivery: shown(record, call) }
    },
  },

  UpdateDeliveryConfiguration: {
    constraints: { ...lines, id: deliveryId },
    needs: ({ id }, call) => [deliveryNeed('UpdateDeliveryConfiguration', 'delivery', id, call)],
    async handle({ id, ...input }, call) {
      await call.documents.transact(async (transaction) => {
        const record = await keptOf(transaction, 'delivery', id, call)
        const { destinationName } = record
        checkLines(input, await keptOf(transaction, 'destination', destinationName, call))
        transaction.put(deliveryCollections.delivery, deliveryKey(call, id), {
          ...record,
          ...linesOf(input),
        })
      })
      return {}
    },
  },

  ...deliveryOperations('delivery', {
    shown,
    isAskedFor: ({ sourceName }, { deliverySourceNames: names }) =>
      names === undefined || (names as readonly string[]).includes(sourceName),
  }),
} satisfies Operations<typeof Sdk>

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

interface Lines {
  readonly recordFields?: readonly string[] | undefined
  readonly fieldDelimiter?: string | undefined
  readonly s3DeliveryConfiguration?: object | undefined
}

/** @throws AwsError ValidationException */
function checkLines(
  { recordFields = [], fieldDelimiter = '', s3DeliveryConfiguration }: Lines,
  { outputFormat }: DestinationRecord,
): void {
  if (s3DeliveryConfiguration !== undefined)
    throw invalid('s3DeliveryConfiguration is only valid for destinations that are buckets.')
  if (fieldDelimiter !== '' && outputFormat === 'json')
    throw invalid('fieldDelimiter is not valid for the output format json.')
  const unknown = recordFields.find((name) => !isLogField(name))
  if (unknown !== undefined) throw notBuilt(`The record field ${unknown}`)
  if (new Set(recordFields).size < recordFields.length)
    throw invalid('recordFields must not name a field twice.')
}

function linesOf({ recordFields = [], fieldDelimiter = '' }: Lines) {
  return {
    ...(recordFields.length > 0 && { fields: recordFields }),
    ...(fieldDelimiter !== '' && { delimiter: fieldDelimiter }),
  }
}

function shown(record: DeliveryRecord, owner: Owner): Sdk.Delivery {
  const { id, sourceName, destinationName, fields, delimiter } = record
  return {
    id,
    arn: deliveryArn('delivery', id, owner),
    deliverySourceName: sourceName,
    deliveryDestinationArn: deliveryArn('destination', destinationName, owner),
    deliveryDestinationType: 'CWL',
    ...(fields && { recordFields: [...fields] }),
    ...(delimiter !== undefined && { fieldDelimiter: delimiter }),
  }
}
