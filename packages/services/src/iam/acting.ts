/** May a service do something in the name of a role that was handed to it? */
import { authorize, type ContextValue } from '@sekisho/policy'
import type { Reader } from '@sekisho/store'
import { isTrusted } from './issue.ts'
import { type Place, servicesWithResourceControl } from './organization.ts'
import { principalKeys } from './principal-keys.ts'
import { policiesOfRole, rolePrincipal } from './principals.ts'
import { arnOf, readEntity } from './records.ts'

export interface Acting {
  readonly roleArn: string
  /** `apigateway.amazonaws.com` */
  readonly service: string
  /** What the role's session is called. */
  readonly sessionName: string
}

export interface Deed {
  readonly action: string
  readonly resource: string
  /** Whose resource it is, and where. */
  readonly accountId: string
  readonly region: string
}

export interface ActingCircumstances {
  /** Where an account stands in the organization. */
  readonly placeOf: (accountId: string) => Promise<Place | undefined>
  readonly nowMs: number
}

/**
 * The role is there and trusts the service: which of the deeds do its policies, with the organization's, allow?
 *
 * @returns undefined  there is no such role, or it does not trust the service
 * @see IAM User Guide, "Grant a user permissions to pass a role to an AWS service"
 */
export async function mayAct(
  reader: Reader,
  { roleArn, service, sessionName }: Acting,
  deeds: readonly Deed[],
  { placeOf, nowMs }: ActingCircumstances,
): Promise<readonly boolean[] | undefined> {
  const accountId = accountOfRole(roleArn)
  if (accountId === undefined) return undefined
  const name = roleArn.slice(roleArn.lastIndexOf('/') + 1)
  const role = await readEntity(reader, 'role', accountId, name)
  if (role === undefined || arnOf('role', role) !== roleArn || !isTrusted(role, service))
    return undefined
  const principal = rolePrincipal(role, sessionName)
  const own = await policiesOfRole(reader, role)
  const place = await placeOf(accountId)
  const keys = principalKeys({ principal, tags: role.tags })
  const decide = async ({ action, resource, accountId: resourceAccountId, region }: Deed) => {
    const rcps = isUnderResourceControl(action) && (await placeOf(resourceAccountId))?.rcps
    const policies = { ...own, ...(place?.scps && { scps: place.scps }), ...(rcps && { rcps }) }
    const context = new Map<string, ContextValue>([
      ...keys,
      ...organizationKeys(place),
      ['aws:currenttime', new Date(nowMs).toISOString()],
      ['aws:epochtime', String(Math.floor(nowMs / 1_000))],
      ['aws:requestedregion', region],
      ['aws:resourceaccount', resourceAccountId],
      ['aws:securetransport', 'true'],
      ['aws:viaawsservice', 'false'],
    ])
    return authorize({ principal, action, resource, resourceAccountId, context }, policies).allowed
  }
  return Promise.all(deeds.map(decide))
}

function isUnderResourceControl(action: string): boolean {
  return servicesWithResourceControl.has(action.slice(0, action.indexOf(':')))
}

function accountOfRole(roleArn: string): string | undefined {
  return /^arn:aws[a-z-]*:iam::(\d{12}):role\//.exec(roleArn)?.[1]
}

function organizationKeys(place: Place | undefined): readonly (readonly [string, ContextValue])[] {
  if (place === undefined) return []
  return [
    ['aws:principalorgid', place.id],
    ['aws:principalorgpaths', [place.path]],
  ]
}
