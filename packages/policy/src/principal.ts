/** Is the caller among those that a Principal or NotPrincipal element names, and how is it named? */
import { parseArn } from './arn.ts'
import type { PrincipalElement } from './document.ts'
import type { Principal } from './request.ts'

/**
 * How a statement names the caller. The order matters to nobody, the difference does: an account only delegates,
 * a role is limited by boundaries and session policies, a session and a user are not.
 * @see IAM User Guide, "Policy evaluation logic: evaluating identity-based policies with resource-based policies"
 */
export type Naming = 'nobody' | 'everybody' | 'account' | 'role' | 'direct'

export type PrincipalMatcher = (caller: Principal, hasBoundary: boolean) => Naming

/** Statements without a principal (identity policies …) speak of whoever they are attached to. */
export const attached: PrincipalMatcher = () => 'direct'

const everybody: PrincipalMatcher = () => 'everybody'

export function compilePrincipal(
  element: PrincipalElement | undefined,
  effect: 'Allow' | 'Deny',
): PrincipalMatcher {
  if (element === undefined) return attached
  if (element.isEverybody && element.values.length === 1 && !element.isNegated) return everybody
  const names = compileNames(element)
  if (!element.isNegated) return (caller) => names.naming(caller)
  if (effect === 'Allow')
    return (caller) => (names.naming(caller) === 'nobody' ? 'everybody' : 'nobody')
  // A Deny spares only callers whose every name is listed (account, role and session), and never one with a boundary.
  return (caller, hasBoundary) =>
    !hasBoundary && names.listsEveryName(caller) ? 'nobody' : 'everybody'
}

interface Names {
  readonly naming: (caller: Principal) => Naming
  readonly listsEveryName: (caller: Principal) => boolean
}

function compileNames({ isEverybody, values }: PrincipalElement): Names {
  const of = (kind: string) =>
    new Set(values.filter((each) => each.kind === kind).map(({ value }) => value))
  const [arns, services, providers] = [of('AWS'), of('Service'), of('Federated')]
  const accounts = new Set([...arns].flatMap((value) => accountOf(value) ?? []))
  const naming = (caller: Principal): Naming => {
    const own = ownNaming(caller, arns, accounts, services, providers)
    return isEverybody && own !== 'direct' ? 'everybody' : own
  }
  const listsEveryName = (caller: Principal) =>
    isEverybody || everyName(caller, arns, accounts, services, providers)
  return { naming, listsEveryName }
}

type Listed = ReadonlySet<string>

function ownNaming(
  caller: Principal,
  arns: Listed,
  accounts: Listed,
  services: Listed,
  providers: Listed,
): Naming {
  switch (caller.type) {
    case 'anonymous':
      return 'nobody'
    case 'root':
      return accounts.has(caller.accountId) ? 'account' : 'nobody'
    case 'user':
      if (arns.has(caller.arn) || arns.has(caller.userId)) return 'direct'
      break
    case 'assumed-role':
      if (arns.has(caller.arn)) return 'direct'
      if (arns.has(caller.roleArn) || arns.has(caller.roleId)) return 'role'
      break
    case 'federated-user':
      if (arns.has(caller.arn)) return 'direct'
      if (arns.has(caller.userArn) || arns.has(caller.userId)) return 'role'
      break
    case 'federated':
      return providers.has(caller.provider) ? 'direct' : 'nobody'
    case 'service':
      return services.has(caller.service) ? 'direct' : 'nobody'
  }
  return accounts.has(caller.accountId) ? 'account' : 'nobody'
}

function everyName(
  caller: Principal,
  arns: Listed,
  accounts: Listed,
  services: Listed,
  providers: Listed,
): boolean {
  switch (caller.type) {
    case 'anonymous':
      return false
    case 'root':
      return accounts.has(caller.accountId)
    case 'user':
      return accounts.has(caller.accountId) && (arns.has(caller.arn) || arns.has(caller.userId))
    case 'assumed-role':
      return (
        accounts.has(caller.accountId) &&
        arns.has(caller.arn) &&
        (arns.has(caller.roleArn) || arns.has(caller.roleId))
      )
    case 'federated-user':
      return accounts.has(caller.accountId) && arns.has(caller.arn)
    case 'federated':
      return providers.has(caller.provider)
    case 'service':
      return services.has(caller.service)
  }
}

/** Twelve digits and the `:root` ARN name the account. */
function accountOf(value: string): string | undefined {
  if (/^\d{12}$/.test(value)) return value
  const arn = parseArn(value)
  return arn?.service === 'iam' && arn.resource === 'root' ? arn.accountId : undefined
}
