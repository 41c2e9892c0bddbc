/** Policies as they were when they decided: kept under the hash of their text, for explanations after the fact. */
import { createHash } from 'node:crypto'
import {
  type CompiledPolicy,
  compilePolicy,
  type PolicySet,
  type PolicyType,
} from '@sekisho/policy'
import type { Documents } from '@sekisho/store'

const policiesCollection = 'sekisho/policies'

interface KeptPolicy {
  readonly type: PolicyType
  readonly name: string
  readonly source: string
  readonly keptAt: number
}

export interface PolicyArchive {
  /** `type:hash`. Storing goes on behind; `onFailure` hears when it cannot. */
  readonly idOf: (policy: CompiledPolicy) => string
  /**
   * @param ids  `type:hash`, and `#level` behind those of an organization
   * @returns undefined when one of them is no longer kept
   */
  readonly recall: (ids: readonly string[]) => Promise<PolicySet | undefined>
  /** Forgets what no record can name any more. */
  readonly sweep: (olderThan: number) => Promise<void>
}

export function openPolicyArchive(
  documents: Documents,
  now: () => number,
  onFailure: (error: unknown) => void,
): PolicyArchive {
  const ids = new WeakMap<CompiledPolicy, string>()
  return {
    idOf(policy) {
      const known = ids.get(policy)
      if (known !== undefined) return known
      const { type, name, source } = policy
      const hash = createHash('sha256').update(`${name}\n${source}`).digest('hex').slice(0, 32)
      const id = `${type}:${hash}`
      ids.set(policy, id)
      const kept: KeptPolicy = { type, name, source, keptAt: now() }
      documents
        .transact((transaction) => transaction.put(policiesCollection, id, kept))
        .catch(onFailure)
      return id
    },
    async recall(asked) {
      const found: AskedPolicy[] = []
      for (const each of asked) {
        const [id = '', level] = each.split('#')
        const stored = await documents.get<KeptPolicy>(policiesCollection, id)
        if (stored === undefined) return undefined
        const { type, name, source } = stored.value
        const policy = compilePolicy(source, { type, name })
        found.push(level === undefined ? { policy } : { policy, level: Number(level) })
      }
      return setOf(found)
    },
    async sweep(olderThan) {
      await documents.transact(async (transaction) => {
        for (const { key, value } of await transaction.list<KeptPolicy>(policiesCollection))
          if (value.keptAt < olderThan) transaction.delete(policiesCollection, key)
      })
    },
  }
}

/** A policy that was asked; of an organization's also on which level, 0 being the root. */
export interface AskedPolicy {
  readonly policy: CompiledPolicy
  readonly level?: number
}

/** Everyone who was asked. */
export function policiesOf(policies: PolicySet): readonly AskedPolicy[] {
  const one = [policies.trust, policies.resource, policies.boundary, policies.vpcEndpoint]
  const own = [...(policies.identity ?? []), ...(policies.session ?? [])]
  const leveled = (levels: PolicySet['scps'] = []) =>
    levels.flatMap((each, level) => each.map((policy) => ({ policy, level })))
  return [
    ...[...one.filter((policy) => policy !== undefined), ...own].map((policy) => ({ policy })),
    ...leveled(policies.scps),
    ...leveled(policies.rcps),
  ]
}

function setOf(asked: readonly AskedPolicy[]): PolicySet {
  const all = (type: PolicyType) =>
    asked.filter(({ policy }) => policy.type === type).map(({ policy }) => policy)
  const one = (type: PolicyType) => all(type)[0]
  const levels = (type: PolicyType) => {
    const of = asked.filter(({ policy }) => policy.type === type)
    const found: CompiledPolicy[][] = []
    for (const { policy, level = 0 } of of) (found[level] ??= []).push(policy)
    return found.length > 0 ? Array.from(found, (each) => each ?? []) : undefined
  }
  const session = all('session')
  return {
    identity: all('identity'),
    boundary: one('boundary'),
    session: session.length > 0 ? session : undefined,
    resource: one('resource'),
    trust: one('trust'),
    vpcEndpoint: one('vpcEndpoint'),
    scps: levels('scp'),
    rcps: levels('rcp'),
  }
}
