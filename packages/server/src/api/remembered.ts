/** What was decided before, where all that it rests on is still the same: calls that services make again and again. */
import { type Identity, type Need, type Place, readsTime } from '@sekisho/services'
import { policiesOf } from '../trail/policies.ts'
import { type Circumstances, type Decided, decide, type Places } from './authorize.ts'

interface Remembered {
  readonly identity: Identity
  readonly place: Place | undefined
  readonly region: string
  readonly decided: Decided
}

/** By the need itself: a service that hands out the same one says that nothing of it has changed. */
const remembered = new WeakMap<Need, Remembered>()

const holding = new WeakSet<Decided>()

/** Whether it was allowed, and will be as long as all that it rests on is the same. */
export function holds(decided: Decided | undefined): boolean {
  return decided?.decision.allowed === true && holding.has(decided)
}

/**
 * As `decide`. A decision is a function of the need, the caller with its policies, the organization's place, and the
 * circumstances; from inside, and in nobody else's name, these are the region and the time alone.
 */
export function decideAgain(
  needs: readonly Need[],
  identity: Identity,
  places: Places,
  circumstances: Circumstances,
): Decided | undefined {
  const [need] = needs
  const { source, via, region, headers } = circumstances
  if (
    need === undefined ||
    needs.length > 1 ||
    source ||
    via ||
    headers.length > 0 ||
    identity.isMomentary
  )
    return decide(needs, identity, places, circumstances)
  const place = places.get(need.resourceAccountId ?? identity.accountId)
  const found = remembered.get(need)
  if (found?.identity === identity && found.place === place && found.region === region)
    return found.decided
  const decided = decide(needs, identity, places, circumstances)
  if (decided !== undefined && !goesByTime(decided)) {
    remembered.set(need, { identity, place, region, decided })
    holding.add(decided)
  }
  return decided
}

function goesByTime({ policies }: Decided): boolean {
  return policiesOf(policies).some(({ policy }) => readsTime(policy))
}
