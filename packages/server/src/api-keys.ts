/** Who holds this API key, and what may they? Keys and plans, kept warm, dropped when they change. */
import { hash } from 'node:crypto'
import type { KeyHolder, PlanLimits, Ports } from '@sekisho/gateway'
import {
  type ApiKeyRecord,
  apiKeyCollections,
  loadApiKey,
  loadUsagePlan,
  type UsagePlanRecord,
} from '@sekisho/services'
import type { State } from '@sekisho/store'

export interface ApiKeys extends Disposable {
  readonly find: Ports['findKey']
}

/** What of a key decides, and under what it is found. */
interface Known {
  readonly id: string
  /** `account/region` */
  readonly place: string
  readonly isEnabled: boolean
  readonly planIds: readonly string[]
}

/** By `api/stage`. */
type Stages = ReadonlyMap<string, PlanLimits>

/** Twice what is asked of one process; beyond it the oldest are read again. */
const mostKeys = 200_000
const mostPlans = 10_000

const { keys, plans, values } = apiKeyCollections

export function openApiKeys({ documents, changes }: Pick<State, 'documents' | 'changes'>): ApiKeys {
  /** By place and the hash of the value: how long a search takes says nothing of the value. */
  const known = new Map<string, Known>()
  /** By place and id, to where it is in `known`. */
  const places = new Map<string, string>()
  /** By place and id. */
  const stagesOf = new Map<string, Stages>()
  let changeCount = 0
  const subscription = changes.subscribe((told) => {
    for (const { collection, key } of told) {
      if (collection === keys) forget(key)
      else if (collection === plans) stagesOf.delete(key)
      else if (collection !== values) continue
      changeCount++
    }
  })

  const forget = (key: string) => {
    const place = places.get(key)
    if (place === undefined) return
    places.delete(key)
    known.delete(place)
  }

  const keep = (at: string, record: ApiKeyRecord): Known => {
    const place = `${record.accountId}/${record.region}`
    const key: Known = {
      id: record.id,
      place,
      isEnabled: record.enabled,
      planIds: record.planIds,
    }
    if (known.size >= mostKeys) {
      const [oldest] = known.values()
      if (oldest) forget(`${oldest.place}/${oldest.id}`)
    }
    known.set(at, key)
    places.set(`${place}/${record.id}`, at)
    return key
  }

  const keepPlan = (record: UsagePlanRecord): void => {
    if (stagesOf.size >= mostPlans) stagesOf.clear()
    stagesOf.set(`${record.accountId}/${record.region}/${record.id}`, limitsOf(record))
  }

  /** Undefined: a plan has to be read first; false: no plan has the stage. */
  const holderOf = (key: Known, stage: string): KeyHolder | false | undefined => {
    for (const id of key.planIds) {
      const stages = stagesOf.get(`${key.place}/${id}`)
      if (stages === undefined) return undefined
      const plan = stages.get(stage)
      if (plan) return { keyId: key.id, plan }
    }
    return false
  }

  const load = async (
    at: string,
    value: string,
    api: { readonly accountId: string; readonly region: string },
    stage: string,
  ): Promise<KeyHolder | undefined> => {
    for (;;) {
      const seen = changeCount
      const record = await loadApiKey(documents, api, value)
      const place = `${api.accountId}/${api.region}`
      // A plan may have a thousand stages, and a hundred thousand keys.
      const unread = (record?.planIds ?? []).filter((id) => !stagesOf.has(`${place}/${id}`))
      const read = await Promise.all(unread.map((id) => loadUsagePlan(documents, api, id)))
      // Changed while it was read: what was read may be old.
      if (seen !== changeCount) continue
      // A value that nobody has is not remembered: there is no end of them.
      if (record === undefined || hashOf(value) !== hashOf(record.value)) return undefined
      for (const plan of read) if (plan) keepPlan(plan)
      const key = keep(at, record)
      return (key.isEnabled && holderOf(key, stage)) || undefined
    }
  }

  return {
    find(value, api, stageName) {
      const at = `${api.accountId}/${api.region}/${hashOf(value)}`
      const stage = `${api.restApiId}/${stageName}`
      const key = known.get(at)
      if (key === undefined) return load(at, value, api, stage)
      if (!key.isEnabled) return undefined
      const holder = holderOf(key, stage)
      return holder === undefined ? load(at, value, api, stage) : holder || undefined
    },
    [Symbol.dispose]: () => subscription[Symbol.dispose](),
  }
}

/** One character a byte. How far two of them are alike says nothing of how far the values are. */
function hashOf(value: string): string {
  return hash('sha256', value, 'latin1')
}

function limitsOf({ id, apiStages, throttle, quota }: UsagePlanRecord): Stages {
  return new Map(
    apiStages.map(({ apiId, stage, throttle: methods = {} }) => [
      `${apiId}/${stage}`,
      { id, ...(throttle && { throttle }), ...(quota && { quota }), methods },
    ]),
  )
}
