/** What belongs to the account as a whole: its alias, password policy, and everything at a glance. */
import type * as Sdk from '@aws-sdk/client-iam'
import type { Reader } from '@sekisho/store'
import type { GatedOperations } from '../service.ts'
import { awsManagedPolicy } from './aws-managed-policies.ts'
import { quotas, shownDocument } from './documents.ts'
import { alreadyExists, noSuchEntity } from './errors.ts'
import { shownGroup } from './groups.ts'
import { page } from './paging.ts'
import { shownPolicy, shownVersion } from './policies.ts'
import {
  type AccountSettings,
  arnOf,
  entityCollections,
  type GroupRecord,
  type InstanceProfileRecord,
  iamCollections,
  listOf,
  type OidcProviderRecord,
  type PasswordPolicy,
  type PolicyRecord,
  type RoleRecord,
  type UserRecord,
} from './records.ts'
import { shownRole } from './roles.ts'
import { shownUser } from './users.ts'

const aliasCollection = 'iam-account-aliases'

export const account = {
  CreateAccountAlias: {
    constraints: {
      AccountAlias: [
        { minLength: 3, maxLength: 63 },
        { pattern: /[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]/ },
      ],
    },
    async handle({ AccountAlias }, { documents, accountId }) {
      await documents.transact(async (transaction) => {
        const holder = (await transaction.get<string>(aliasCollection, AccountAlias))?.value
        if (holder !== undefined && holder !== accountId)
          throw alreadyExists(`The account alias ${AccountAlias} already exists.`)
        const { alias, ...settings } = await settingsOf(transaction, accountId)
        if (alias !== undefined) transaction.delete(aliasCollection, alias)
        transaction.put(aliasCollection, AccountAlias, accountId)
        const changed = { ...settings, alias: AccountAlias }
        transaction.put(iamCollections.settings, `${accountId}/`, changed)
      })
      return {}
    },
  },
  ListAccountAliases: {
    async handle(_, { documents, accountId }) {
      const { alias } = await settingsOf(documents, accountId)
      return { AccountAliases: alias === undefined ? [] : [alias], IsTruncated: false }
    },
  },
  DeleteAccountAlias: {
    async handle({ AccountAlias }, { documents, accountId }) {
      await documents.transact(async (transaction) => {
        const { alias, ...settings } = await settingsOf(transaction, accountId)
        if (alias !== AccountAlias)
          throw noSuchEntity(`The account alias ${AccountAlias} cannot be found.`)
        transaction.delete(aliasCollection, alias)
        transaction.put(iamCollections.settings, `${accountId}/`, settings)
      })
      return {}
    },
  },

  UpdateAccountPasswordPolicy: {
    constraints: {
      MinimumPasswordLength: { min: 6, max: 128 },
      MaxPasswordAge: { min: 1, max: 1_095 },
      PasswordReusePrevention: { min: 1, max: 24 },
    },
    async handle(input, { documents, accountId }) {
      const passwordPolicy: PasswordPolicy = {
        minimumLength: input.MinimumPasswordLength ?? 6,
        requireSymbols: input.RequireSymbols ?? false,
        requireNumbers: input.RequireNumbers ?? false,
        requireUppercase: input.RequireUppercaseCharacters ?? false,
        requireLowercase: input.RequireLowercaseCharacters ?? false,
        allowUsersToChange: input.AllowUsersToChangePassword ?? false,
        maxAge: input.MaxPasswordAge ?? 0,
        reusePrevention: input.PasswordReusePrevention ?? 0,
        hardExpiry: input.HardExpiry ?? false,
      }
      await documents.transact(async (transaction) => {
        const settings = await settingsOf(transaction, accountId)
        transaction.put(iamCollections.settings, `${accountId}/`, { ...settings, passwordPolicy })
      })
      return {}
    },
  },
  GetAccountPasswordPolicy: {
    async handle(_, { documents, accountId }) {
      const { passwordPolicy } = await settingsOf(documents, accountId)
      if (passwordPolicy === undefined) throw noPasswordPolicy(accountId)
      return {
        PasswordPolicy: {
          MinimumPasswordLength: passwordPolicy.minimumLength,
          RequireSymbols: passwordPolicy.requireSymbols,
          RequireNumbers: passwordPolicy.requireNumbers,
          RequireUppercaseCharacters: passwordPolicy.requireUppercase,
          RequireLowercaseCharacters: passwordPolicy.requireLowercase,
          AllowUsersToChangePassword: passwordPolicy.allowUsersToChange,
          ExpirePasswords: passwordPolicy.maxAge > 0,
          MaxPasswordAge: passwordPolicy.maxAge || undefined,
          PasswordReusePrevention: passwordPolicy.reusePrevention || undefined,
          HardExpiry: passwordPolicy.hardExpiry,
        },
      }
    },
  },
  DeleteAccountPasswordPolicy: {
    async handle(_, { documents, accountId }) {
      await documents.transact(async (transaction) => {
        const { passwordPolicy, ...settings } = await settingsOf(transaction, accountId)
        if (passwordPolicy === undefined) throw noPasswordPolicy(accountId)
        transaction.put(iamCollections.settings, `${accountId}/`, settings)
      })
      return {}
    },
  },

  GetAccountSummary: {
    async handle(_, { documents, accountId }) {
      const all = await everythingOf(documents, accountId)
      const settings = await settingsOf(documents, accountId)
      return {
        SummaryMap: {
          Users: all.users.length,
          UsersQuota: 5_000,
          Groups: all.groups.length,
          GroupsQuota: 300,
          GroupsPerUserQuota: 10,
          Roles: all.roles.length,
          RolesQuota: 1_000,
          Policies: all.policies.length,
          PoliciesQuota: 1_500,
          PolicySizeQuota: quotas.managed,
          PolicyVersionsInUse: all.policies.reduce((sum, { versions }) => sum + versions.length, 0),
          PolicyVersionsInUseQuota: 10_000,
          VersionsPerPolicyQuota: 5,
          AttachedPoliciesPerUserQuota: 10,
          AttachedPoliciesPerGroupQuota: 10,
          AttachedPoliciesPerRoleQuota: 10,
          UserPolicySizeQuota: quotas.user,
          GroupPolicySizeQuota: quotas.group,
          RolePolicySizeQuota: quotas.role,
          AssumeRolePolicySizeQuota: quotas.trust,
          AccessKeysPerUserQuota: 2,
          InstanceProfiles: all.profiles.length,
          InstanceProfilesQuota: 1_000,
          Providers: all.providers.length,
          MFADevices: 0,
          MFADevicesInUse: 0,
          AccountMFAEnabled: 0,
          AccountAccessKeysPresent: 1,
          AccountPasswordPresent: settings.passwordPolicy === undefined ? 0 : 1,
          AccountSigningCertificatesPresent: 0,
          ServerCertificates: 0,
          ServerCertificatesQuota: 20,
          SigningCertificatesPerUserQuota: 2,
          GlobalEndpointTokenVersion: 2,
        },
      }
    },
  },

  GetAccountAuthorizationDetails: {
    constraints: {
      Filter: { enum: ['User', 'Role', 'Group', 'LocalManagedPolicy', 'AWSManagedPolicy'] },
    },
    async handle({ Filter = [], ...asked }, call) {
      const { documents, accountId } = call
      const all = await everythingOf(documents, accountId)
      const wants = (kind: Sdk.EntityType) => Filter.length === 0 || Filter.includes(kind)
      const details: readonly Detail[] = [
        ...(wants('Group') ? all.groups.map((group) => detail('group', group)) : []),
        ...(wants('LocalManagedPolicy') ? all.policies.map((each) => detail('policy', each)) : []),
        ...(wants('Role') ? all.roles.map((role) => detail('role', role)) : []),
        ...(wants('User') ? all.users.map((user) => detail('user', user)) : []),
      ]
      const { items, ...rest } = page(details, asked, ({ key }) => key)
      const of = <Kind extends Detail['kind']>(kind: Kind) =>
        items
          .filter((item): item is Extract<Detail, { kind: Kind }> => item.kind === kind)
          .map(({ record }) => record as Extract<Detail, { kind: Kind }>['record'])
      return {
        UserDetailList: of('user').map(shownUserDetail),
        GroupDetailList: of('group').map(shownGroupDetail),
        RoleDetailList: await Promise.all(
          of('role').map((role) => shownRoleDetail(documents, role, all.profiles)),
        ),
        Policies: of('policy').map((policy) => ({
          ...shownPolicy(policy),
          Description: policy.description,
          PolicyVersionList: policy.versions.map((version) => ({
            Document: shownDocument(version.document),
            ...shownVersion(policy)(version),
          })),
        })),
        ...rest,
      }
    },
  },
} satisfies GatedOperations<typeof Sdk>

type Detail = { readonly key: string } & (
  | { readonly kind: 'user'; readonly record: UserRecord }
  | { readonly kind: 'group'; readonly record: GroupRecord }
  | { readonly kind: 'role'; readonly record: RoleRecord }
  | { readonly kind: 'policy'; readonly record: PolicyRecord }
)

function detail<Kind extends Detail['kind']>(
  kind: Kind,
  record: Extract<Detail, { kind: Kind }>['record'],
): Detail {
  return { key: `${kind}/${record.name.toLowerCase()}`, kind, record } as Detail
}

async function settingsOf(reader: Reader, accountId: string): Promise<AccountSettings> {
  return (await reader.get<AccountSettings>(iamCollections.settings, `${accountId}/`))?.value ?? {}
}

function noPasswordPolicy(accountId: string) {
  return noSuchEntity(`The Password Policy with domain name ${accountId} cannot be found.`)
}

async function everythingOf(reader: Reader, accountId: string) {
  const [users, groups, roles, policies, profiles, providers] = await Promise.all([
    listOf<UserRecord>(reader, entityCollections.user, accountId),
    listOf<GroupRecord>(reader, entityCollections.group, accountId),
    listOf<RoleRecord>(reader, entityCollections.role, accountId),
    listOf<PolicyRecord>(reader, iamCollections.policies, accountId),
    listOf<InstanceProfileRecord>(reader, iamCollections.instanceProfiles, accountId),
    listOf<OidcProviderRecord>(reader, iamCollections.providers, accountId),
  ])
  return { users, groups, roles, policies, profiles, providers }
}

function shownInline(inline: UserRecord['inline']) {
  return Object.entries(inline).map(([PolicyName, document]) => ({
    PolicyName,
    PolicyDocument: shownDocument(document),
  }))
}

function shownAttached(attached: readonly string[]) {
  return attached.map((PolicyArn) => ({
    PolicyName:
      awsManagedPolicy(PolicyArn)?.name ?? PolicyArn.slice(PolicyArn.lastIndexOf('/') + 1),
    PolicyArn,
  }))
}

function shownUserDetail(user: UserRecord): Sdk.UserDetail {
  return {
    ...shownUser(user),
    UserPolicyList: shownInline(user.inline),
    GroupList: [...user.groups],
    AttachedManagedPolicies: shownAttached(user.attached),
  }
}

function shownGroupDetail(group: GroupRecord): Sdk.GroupDetail {
  return {
    ...shownGroup(group),
    GroupPolicyList: shownInline(group.inline),
    AttachedManagedPolicies: shownAttached(group.attached),
  }
}

async function shownRoleDetail(
  reader: Reader,
  role: RoleRecord,
  profiles: readonly InstanceProfileRecord[],
): Promise<Sdk.RoleDetail> {
  const holding = profiles.filter(({ roles }) => roles.includes(role.name))
  const listed = await shownRole(reader, role, false)
  return {
    ...(await shownRole(reader, role)),
    InstanceProfileList: holding.map((profile) => ({
      Path: profile.path,
      InstanceProfileName: profile.name,
      InstanceProfileId: profile.id,
      Arn: arnOf('instance-profile', profile),
      CreateDate: new Date(profile.createdAt),
      Roles: [listed],
    })),
    RolePolicyList: shownInline(role.inline),
    AttachedManagedPolicies: shownAttached(role.attached),
  }
}
