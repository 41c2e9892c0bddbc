/** What the operations on sources, destinations and deliveries have in common, made from their kind. */
import type * as Sdk from '@aws-sdk/client-cloudwatch-logs'
import type { Values } from '@sekisho/protocols'
import type { Call, Need, Operation, Operations } from '../service.ts'
import {
  allKept,
  conflict,
  type DeliveryRecord,
  type DeliveryRecords,
  deliveryArn,
  deliveryCollections,
  deliveryKey,
  idOf,
  keptOf,
  largestPage,
} from './delivery-records.ts'
import { makeToken, readToken } from './paging.ts'
import type { Owner } from './records.ts'

/** Of sources and destinations. */
export const deliveryName = [{ minLength: 1, maxLength: 60 }, { pattern: /[\w-]*/ }] as const
/** Of deliveries. */
export const deliveryId = [{ minLength: 1, maxLength: 64 }, { pattern: /[0-9A-Za-z]+/ }] as const

/** What one is called and what many are, and by what each is found. */
const kinds = {
  source: { one: 'DeliverySource', many: 'DeliverySources', by: 'name', limits: deliveryName },
  destination: {
    one: 'DeliveryDestination',
    many: 'DeliveryDestinations',
    by: 'name',
    limits: deliveryName,
  },
  delivery: { one: 'Delivery', many: 'Deliveries', by: 'id', limits: deliveryId },
} as const

type Kind = keyof typeof kinds
type OperationsOn<K extends Kind> = Pick<
  Operations<typeof Sdk>,
  `${'Get' | 'Delete'}${(typeof kinds)[K]['one']}` | `Describe${(typeof kinds)[K]['many']}`
>

interface Shape<K extends Kind> {
  readonly shown: (record: DeliveryRecords[K], owner: Owner) => object
  /** Which of them a description is asked for; absent: all. */
  readonly isAskedFor?: (record: DeliveryRecords[K], input: Values) => boolean
  /** It cannot be deleted while a delivery rests on it. */
  readonly isUsed?: (delivery: DeliveryRecord, name: string) => boolean
}

export function deliveryOperations<K extends Kind>(
  kind: K,
  { shown, isAskedFor, isUsed }: Shape<K>,
): OperationsOn<K> {
  const { one, many, by, limits } = kinds[kind]
  const idIn = (input: Values) => String(input[by])
  const needs = (action: string) => (input: Values, call: Call) =>
    [deliveryNeed(action, kind, idIn(input), call)] as const

  const operations: Readonly<Record<string, Operation<Values, Values>>> = {
    [`Get${one}`]: {
      constraints: { [by]: limits },
      needs: needs(`Get${one}`),
      async handle(input, call) {
        const record = await keptOf(call.documents, kind, idIn(input), call)
        return { [memberOf(one)]: shown(record, call) }
      },
    },

    [`Describe${many}`]: {
      constraints: { limit: { min: 1, max: largestPage } },
      needs: () => [{ action: `logs:Describe${many}`, resource: '*' }],
      async handle(input, call) {
        const { nextToken, limit = largestPage } = input as Page
        const after = readToken(nextToken) ?? ''
        const all = await allKept(call.documents, kind, call)
        const rest = all.filter(
          (record) => idOf(record) > after && (isAskedFor?.(record, input) ?? true),
        )
        const items = rest.slice(0, limit)
        return {
          [memberOf(many)]: items.map((record) => shown(record, call)),
          ...(rest.length > limit && { nextToken: makeToken(idOf(items.at(-1)!)) }),
        }
      },
    },

    [`Delete${one}`]: {
      constraints: { [by]: limits },
      needs: needs(`Delete${one}`),
      async handle(input, call) {
        const id = idIn(input)
        await call.documents.transact(async (transaction) => {
          await keptOf(transaction, kind, id, call)
          const deliveries = isUsed ? await allKept(transaction, 'delivery', call) : []
          if (deliveries.some((delivery) => isUsed?.(delivery, id)))
            throw conflict(
              `This delivery ${kind} is used by a delivery, which must be deleted first.`,
            )
          transaction.delete(deliveryCollections[kind], deliveryKey(call, id))
        })
        return {}
      },
    },
  }
  return operations as OperationsOn<K>
}

/** @see Service Authorization Reference, "… for Amazon CloudWatch Logs" */
export function deliveryNeed(action: string, kind: Kind, id: string, owner: Owner): Need {
  return { action: `logs:${action}`, resource: deliveryArn(kind, id, owner) }
}

interface Page {
  readonly nextToken?: string
  readonly limit?: number
}

/** Of an answer: `deliverySource`. */
function memberOf(word: string): string {
  return word.replace(/^D/, 'd')
}
