/** Whom does a service stand for that calls another: a role that was handed to it, or itself? */
import type { CompiledPolicy } from '@sekisho/policy'
import type { Reader } from '@sekisho/store'
import { isTrusted, trustOf } from './issue.ts'
import { principalKeys } from './principal-keys.ts'
import { type Identity, policiesOfRole, rolePrincipal } from './principals.ts'
import { arnOf, readEntity } from './records.ts'

export interface Acting {
  /** `apigateway.amazonaws.com` */
  readonly service: string
  /** For whose sake: the account whose resource asks for it. */
  readonly accountId: string
  /** A role of that account, which trusts the service. Absent: the service calls in its own name. */
  readonly roleArn?: string | undefined
  /** What the role's session is called. */
  readonly sessionName?: string | undefined
  /** The resource that asks for it. */
  readonly sourceArn?: string | undefined
}

/**
 * @see IAM User Guide, "Grant a user permissions to pass a role to an AWS service", "AWS service principals", "The
 *      confused deputy problem"
 */
export async function identityOfActing(
  reader: Reader,
  acting: Acting,
  nowMs: number,
): Promise<Identity | undefined> {
  const { service, accountId, roleArn, sourceArn } = acting
  if (roleArn === undefined) {
    const principal = { type: 'service', service } as const
    const keys = new Map([
      ...principalKeys({ principal, tags: [] }),
      ['aws:sourceaccount', accountId],
      ...(sourceArn === undefined ? [] : [['aws:sourcearn', sourceArn] as const]),
    ])
    return { secretAccessKey: '', accountId, principal, policies: {}, keys }
  }
  const name = roleArn.slice(roleArn.lastIndexOf('/') + 1)
  const role = await readEntity(reader, 'role', accountId, name)
  if (role === undefined || arnOf('role', role) !== roleArn) return undefined
  if (!isTrusted(role, { service, nowMs, sourceArn })) return undefined
  const principal = rolePrincipal(role, acting.sessionName ?? sessionNameOf(service))
  return {
    secretAccessKey: '',
    accountId,
    principal,
    policies: await policiesOfRole(reader, role),
    keys: principalKeys({ principal, tags: role.tags }),
    ...(readsTime(trustOf(role)) && { isMomentary: true }),
  }
}

/** `apigateway` */
function sessionNameOf(service: string): string {
  return service.split('.', 1)[0]!
}

/** What passes by itself. @see IAM User Guide, "AWS global condition context keys" (request properties) */
const timeKeys = ['aws:currenttime', 'aws:epochtime'] as const

/** Whether what a policy says of a request can change though nothing else does. */
export function readsTime({ conditionKeys }: CompiledPolicy): boolean {
  return timeKeys.some((key) => conditionKeys.has(key))
}
