/** Accounts of the organization. */
import type * as Sdk from '@aws-sdk/client-organizations'
import type { Reader } from '@sekisho/store'
import {
  AccountError,
  type AccountRecord,
  accountsCollection,
  createAccount,
} from '../iam/accounts.ts'
import {
  type MemberRecord,
  type OrganizationRecord,
  organizationCollections,
  parentOf,
  readOrganization,
} from '../iam/organization.ts'
import { newUniqueId, putEntity, type RoleRecord } from '../iam/records.ts'
import type { Call, GatedOperations } from '../service.ts'
import { accessDenied, alreadyInOrganization, invalidInput, notFound } from './errors.ts'
import { arnFor, ofManagement } from './gate.ts'
import { page } from './paging.ts'

export const accounts = {
  CreateOrganization: {
    handle: async () => {
      throw alreadyInOrganization()
    },
  },

  DescribeOrganization: {
    async handle(_, { documents }) {
      const organization = await readOrganization(documents)
      if (organization === undefined) throw accessDenied()
      const { id, managementAccountId } = organization
      return {
        Organization: {
          Id: id,
          Arn: arnFor(organization, ''),
          FeatureSet: 'ALL',
          MasterAccountArn: arnFor(organization, managementAccountId),
          MasterAccountId: managementAccountId,
          MasterAccountEmail: emailOf(managementAccountId),
          AvailablePolicyTypes: organization.enabledTypes.map((Type) => ({
            Type,
            Status: 'ENABLED',
          })),
        },
      }
    },
  },

  CreateAccount: {
    constraints: {
      Email: [{ minLength: 6, maxLength: 64 }, { pattern: /[^\s@]+@[^\s@]+\.[^\s@]+/ }],
      AccountName: { minLength: 1, maxLength: 50 },
      RoleName: [{ minLength: 1, maxLength: 64 }, { pattern: /[\w+=,.@-]+/ }],
    },
    async handle({ AccountName, Email, RoleName }, call) {
      const organization = await ofManagement(call)
      const requestId = `car-${call.ids.text('0123456789abcdef', 32)}`
      const at = { ids: call.ids, nowMs: call.now.getTime() }
      let accountId: string
      try {
        ;({ accountId } = await createAccount(call.documents, AccountName, at))
      } catch (error) {
        if (error instanceof AccountError) throw invalidInput(error.message)
        throw error
      }
      const member: MemberRecord = {
        accountId,
        parentId: organization.rootId,
        email: Email,
        joinedAt: call.now.getTime(),
        requestId,
        tags: [],
      }
      const role = accessRole(
        RoleName ?? 'OrganizationAccountAccessRole',
        member,
        organization,
        call,
      )
      await call.documents.transact((transaction) => {
        transaction.put(organizationCollections.members, accountId, member)
        transaction.put('organization-requests', requestId, accountId)
        putEntity(transaction, 'role', role)
      })
      return { CreateAccountStatus: statusOf(member, AccountName) }
    },
  },

  DescribeCreateAccountStatus: {
    async handle({ CreateAccountRequestId }, call) {
      await ofManagement(call)
      const { documents } = call
      const accountId = (
        await documents.get<string>('organization-requests', CreateAccountRequestId)
      )?.value
      if (accountId === undefined) throw notFound.status()
      const { record, member } = await findAccount(documents, accountId)
      return { CreateAccountStatus: statusOf(member, record.name) }
    },
  },

  ListAccounts: {
    async handle(asked, call) {
      const organization = await ofManagement(call)
      const all = await everyAccount(call.documents)
      const { items, ...rest } = page(all, asked, ({ record }) => record.accountId)
      return { Accounts: items.map((each) => shown(organization, each)), ...rest }
    },
  },

  DescribeAccount: {
    async handle({ AccountId }, call) {
      const organization = await ofManagement(call)
      return { Account: shown(organization, await findAccount(call.documents, AccountId)) }
    },
  },

  ListAccountsForParent: {
    async handle({ ParentId, ...asked }, call) {
      const organization = await ofManagement(call)
      const all = await everyAccount(call.documents)
      const parents = await Promise.all(
        all.map(({ record }) => parentOf(call.documents, organization, record.accountId)),
      )
      const inside = all.filter((_, at) => parents[at] === ParentId)
      const { items, ...rest } = page(inside, asked, ({ record }) => record.accountId)
      return { Accounts: items.map((each) => shown(organization, each)), ...rest }
    },
  },

  MoveAccount: {
    async handle({ AccountId, SourceParentId, DestinationParentId }, call) {
      const organization = await ofManagement(call)
      await call.documents.transact(async (transaction) => {
        const { member } = await findAccount(transaction, AccountId)
        const parentId = await parentOf(transaction, organization, AccountId)
        if (parentId !== SourceParentId) throw notFound.parent()
        const isThere =
          DestinationParentId === organization.rootId ||
          (await transaction.get(organizationCollections.units, DestinationParentId)) !== undefined
        if (!isThere) throw notFound.parent()
        const moved: MemberRecord = { ...member, parentId: DestinationParentId }
        transaction.put(organizationCollections.members, AccountId, moved)
      })
      return {}
    },
  },
} satisfies GatedOperations<typeof Sdk>

/** By which the management account administers the new one. @see AWS Organizations API Reference, "CreateAccount" */
function accessRole(
  name: string,
  { accountId }: MemberRecord,
  { managementAccountId }: OrganizationRecord,
  { ids, now }: Call,
): RoleRecord {
  return {
    accountId,
    name,
    id: newUniqueId('role', ids),
    path: '/',
    createdAt: now.getTime(),
    inline: {},
    attached: ['arn:aws:iam::aws:policy/AdministratorAccess'],
    tags: [],
    trust: JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { AWS: `arn:aws:iam::${managementAccountId}:root` },
          Action: 'sts:AssumeRole',
        },
      ],
    }),
    maxSessionDuration: 3_600,
  }
}

interface Account {
  readonly record: AccountRecord
  readonly member: MemberRecord
}

async function everyAccount(reader: Reader): Promise<readonly Account[]> {
  const records = await reader.list<AccountRecord>(accountsCollection)
  return Promise.all(records.map(({ key }) => findAccount(reader, key)))
}

/** @throws AwsError AccountNotFoundException */
export async function findAccount(reader: Reader, accountId: string): Promise<Account> {
  const record = (await reader.get<AccountRecord>(accountsCollection, accountId))?.value
  if (record === undefined) throw notFound.account()
  const member = (await reader.get<MemberRecord>(organizationCollections.members, accountId))?.value
  const organization = await readOrganization(reader)
  return {
    record,
    member: member ?? {
      accountId,
      parentId: organization?.rootId ?? '',
      email: emailOf(accountId),
      joinedAt: record.createdAt,
      tags: [],
    },
  }
}

/** Of accounts that were made without one. */
function emailOf(accountId: string): string {
  return `${accountId}@accounts.localhost`
}

function statusOf(
  { accountId, requestId, joinedAt }: MemberRecord,
  name: string,
): Sdk.CreateAccountStatus {
  return {
    Id: requestId,
    AccountName: name,
    State: 'SUCCEEDED',
    RequestedTimestamp: new Date(joinedAt),
    CompletedTimestamp: new Date(joinedAt),
    AccountId: accountId,
  } as Sdk.CreateAccountStatus
}

function shown(organization: OrganizationRecord, { record, member }: Account): Sdk.Account {
  const isManagement = record.accountId === organization.managementAccountId
  return {
    Id: record.accountId,
    Arn: arnFor(organization, record.accountId),
    Email: member.email,
    Name: record.name,
    Status: 'ACTIVE',
    JoinedMethod: isManagement ? 'INVITED' : 'CREATED',
    JoinedTimestamp: new Date(member.joinedAt),
  }
}
