/** What a distribution's answers are recorded as: said once where the next differs in nothing but time and id. */
import type { Distribution } from '@sekisho/edge'
import { type SharedEntry, sameOf } from '../trail/record.ts'

/** What of a record no distribution says of itself. */
export type Served = Omit<SharedEntry, 'road' | 'principal' | 'accountId' | 'action' | 'resource'>

interface Said {
  readonly served: Served
  readonly same: string
}

/** What was said last of each path: most answers differ from the last in nothing but time and id. */
const said = new WeakMap<Distribution, Map<string, Said>>()
const mostSaid = 256
const longestSaid = 256

export function sameAs(distribution: Distribution | undefined, served: Served): string {
  if (distribution === undefined)
    return sameOf({ ...nobodys, accountId: undefined, resource: '*', ...served })
  let paths = said.get(distribution)
  if (paths === undefined) said.set(distribution, (paths = new Map()))
  const last = paths.get(served.path)
  if (last !== undefined && isSame(last.served, served)) return last.same
  const { accountId, id } = distribution.snapshot
  const resource = `arn:aws:cloudfront::${accountId}:distribution/${id}`
  const same = sameOf({ ...nobodys, accountId, distributionId: id, resource, ...served })
  if (served.path.length > longestSaid || served.edgeRequestId !== undefined) return same
  if (paths.size >= mostSaid) paths.clear()
  // Texts of their own: what was cut out of a request would keep all of it.
  const own = JSON.parse(JSON.stringify(served)) as Served
  paths.set(own.path, { served: own, same })
  return same
}

const nobodys = {
  road: 'cloudfront',
  principal: 'anonymous',
  action: 'cloudfront:Serve',
} as const

function isSame(one: Served, other: Served): boolean {
  for (const name in other)
    if (one[name as keyof Served] !== other[name as keyof Served]) return false
  return true
}
