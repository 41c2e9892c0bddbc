/** Whose policies are tried in a simulation, and what they are called there. */
import type * as Sdk from '@aws-sdk/client-iam'
import type { CompiledPolicy, PolicySet, Principal } from '@sekisho/policy'
import type { Call } from '../service.ts'
import { find } from './entities.ts'
import { invalidInput, noSuchEntity } from './errors.ts'
import {
  compiled,
  managedDocument,
  policiesOfRole,
  policiesOfUser,
  rolePrincipal,
  userPrincipal,
} from './principals.ts'
import type { GroupRecord, RoleRecord, Tag, UserRecord } from './records.ts'

export type NameSource = (
  policy: CompiledPolicy,
) => Pick<Sdk.Statement, 'SourcePolicyId' | 'SourcePolicyType'>

export const customSource: NameSource = ({ name }) => ({
  SourcePolicyId: name,
  SourcePolicyType: 'IAM Policy' as Sdk.PolicySourceType,
})

export function nobody({ accountId }: Call): Principal {
  return { type: 'user', accountId, arn: `arn:aws:iam::${accountId}:user/simulated`, userId: '' }
}

/** @throws AwsError InvalidInput */
export function principalOf(arn: string): Principal {
  const [, accountId, kind, name = ''] =
    /^arn:aws[a-z-]*:iam::(\d{12}):(user|role)\/(.+)$/.exec(arn) ?? []
  if (accountId === undefined) throw invalidInput(`Invalid ARN: ${arn}`)
  if (kind === 'user') return { type: 'user', accountId, arn, userId: '' }
  const role = name.slice(name.lastIndexOf('/') + 1)
  return {
    type: 'assumed-role',
    accountId,
    arn: `arn:aws:sts::${accountId}:assumed-role/${role}/simulated`,
    roleArn: arn,
    roleId: '',
  }
}

export interface Source {
  readonly principal: Principal
  readonly policies: PolicySet
  readonly tags: readonly Tag[]
  readonly nameOf: NameSource
}

/** @throws AwsError NoSuchEntity */
export async function sourceOf(arn: string, call: Call): Promise<Source> {
  const [, accountId, kind, path = ''] =
    /^arn:aws[a-z-]*:iam::(\d{12}):(user|role|group)\/(.+)$/.exec(arn) ?? []
  if (accountId === undefined) throw invalidInput(`Invalid ARN: ${arn}`)
  if (accountId !== call.accountId) throw noSuchEntity(`Entity with ARN ${arn} cannot be found.`)
  const name = path.slice(path.lastIndexOf('/') + 1)
  const { documents } = call
  if (kind === 'user') {
    const user: UserRecord = await find(documents, 'user', call, name)
    const policies = await policiesOfUser(documents, user)
    return {
      principal: userPrincipal(user),
      policies,
      tags: user.tags,
      nameOf: nameIn(user, 'user'),
    }
  }
  if (kind === 'role') {
    const role: RoleRecord = await find(documents, 'role', call, name)
    const policies = await policiesOfRole(documents, role)
    const principal = rolePrincipal(role, 'simulated')
    return { principal, policies, tags: role.tags, nameOf: nameIn(role, 'role') }
  }
  const group: GroupRecord = await find(documents, 'group', call, name)
  const own = Object.entries(group.inline).map(([each, text]) => compiled(text, 'identity', each))
  const attached = await Promise.all(
    group.attached.map(async (each) =>
      compiled((await managedDocument(documents, accountId, each)) ?? '', 'identity', each),
    ),
  )
  return {
    principal: nobody(call),
    policies: { identity: [...own, ...attached] },
    tags: [],
    nameOf: nameIn(group, 'group'),
  }
}

/** Inline policies are called after their owner, managed ones by their own name. */
function nameIn(owner: { readonly name: string }, kind: string): NameSource {
  return ({ name, type }) => {
    if (type !== 'identity' || name.startsWith('PolicyInputList'))
      return customSource({ name } as CompiledPolicy)
    return {
      SourcePolicyId: name.startsWith('arn:')
        ? name.slice(name.lastIndexOf('/') + 1)
        : `${kind}_${owner.name}_${name}`,
      SourcePolicyType: 'IAM Policy' as Sdk.PolicySourceType,
    }
  }
}
