/** Event buses: what events are put on, and rules wait at. */
import type * as Sdk from '@aws-sdk/client-eventbridge'
import { withArns } from '../iam/principal-ids.ts'
import { type Call, type Operations, requestTags } from '../service.ts'
import { alreadyExists, limitExceeded, notSupported, validation } from './errors.ts'
import { busNeed, listNeed, ownBus } from './gate.ts'
import { page } from './paging.ts'
import {
  type BusName,
  type BusRecord,
  busArn,
  busKey,
  busOf,
  defaultBus,
  eventsCollections,
  rulesOf,
} from './records.ts'
import { busNameOrArn, description, page as pageRules } from './rules-of-input.ts'
import { checkTags, tagsOf } from './tag-rules.ts'

/** @see EventBridge User Guide, "Amazon EventBridge quotas" */
const mostBuses = 100

const busName = [{ minLength: 1, maxLength: 256 }, { pattern: /[/.\-_A-Za-z0-9]+/ }] as const

export const buses = {
  CreateEventBus: {
    constraints: { Name: busName, Description: description },
    needs: async ({ Name, Tags }, call) => {
      const name = { ...ownerOf(call), name: Name }
      const keys = requestTags(tagsOf(Tags))
      const creating = await busNeed('CreateEventBus', name, call, keys)
      return Object.keys(keys).length === 0
        ? [creating]
        : [creating, await busNeed('TagResource', name, call, keys)]
    },
    async handle({ Name, Description, Tags, ...rest }, call) {
      refuseUnsupported(rest)
      if (Name.includes('/'))
        throw validation(
          `Event bus name ${Name} is not valid: only buses of partners have a slash in their names.`,
        )
      const tags = checkTags(tagsOf(Tags))
      const nowMs = call.now.getTime()
      const record: BusRecord = {
        ...ownerOf(call),
        name: Name,
        createdAt: nowMs,
        modifiedAt: nowMs,
        description: Description,
        tags,
      }
      await call.documents.transact(async (transaction) => {
        const key = busKey(record)
        if (Name === defaultBus || (await transaction.get(eventsCollections.buses, key)))
          throw alreadyExists(`Event bus ${Name} already exists.`)
        const prefix = busKey({ ...record, name: '' })
        const others = await transaction.list(eventsCollections.buses, { prefix })
        if (others.length >= mostBuses)
          throw limitExceeded('The requested resource exceeds the maximum number allowed.')
        transaction.put(eventsCollections.buses, key, record)
      })
      return { EventBusArn: busArn(record), Description }
    },
  },

  UpdateEventBus: {
    constraints: { Name: busName, Description: description },
    needs: async ({ Name }, call) => [await busNeed('UpdateEventBus', ownBus(Name, call), call)],
    async handle({ Name, Description, ...rest }, call) {
      refuseUnsupported(rest)
      const bus = await changeBus(call, ownBus(Name, call), (record) => ({
        ...record,
        description: Description,
      }))
      return { Arn: busArn(bus), Name: bus.name, Description }
    },
  },

  DescribeEventBus: {
    constraints: { Name: busNameOrArn },
    needs: async ({ Name }, call) => [await busNeed('DescribeEventBus', ownBus(Name, call), call)],
    async handle({ Name }, call) {
      const bus = await busOf(call.documents, ownBus(Name, call))
      return shownBus(bus, call)
    },
  },

  ListEventBuses: {
    constraints: { ...pageRules, NamePrefix: busName },
    needs: (_input, call) => [listNeed('ListEventBuses', 'event-bus', call)],
    async handle({ NamePrefix = '', ...asked }, call) {
      const prefix = busKey({ ...ownerOf(call), name: '' })
      const stored = await call.documents.list<BusRecord>(eventsCollections.buses, { prefix })
      const own = stored.map(({ value }) => value).filter(({ name }) => name !== defaultBus)
      const named = [await busOf(call.documents, { ...ownerOf(call), name: defaultBus }), ...own]
        .filter(({ name }) => name.startsWith(NamePrefix))
        .sort((one, other) => (one.name < other.name ? -1 : 1))
      const { items, ...rest } = page(named, asked, ({ name }) => name)
      const EventBuses = await Promise.all(items.map((bus) => shownBus(bus, call)))
      return { EventBuses, ...rest }
    },
  },

  DeleteEventBus: {
    constraints: { Name: busName },
    needs: async ({ Name }, call) => [await busNeed('DeleteEventBus', ownBus(Name, call), call)],
    async handle({ Name }, call) {
      const name = ownBus(Name, call)
      if (name.name === defaultBus) throw validation('Cannot delete event bus default.')
      await call.documents.transact(async (transaction) => {
        if ((await rulesOf(transaction, name)).length > 0)
          throw validation("Event bus can't be deleted since it has rules.")
        transaction.delete(eventsCollections.buses, busKey(name))
      })
      return {}
    },
  },
} satisfies Operations<typeof Sdk>

/** @throws AwsError ResourceNotFoundException */
export async function changeBus(
  call: Call,
  name: BusName,
  change: (bus: BusRecord) => BusRecord,
): Promise<BusRecord> {
  return call.documents.transact(async (transaction) => {
    const bus = change(await busOf(transaction, name))
    const changed = { ...bus, modifiedAt: call.now.getTime() }
    transaction.put(eventsCollections.buses, busKey(name), changed)
    return changed
  })
}

async function shownBus(
  bus: BusRecord,
  { documents }: Pick<Call, 'documents'>,
): Promise<Sdk.EventBus> {
  return {
    Name: bus.name,
    Arn: busArn(bus),
    Description: bus.description,
    Policy: bus.policy && (await withArns(documents, bus.policy)),
    ...(bus.createdAt > 0 && {
      CreationTime: new Date(bus.createdAt),
      LastModifiedTime: new Date(bus.modifiedAt),
    }),
  }
}

function ownerOf({ accountId, region }: Call) {
  return { accountId, region }
}

function refuseUnsupported(rest: {
  readonly EventSourceName?: unknown
  readonly KmsKeyIdentifier?: unknown
  readonly DeadLetterConfig?: unknown
  readonly LogConfig?: { readonly Level?: string | undefined } | undefined
}): void {
  if (rest.EventSourceName !== undefined) throw notSupported('An event bus of a partner')
  if (rest.KmsKeyIdentifier !== undefined) throw notSupported('Encryption with a KMS key')
  if (rest.DeadLetterConfig !== undefined) throw notSupported('A dead-letter queue of an event bus')
  if (rest.LogConfig !== undefined && rest.LogConfig.Level !== 'OFF')
    throw notSupported('The log of an event bus')
}
