/** Managed policies of an account, and their versions. */
import type * as Sdk from '@aws-sdk/client-iam'
import type { Reader, Transaction } from '@sekisho/store'
import type { Call, GatedOperations } from '../service.ts'
import {
  type AwsManagedPolicy,
  awsManagedPolicies,
  awsManagedPolicy,
} from './aws-managed-policies.ts'
import { checkDocument, checkSize, quotas, shownDocument, sizeOf } from './documents.ts'
import { arnOf, longName, path } from './entities.ts'
import {
  alreadyExists,
  deleteConflict,
  limitExceeded,
  missing,
  noSuchEntity,
  validationError,
} from './errors.ts'
import { page } from './paging.ts'
import { awsPolicyUses, checkPolicyArn, findPolicy } from './policy-uses.ts'
import {
  iamCollections,
  keyOf,
  listOf,
  newUniqueId,
  type PolicyRecord,
  type PolicyVersionRecord,
} from './records.ts'
import { listedTags, mergeTags, shownTags, tagged, untagged } from './tags.ts'

/** @see IAM User Guide, "IAM and AWS STS quotas" */
const mostPolicies = 1_500
const mostVersions = 5

export const policies = {
  CreatePolicy: {
    constraints: { PolicyName: longName, Path: path, Description: { maxLength: 1_000 } },
    async handle({ PolicyName, Path = '/', PolicyDocument, Description, Tags }, call) {
      checkPolicyDocument(PolicyDocument)
      const now = call.now.getTime()
      const policy: PolicyRecord = {
        accountId: call.accountId,
        name: PolicyName,
        id: newUniqueId('policy', call.ids),
        path: Path,
        ...(Description !== undefined && { description: Description }),
        createdAt: now,
        updatedAt: now,
        tags: mergeTags([], Tags),
        defaultVersionId: 'v1',
        versions: [{ id: 'v1', document: PolicyDocument, createdAt: now }],
        nextVersion: 2,
        uses: { attachments: 0, boundaries: 0 },
      }
      await call.documents.transact(async (transaction) => {
        const key = keyOf(call.accountId, PolicyName)
        if (await transaction.get(iamCollections.policies, key))
          throw alreadyExists(
            `A policy called ${PolicyName} already exists. Duplicate names are not allowed.`,
          )
        const prefix = `${call.accountId}/`
        const present = await transaction.list(iamCollections.policies, { prefix })
        if (present.length >= mostPolicies)
          throw limitExceeded(`Cannot exceed quota for PoliciesPerAccount: ${mostPolicies}`)
        transaction.put(iamCollections.policies, key, policy)
      })
      return { Policy: { ...shownPolicy(policy), Tags: shownTags(policy.tags) } }
    },
  },

  GetPolicy: {
    async handle({ PolicyArn }, call) {
      checkPolicyArn(PolicyArn)
      const own = awsManagedPolicy(PolicyArn)
      if (own) return { Policy: await shownAwsPolicy(call, own) }
      const policy = await ownPolicy(call.documents, call, PolicyArn)
      return {
        Policy: {
          ...shownPolicy(policy),
          Description: policy.description,
          Tags: policy.tags.map((tag) => ({ ...tag })),
        },
      }
    },
  },

  ListPolicies: {
    constraints: {
      Scope: { enum: ['All', 'AWS', 'Local'] },
      PolicyUsageFilter: { enum: ['PermissionsPolicy', 'PermissionsBoundary'] },
    },
    async handle(input, call) {
      const { Scope = 'All', OnlyAttached = false, PathPrefix = '/', PolicyUsageFilter } = input
      const local = await listOf<PolicyRecord>(
        call.documents,
        iamCollections.policies,
        call.accountId,
      )
      const aws = await Promise.all(
        [...awsManagedPolicies.values()].map((policy) => shownAwsPolicy(call, policy)),
      )
      const all: Sdk.Policy[] = [
        ...(Scope === 'AWS' ? [] : local.map(shownPolicy)),
        ...(Scope === 'Local' ? [] : aws),
      ]
      const isUsed = (policy: Sdk.Policy) => {
        const [attachments = 0, boundaries = 0] = [
          policy.AttachmentCount,
          policy.PermissionsBoundaryUsageCount,
        ]
        if (PolicyUsageFilter === 'PermissionsBoundary') return boundaries > 0
        if (PolicyUsageFilter === 'PermissionsPolicy') return attachments > 0
        return !OnlyAttached || attachments + boundaries > 0
      }
      const matching = all
        .filter((policy) => policy.Path?.startsWith(PathPrefix) && isUsed(policy))
        .sort((one, other) => (one.Arn! < other.Arn! ? -1 : 1))
      const { items, ...rest } = page(matching, input, ({ Arn }) => Arn!)
      return { Policies: items, ...rest }
    },
  },

  DeletePolicy: {
    async handle({ PolicyArn }, call) {
      checkPolicyArn(PolicyArn)
      await call.documents.transact(async (transaction) => {
        const policy = await ownPolicy(transaction, call, PolicyArn)
        if (policy.uses.attachments + policy.uses.boundaries > 0)
          throw deleteConflict('Cannot delete a policy attached to entities.')
        if (policy.versions.length > 1)
          throw deleteConflict(
            "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.",
          )
        transaction.delete(iamCollections.policies, keyOf(call.accountId, policy.name))
      })
      return {}
    },
  },

  CreatePolicyVersion: {
    async handle({ PolicyArn, PolicyDocument, SetAsDefault = false }, call) {
      checkPolicyArn(PolicyArn)
      checkPolicyDocument(PolicyDocument)
      return call.documents.transact(async (transaction) => {
        const policy = await ownPolicy(transaction, call, PolicyArn)
        if (policy.versions.length >= mostVersions)
          throw limitExceeded(
            'A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.',
          )
        const version: PolicyVersionRecord = {
          id: `v${policy.nextVersion}`,
          document: PolicyDocument,
          createdAt: call.now.getTime(),
        }
        putPolicy(transaction, call, {
          ...policy,
          versions: [version, ...policy.versions],
          nextVersion: policy.nextVersion + 1,
          ...(SetAsDefault && { defaultVersionId: version.id }),
        })
        return {
          PolicyVersion: {
            VersionId: version.id,
            IsDefaultVersion: SetAsDefault,
            CreateDate: new Date(version.createdAt),
          },
        }
      })
    },
  },

  GetPolicyVersion: {
    constraints: { VersionId: versionConstraint() },
    async handle({ PolicyArn, VersionId }, call) {
      checkPolicyArn(PolicyArn)
      const own = awsManagedPolicy(PolicyArn)
      const policy = own ? asRecord(own) : await ownPolicy(call.documents, call, PolicyArn)
      const version = policy.versions.find(({ id }) => id === VersionId)
      if (version === undefined) throw noVersion(PolicyArn, VersionId)
      return {
        PolicyVersion: {
          Document: shownDocument(version.document),
          ...shownVersion(policy)(version),
        },
      }
    },
  },

  ListPolicyVersions: {
    async handle({ PolicyArn, ...asked }, call) {
      checkPolicyArn(PolicyArn)
      const own = awsManagedPolicy(PolicyArn)
      const policy = own ? asRecord(own) : await ownPolicy(call.documents, call, PolicyArn)
      // Newest first: the later the version, the earlier its key.
      const keyOfVersion = ({ id }: PolicyVersionRecord) =>
        String(1e9 - Number(id.slice(1))).padStart(10, '0')
      const { items, ...rest } = page(policy.versions, asked, keyOfVersion)
      return { Versions: items.map(shownVersion(policy)), ...rest }
    },
  },

  DeletePolicyVersion: {
    constraints: { VersionId: versionConstraint() },
    async handle({ PolicyArn, VersionId }, call) {
      checkPolicyArn(PolicyArn)
      await call.documents.transact(async (transaction) => {
        const policy = await ownPolicy(transaction, call, PolicyArn)
        if (!policy.versions.some(({ id }) => id === VersionId))
          throw noVersion(PolicyArn, VersionId)
        if (policy.defaultVersionId === VersionId)
          throw deleteConflict('Cannot delete the default version of a policy.')
        putPolicy(transaction, call, {
          ...policy,
          versions: policy.versions.filter(({ id }) => id !== VersionId),
        })
      })
      return {}
    },
  },

  SetDefaultPolicyVersion: {
    constraints: { VersionId: versionConstraint() },
    async handle({ PolicyArn, VersionId }, call) {
      checkPolicyArn(PolicyArn)
      await changePolicy(call, PolicyArn, (policy) => {
        if (!policy.versions.some(({ id }) => id === VersionId))
          throw noVersion(PolicyArn, VersionId)
        return { ...policy, defaultVersionId: VersionId }
      })
      return {}
    },
  },

  TagPolicy: {
    async handle({ PolicyArn, Tags }, call) {
      await changePolicy(call, PolicyArn, tagged(Tags))
      return {}
    },
  },
  UntagPolicy: {
    async handle({ PolicyArn, TagKeys }, call) {
      await changePolicy(call, PolicyArn, untagged(TagKeys))
      return {}
    },
  },
  ListPolicyTags: {
    async handle({ PolicyArn, ...asked }, call) {
      return listedTags(await ownPolicy(call.documents, call, PolicyArn), asked)
    },
  },
} satisfies GatedOperations<typeof Sdk>

function versionConstraint() {
  return { pattern: /v[1-9][0-9]*(\.[A-Za-z0-9-]*)?/ } as const
}

function noVersion(arn: string, version: string) {
  return noSuchEntity(`Policy ${arn} version ${version} does not exist or is not attachable.`)
}

function checkPolicyDocument(document: string): void {
  checkDocument(document, 'identity')
  checkSize(sizeOf(document), quotas.managed, 'PolicySize')
}

/** @throws AwsError NoSuchEntity, ValidationError  there is none, or it is AWS's own */
async function ownPolicy(reader: Reader, { accountId }: Call, arn: string): Promise<PolicyRecord> {
  if (awsManagedPolicy(arn)) throw validationError(`ARN ${arn} is not valid.`)
  const policy = await findPolicy(reader, accountId, arn)
  if (policy === undefined) throw missing.policy(arn)
  return policy
}

async function changePolicy(
  call: Call,
  arn: string,
  work: (policy: PolicyRecord) => PolicyRecord,
): Promise<void> {
  await call.documents.transact(async (transaction) =>
    putPolicy(transaction, call, work(await ownPolicy(transaction, call, arn))),
  )
}

function putPolicy(transaction: Transaction, { accountId, now }: Call, policy: PolicyRecord): void {
  const changed: PolicyRecord = { ...policy, updatedAt: now.getTime() }
  transaction.put(iamCollections.policies, keyOf(accountId, policy.name), changed)
}

/** When AWS made its own is not known for certain; the first day of the policy language will do. */
const awsPolicyTime = Date.UTC(2015, 1, 6)

function asRecord({ name, path: where, id, document, versionId }: AwsManagedPolicy): PolicyRecord {
  return {
    accountId: 'aws',
    name,
    id,
    path: where,
    createdAt: awsPolicyTime,
    updatedAt: awsPolicyTime,
    tags: [],
    defaultVersionId: versionId,
    versions: [{ id: versionId, document, createdAt: awsPolicyTime }],
    nextVersion: 2,
    uses: { attachments: 0, boundaries: 0 },
  }
}

async function shownAwsPolicy(
  { documents, accountId }: Call,
  policy: AwsManagedPolicy,
): Promise<Sdk.Policy> {
  const uses = await awsPolicyUses(documents, accountId, policy.arn)
  return shownPolicy({ ...asRecord(policy), uses })
}

export function shownPolicy(policy: PolicyRecord): Sdk.Policy {
  return {
    PolicyName: policy.name,
    PolicyId: policy.id,
    Arn: arnOf('policy', policy),
    Path: policy.path,
    DefaultVersionId: policy.defaultVersionId,
    AttachmentCount: policy.uses.attachments,
    PermissionsBoundaryUsageCount: policy.uses.boundaries,
    IsAttachable: true,
    CreateDate: new Date(policy.createdAt),
    UpdateDate: new Date(policy.updatedAt),
  }
}

export const shownVersion =
  ({ defaultVersionId }: PolicyRecord) =>
  ({ id, createdAt }: PolicyVersionRecord): Sdk.PolicyVersion => ({
    VersionId: id,
    IsDefaultVersion: id === defaultVersionId,
    CreateDate: new Date(createdAt),
  })
