/** Delivery destinations: log groups that logs may be delivered to. */
import type * as Sdk from '@aws-sdk/client-cloudwatch-logs'
import type { Reader } from '@sekisho/store'
import type { Call, Operations } from '../service.ts'
import { deliveryName, deliveryNeed, deliveryOperations } from './delivery-operations.ts'
import { letDeliveriesIn } from './delivery-policy.ts'
import {
  allKept,
  changedMeanwhile,
  type DestinationRecord,
  deliveryArn,
  deliveryCollections,
  deliveryKey,
  invalid,
  mostOfAKind,
  notBuilt,
  overQuota,
} from './delivery-records.ts'
import { groupArn, groupOf, identifiedGroup, type Owner } from './records.ts'

export const deliveryDestinations = {
  PutDeliveryDestination: {
    constraints: {
      name: deliveryName,
      outputFormat: { enum: ['json', 'plain', 'w3c', 'raw', 'parquet'] },
      deliveryDestinationType: { enum: ['S3', 'CWL', 'FH', 'XRAY'] },
    },
    needs: ({ name, deliveryDestinationConfiguration }, call) => {
      const resourceArn = deliveryDestinationConfiguration?.destinationResourceArn
      const keys = resourceArn && { 'logs:DeliveryDestinationResourceArn': resourceArn }
      const need = deliveryNeed('PutDeliveryDestination', 'destination', name, call)
      return [{ ...need, ...(keys && { keys }) }]
    },
    async handle({ name, outputFormat = 'json', ...rest }, call) {
      const resourceArn = await checkedGroup(rest, call)
      if (outputFormat !== 'json' && outputFormat !== 'plain')
        throw invalid(`The output format ${outputFormat} is not valid for log groups.`)
      const record: DestinationRecord = { name, outputFormat, resourceArn }
      // What deliveries go here already must find the new group open.
      const sources = await sourcesOf(call.documents, name, call)
      for (const sourceName of sources) await letDeliveriesIn(resourceArn, sourceName, call)
      await call.documents.transact(async (transaction) => {
        const now = await sourcesOf(transaction, name, call)
        if (!now.every((each) => sources.includes(each))) throw changedMeanwhile()
        const all = await allKept(transaction, 'destination', call)
        if (all.length >= mostOfAKind && !all.some((each) => each.name === name))
          throw overQuota('The limit of delivery destinations is reached.')
        transaction.put(deliveryCollections.destination, deliveryKey(call, name), record)
      })
      return { deliveryDestination: shown(record, call) }
    },
  },

  ...deliveryOperations('destination', {
    shown,
    isUsed: ({ destinationName }, name) => destinationName === name,
  }),
} satisfies Operations<typeof Sdk>

/** From which there are deliveries to the destination. */
async function sourcesOf(reader: Reader, name: string, owner: Owner): Promise<readonly string[]> {
  const deliveries = await allKept(reader, 'delivery', owner)
  return deliveries
    .filter(({ destinationName }) => destinationName === name)
    .map(({ sourceName }) => sourceName)
}

interface Destined {
  readonly deliveryDestinationConfiguration?:
    | { readonly destinationResourceArn?: string | undefined }
    | undefined
  readonly deliveryDestinationType?: string | undefined
  readonly roleArn?: string | undefined
  readonly tags?: Readonly<Record<string, string>> | undefined
}

/** @throws AwsError ValidationException, InvalidParameterException, ResourceNotFoundException */
async function checkedGroup(
  { deliveryDestinationConfiguration, deliveryDestinationType, roleArn, tags }: Destined,
  call: Call,
): Promise<string> {
  const arn = deliveryDestinationConfiguration?.destinationResourceArn ?? ''
  const isOf = (type: string, prefix: string) =>
    deliveryDestinationType === type || arn.startsWith(prefix)
  if (isOf('S3', 'arn:aws:s3:')) throw notBuilt('Delivery of logs to a bucket')
  if (isOf('FH', 'arn:aws:firehose:')) throw notBuilt('Delivery of logs to Amazon Data Firehose')
  if (deliveryDestinationType === 'XRAY') throw notBuilt('Delivery to AWS X-Ray')
  if (roleArn !== undefined) throw notBuilt('The role of a delivery destination')
  if (Object.keys(tags ?? {}).length > 0) throw notBuilt('A tag of a delivery destination')
  if (!arn.startsWith('arn:aws:logs:'))
    throw invalid('destinationResourceArn must be the ARN of a log group.')
  return groupArn(await groupOf(call.documents, identifiedGroup(arn, call)))
}

function shown(record: DestinationRecord, owner: Owner): Sdk.DeliveryDestination {
  const { name, outputFormat, resourceArn } = record
  return {
    name,
    arn: deliveryArn('destination', name, owner),
    deliveryDestinationType: 'CWL',
    outputFormat,
    deliveryDestinationConfiguration: { destinationResourceArn: resourceArn },
  }
}
