/** Who is behind an access key, kept as long as nothing changes. */
import type { ContextValue } from '@sekisho/policy'
import type { State } from '@sekisho/store'
import type { IdSource } from '../service.ts'
import { accessKeysCollection } from './accounts.ts'
import { type Acting, identityOfActing } from './acting.ts'
import { Bounded } from './bounded.ts'
import { organizationCollections, type Place, placeOf } from './organization.ts'
import {
  compiled,
  type Identity,
  identityOfKey,
  identityOfSession,
  type Nobody,
} from './principals.ts'
import { iamCollections } from './records.ts'
import { open, secretOf, sessionKey } from './sessions.ts'

export interface Identities extends Disposable {
  /** Where an account stands in the organization, with the policies that hold for what is its own. */
  readonly placeOf: (accountId: string) => Promise<Place | undefined>
  /**
   * At once for whoever has called before and is unchanged; a change that is acknowledged counts for the next call.
   */
  readonly find: (
    accessKeyId: string,
    sessionToken: string | undefined,
    nowMs: number,
  ) => Identity | Nobody | Promise<Identity | Nobody>
  /** Whom a service stands for; undefined: the role is gone, another account's, or does not trust the service. */
  readonly actingFor: (acting: Acting, nowMs: number) => Promise<Identity | undefined>
}

const mostIdentities = 20_000
const mostPlaces = 10_000
const mostActing = 5_000

/** @param onError  hears of a policy that is stored and cannot be read; its owner is denied everything */
export function openIdentities(
  { documents, changes }: Pick<State, 'documents' | 'changes'>,
  ids: IdSource,
): Identities {
  /** By key id, or by session token. */
  const found = new Bounded<string, Identity>(mostIdentities)
  /** Apart from those above: what clients send is no name of these. */
  const acting = new Bounded<string, Promise<Identity | undefined>>(mostActing)
  const keysOfAccount = new Map<string, Set<string>>()
  const places = new Bounded<string, Promise<Place | undefined>>(mostPlaces)
  /** What was read before the last change does not count. */
  let changeCount = 0
  let sealing: Promise<Buffer> | undefined
  let sealingKey: Buffer | undefined

  const forget = (accountId: string) => {
    acting.clear()
    for (const key of keysOfAccount.get(accountId) ?? []) found.delete(key)
    keysOfAccount.delete(accountId)
  }
  const iamNames: ReadonlySet<string> = new Set(Object.values(iamCollections))
  const organizationNames: ReadonlySet<string> = new Set(Object.values(organizationCollections))
  const subscription = changes.subscribe((told) => {
    for (const { collection, key } of told) {
      if (collection === accessKeysCollection) found.delete(key)
      else if (iamNames.has(collection)) forget(key.slice(0, key.indexOf('/')))
      else if (collection === 'secrets') sealing = sealingKey = undefined
      else if (organizationNames.has(collection)) {
        found.clear()
        acting.clear()
        places.clear()
      } else continue
      changeCount++
    }
  })

  const placeIn = (accountId: string): Promise<Place | undefined> => {
    let place = places.get(accountId)
    if (place === undefined) {
      place = placeOf(documents, accountId, compiled)
      places.set(accountId, place)
    }
    return place
  }
  const keep = (key: string, identity: Identity): Identity => {
    found.set(key, identity)
    const keys = keysOfAccount.get(identity.accountId) ?? new Set()
    keysOfAccount.set(identity.accountId, keys.add(key))
    return identity
  }
  const load = async (
    key: string,
    read: () => Promise<Identity | Nobody>,
  ): Promise<Identity | Nobody> => {
    for (;;) {
      const seen = changeCount
      const loaded = await read()
      const identity = typeof loaded === 'string' ? loaded : await placed(loaded, placeIn)
      if (seen !== changeCount) continue
      return typeof identity === 'string' ? identity : keep(key, identity)
    }
  }
  const keyForSessions = async (): Promise<Buffer> => {
    sealing ??= sessionKey(documents, ids)
    sealingKey = await sealing
    return sealingKey
  }
  const ofSession = async (accessKeyId: string, token: string, nowMs: number) => {
    const sealed = sealingKey ?? (await keyForSessions())
    const session = open(token, sealed)
    if (session === undefined || session.accessKeyId !== accessKeyId) return 'invalid token'
    if (nowMs >= session.expiresAt) return 'expired token'
    return load(token, () => identityOfSession(documents, session, secretOf(accessKeyId, sealed)))
  }

  return {
    placeOf: placeIn,
    find(accessKeyId, sessionToken, nowMs) {
      const identity = found.get(sessionToken ?? accessKeyId)
      if (identity === undefined)
        return sessionToken === undefined
          ? load(accessKeyId, () => identityOfKey(documents, accessKeyId))
          : ofSession(accessKeyId, sessionToken, nowMs)
      if (identity.session === undefined) return identity
      if (identity.session.accessKeyId !== accessKeyId) return 'invalid token'
      return nowMs < identity.session.expiresAt ? identity : 'expired token'
    },
    actingFor(wanted, nowMs) {
      const { service, accountId, roleArn = '', sessionName = '', sourceArn = '' } = wanted
      const key = JSON.stringify([service, accountId, roleArn, sessionName, sourceArn])
      let identity = acting.get(key)
      if (identity === undefined) {
        const reading = identityOfActing(documents, wanted, nowMs).then(
          (read) => read && (roleArn === '' ? sourced : placed)(read, placeIn),
        )
        const forgetIt = () => {
          if (acting.get(key) === reading) acting.delete(key)
        }
        reading.then((read) => {
          if (read === undefined || read.isMomentary) forgetIt()
        }, forgetIt)
        acting.set(key, (identity = reading))
      }
      return identity
    },
    [Symbol.dispose]: () => subscription[Symbol.dispose](),
  }
}

/** With what the organization says of the caller's account. */
async function placed(
  identity: Identity,
  placeIn: (accountId: string) => Promise<Place | undefined>,
): Promise<Identity> {
  const place = await placeIn(identity.accountId)
  if (place === undefined) return identity
  const { id, path, scps } = place
  return {
    ...identity,
    policies: scps ? { ...identity.policies, scps } : identity.policies,
    keys: new Map([
      ...identity.keys,
      ['aws:principalorgid', id],
      ['aws:principalorgpaths', [path]],
    ]),
  }
}

/** A service has no account, so no organization; the resource that it calls for has. */
async function sourced(
  identity: Identity,
  placeIn: (accountId: string) => Promise<Place | undefined>,
): Promise<Identity> {
  const place = await placeIn(identity.accountId)
  if (place === undefined) return identity
  const keys = [
    ['aws:sourceorgid', place.id],
    ['aws:sourceorgpaths', [place.path]],
  ] as const
  return { ...identity, keys: new Map<string, ContextValue>([...identity.keys, ...keys]) }
}
