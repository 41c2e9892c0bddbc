/** Delivery sources: distributions whose logs may be delivered. */
import type * as Sdk from '@aws-sdk/client-cloudwatch-logs'
import { isDistributionArn, needsToVend, ownsDistribution } from '../cloudfront/vended.ts'
import type { Call, Operations } from '../service.ts'
import { deliveryName, deliveryNeed, deliveryOperations } from './delivery-operations.ts'
import {
  allKept,
  cloudfrontRegion,
  conflict,
  deliveryArn,
  deliveryCollections,
  deliveryKey,
  invalid,
  mostOfAKind,
  notBuilt,
  overQuota,
  type SourceRecord,
} from './delivery-records.ts'
import { notFound } from './errors.ts'
import type { Owner } from './records.ts'

export const deliverySources = {
  PutDeliverySource: {
    constraints: {
      name: deliveryName,
      logType: [{ minLength: 1, maxLength: 255 }, { pattern: /[\w]*/ }],
    },
    needs: async ({ name, resourceArn }, call) => [
      {
        ...deliveryNeed('PutDeliverySource', 'source', name, call),
        keys: { 'logs:LogGeneratingResourceArns': [resourceArn] },
      },
      ...(await needsToVend(resourceArn, call)),
    ],
    async handle({ name, resourceArn, logType, tags, deliverySourceConfiguration }, call) {
      if (Object.keys(tags ?? {}).length > 0) throw notBuilt('A tag of a delivery source')
      if (Object.keys(deliverySourceConfiguration ?? {}).length > 0)
        throw notBuilt('The configuration of a delivery source')
      await checkResource(resourceArn, logType, call)
      const record: SourceRecord = { name, resourceArn, logType }
      await call.documents.transact(async (transaction) => {
        const all = await allKept(transaction, 'source', call)
        const former = all.find((each) => each.name === name)
        if (former !== undefined && former.resourceArn !== resourceArn)
          throw conflict(
            'Update to existing Delivery Source with new ResourceId is not allowed. Please create a new Delivery Source instead.',
          )
        if (former === undefined && all.some((each) => each.resourceArn === resourceArn))
          throw conflict(
            'This ResourceId has already been used in another Delivery Source in this account.',
          )
        if (former === undefined && all.length >= mostOfAKind)
          throw overQuota('The limit of delivery sources is reached.')
        transaction.put(deliveryCollections.source, deliveryKey(call, name), record)
      })
      return { deliverySource: shown(record, call) }
    },
  },

  ...deliveryOperations('source', {
    shown,
    isUsed: ({ sourceName }, name) => sourceName === name,
  }),
} satisfies Operations<typeof Sdk>

/** @throws AwsError ValidationException, ResourceNotFoundException */
async function checkResource(resourceArn: string, logType: string, call: Call): Promise<void> {
  if (!isDistributionArn(resourceArn)) throw notBuilt(`Delivery of logs of ${resourceArn}`)
  if (logType !== 'ACCESS_LOGS') throw notBuilt(`The log type ${logType}`)
  if (call.region !== cloudfrontRegion)
    throw invalid(`Delivery sources of CloudFront are made in ${cloudfrontRegion}.`)
  if (!(await ownsDistribution(call.documents, call.accountId, resourceArn)))
    throw notFound(`The resource does not exist: ${resourceArn}`)
}

function shown({ name, resourceArn, logType }: SourceRecord, owner: Owner): Sdk.DeliverySource {
  return {
    name,
    arn: deliveryArn('source', name, owner),
    resourceArns: [resourceArn],
    service: 'cloudfront',
    logType,
  }
}
