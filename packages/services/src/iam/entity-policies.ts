/** Policies of users, groups and roles: inline ones, and managed ones that are attached. */
import type * as Sdk from '@aws-sdk/client-iam'
import type { Call, GatedOperations } from '../service.ts'
import { awsManagedPolicy } from './aws-managed-policies.ts'
import { checkDocument, checkSize, quotas, shownDocument, sizeOf } from './documents.ts'
import { change, find, longName, userName } from './entities.ts'
import { limitExceeded, missing, noSuchEntity } from './errors.ts'
import { type Asked, page } from './paging.ts'
import { checkPolicyArn, useCountChanged } from './policy-uses.ts'
import {
  arnOf,
  type EntityKind,
  entityCollections,
  type GroupRecord,
  iamCollections,
  listOf,
  type PolicyRecord,
  type RoleRecord,
  type UserRecord,
} from './records.ts'
import { ofYourOwn } from './roles.ts'

/** @see IAM User Guide, "IAM and AWS STS quotas" (attached managed policies) */
const mostAttached = 10
const quotaNames = { user: 'User', group: 'Group', role: 'Role' } as const

/** The seven operations that users, groups and roles have alike. */
const putInline = async (
  kind: EntityKind,
  call: Call,
  name: string,
  policyName: string,
  document: string,
) => {
  checkDocument(document, 'identity')
  await change(call, kind, name, (record) => {
    const inline = { ...checked(kind, record).inline, [policyName]: document }
    const total = Object.values(inline).reduce((sum, each) => sum + sizeOf(each), 0)
    checkSize(total, quotas[kind], `ACLSizePer${quotaNames[kind]}`)
    return { ...record, inline }
  })
  return {}
}

const getInline = async (kind: EntityKind, call: Call, name: string, policyName: string) => {
  const { inline } = await find(call.documents, kind, call, name)
  const document = Object.hasOwn(inline, policyName) ? inline[policyName] : undefined
  if (document === undefined) throw noInline(kind, policyName)
  return { PolicyName: policyName, PolicyDocument: shownDocument(document) }
}

const listInline = async (kind: EntityKind, call: Call, name: string, asked: Asked) => {
  const { inline } = await find(call.documents, kind, call, name)
  const { items, ...rest } = page(Object.keys(inline).sort(), asked, (each) => each)
  return { PolicyNames: items, ...rest }
}

const deleteInline = async (kind: EntityKind, call: Call, name: string, policyName: string) => {
  await change(call, kind, name, (record) => {
    const { [policyName]: gone, ...inline } = checked(kind, record).inline
    if (gone === undefined) throw noInline(kind, policyName)
    return { ...record, inline }
  })
  return {}
}

const attach = async (kind: EntityKind, call: Call, name: string, arn: string) => {
  checkPolicyArn(arn)
  await change(call, kind, name, async (record, transaction) => {
    if (checked(kind, record).attached.includes(arn)) return record
    if (record.attached.length >= mostAttached)
      throw limitExceeded(`Cannot exceed quota for PoliciesPer${quotaNames[kind]}: ${mostAttached}`)
    await useCountChanged(transaction, call, arn, 'attachments', 1)
    return { ...record, attached: [...record.attached, arn] }
  })
  return {}
}

const detach = async (kind: EntityKind, call: Call, name: string, arn: string) => {
  checkPolicyArn(arn)
  await change(call, kind, name, async (record, transaction) => {
    if (!checked(kind, record).attached.includes(arn)) throw missing.policy(arn)
    await useCountChanged(transaction, call, arn, 'attachments', -1)
    return { ...record, attached: record.attached.filter((each) => each !== arn) }
  })
  return {}
}

const listAttached = async (
  kind: EntityKind,
  call: Call,
  name: string,
  { PathPrefix = '/', ...asked }: Asked & { readonly PathPrefix?: string | undefined },
) => {
  const { attached } = await find(call.documents, kind, call, name)
  const named = attached
    .map((arn) => ({ PolicyName: arn.slice(arn.lastIndexOf('/') + 1), PolicyArn: arn }))
    .filter(({ PolicyArn, PolicyName }) => pathOf(PolicyArn, PolicyName).startsWith(PathPrefix))
    .sort((one, other) => (one.PolicyArn < other.PolicyArn ? -1 : 1))
  const { items, ...rest } = page(named, asked, ({ PolicyArn }) => PolicyArn)
  return { AttachedPolicies: items, ...rest }
}

function pathOf(arn: string, name: string): string {
  return arn.slice(arn.indexOf('/'), arn.length - name.length)
}

function noInline(kind: EntityKind, policyName: string) {
  return noSuchEntity(`The ${kind} policy with name ${policyName} cannot be found.`)
}

function checked<Record_ extends UserRecord | GroupRecord | RoleRecord>(
  kind: EntityKind,
  record: Record_,
): Record_ {
  if (kind === 'role') ofYourOwn(record as unknown as RoleRecord)
  return record
}

const user = { UserName: userName, PolicyName: longName } as const
const group = { GroupName: longName, PolicyName: longName } as const
const role = { RoleName: userName, PolicyName: longName } as const

export const entityPolicies = {
  PutUserPolicy: {
    constraints: user,
    handle: (i, call) => putInline('user', call, i.UserName, i.PolicyName, i.PolicyDocument),
  },
  PutGroupPolicy: {
    constraints: group,
    handle: (i, call) => putInline('group', call, i.GroupName, i.PolicyName, i.PolicyDocument),
  },
  PutRolePolicy: {
    constraints: role,
    handle: (i, call) => putInline('role', call, i.RoleName, i.PolicyName, i.PolicyDocument),
  },
  GetUserPolicy: {
    async handle({ UserName, PolicyName }, call) {
      return { UserName, ...(await getInline('user', call, UserName, PolicyName)) }
    },
  },
  GetGroupPolicy: {
    async handle({ GroupName, PolicyName }, call) {
      return { GroupName, ...(await getInline('group', call, GroupName, PolicyName)) }
    },
  },
  GetRolePolicy: {
    async handle({ RoleName, PolicyName }, call) {
      return { RoleName, ...(await getInline('role', call, RoleName, PolicyName)) }
    },
  },
  ListUserPolicies: { handle: (i, call) => listInline('user', call, i.UserName, i) },
  ListGroupPolicies: { handle: (i, call) => listInline('group', call, i.GroupName, i) },
  ListRolePolicies: { handle: (i, call) => listInline('role', call, i.RoleName, i) },
  DeleteUserPolicy: {
    handle: (i, call) => deleteInline('user', call, i.UserName, i.PolicyName),
  },
  DeleteGroupPolicy: {
    handle: (i, call) => deleteInline('group', call, i.GroupName, i.PolicyName),
  },
  DeleteRolePolicy: {
    handle: (i, call) => deleteInline('role', call, i.RoleName, i.PolicyName),
  },

  AttachUserPolicy: { handle: (i, call) => attach('user', call, i.UserName, i.PolicyArn) },
  AttachGroupPolicy: { handle: (i, call) => attach('group', call, i.GroupName, i.PolicyArn) },
  AttachRolePolicy: { handle: (i, call) => attach('role', call, i.RoleName, i.PolicyArn) },
  DetachUserPolicy: { handle: (i, call) => detach('user', call, i.UserName, i.PolicyArn) },
  DetachGroupPolicy: { handle: (i, call) => detach('group', call, i.GroupName, i.PolicyArn) },
  DetachRolePolicy: { handle: (i, call) => detach('role', call, i.RoleName, i.PolicyArn) },
  ListAttachedUserPolicies: { handle: (i, call) => listAttached('user', call, i.UserName, i) },
  ListAttachedGroupPolicies: { handle: (i, call) => listAttached('group', call, i.GroupName, i) },
  ListAttachedRolePolicies: { handle: (i, call) => listAttached('role', call, i.RoleName, i) },

  ListEntitiesForPolicy: {
    constraints: {
      EntityFilter: {
        enum: ['User', 'Role', 'Group', 'LocalManagedPolicy', 'AWSManagedPolicy'],
      },
      PolicyUsageFilter: { enum: ['PermissionsPolicy', 'PermissionsBoundary'] },
    },
    async handle({ PolicyArn, EntityFilter, PathPrefix = '/', PolicyUsageFilter, ...asked }, call) {
      checkPolicyArn(PolicyArn)
      const known = await listOf<PolicyRecord>(
        call.documents,
        iamCollections.policies,
        call.accountId,
      )
      if (
        !awsManagedPolicy(PolicyArn) &&
        !known.some((each) => arnOf('policy', each) === PolicyArn)
      )
        throw missing.policy(PolicyArn)
      const found: { kind: EntityKind; name: string; id: string }[] = []
      for (const kind of ['group', 'role', 'user'] as const) {
        if (EntityFilter !== undefined && EntityFilter.toLowerCase() !== kind) continue
        const records = await listOf<UserRecord | GroupRecord | RoleRecord>(
          call.documents,
          entityCollections[kind],
          call.accountId,
        )
        for (const record of records) {
          const isAttached =
            PolicyUsageFilter !== 'PermissionsBoundary' && record.attached.includes(PolicyArn)
          const bounds =
            PolicyUsageFilter !== 'PermissionsPolicy' &&
            'boundary' in record &&
            record.boundary === PolicyArn
          if ((isAttached || bounds) && record.path.startsWith(PathPrefix))
            found.push({ kind, name: record.name, id: record.id })
        }
      }
      const { items, ...rest } = page(
        found,
        asked,
        ({ kind, name }) => `${kind}/${name.toLowerCase()}`,
      )
      const of = (kind: EntityKind) => items.filter((item) => item.kind === kind)
      return {
        PolicyGroups: of('group').map(({ name, id }) => ({ GroupName: name, GroupId: id })),
        PolicyUsers: of('user').map(({ name, id }) => ({ UserName: name, UserId: id })),
        PolicyRoles: of('role').map(({ name, id }) => ({ RoleName: name, RoleId: id })),
        ...rest,
      }
    },
  },
} satisfies GatedOperations<typeof Sdk>
