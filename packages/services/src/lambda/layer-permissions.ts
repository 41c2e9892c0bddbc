/** Who else may use a version of a layer. */
import type * as Sdk from '@aws-sdk/client-lambda'
import type { Call, Operations } from '../service.ts'
import { conflict, notFound, preconditionFailed } from './errors.ts'
import {
  type LayerPermission,
  type LayerVersionRecord,
  layerArnOf,
  layerNamed,
  layerPolicyText,
  layerVersionKeyOf,
  layerVersionNeed,
} from './layer-records.ts'
import { findLayerVersion, noLayerVersion } from './layers.ts'
import { lambdaCollections } from './records.ts'
import { revisionOfText } from './revisions.ts'

const statementId = {
  StatementId: [{ minLength: 1, maxLength: 100 }, { pattern: /([a-zA-Z0-9-_]+)/ }],
} as const

type Given = { readonly LayerName: string; readonly VersionNumber: number }

const need = (action: string, { LayerName, VersionNumber }: Given, call: Call) =>
  layerVersionNeed(action, layerNamed(LayerName, call), VersionNumber, call)

export const layerPermissions = {
  AddLayerVersionPermission: {
    constraints: {
      ...statementId,
      Action: { pattern: /lambda:GetLayerVersion/ },
      Principal: { pattern: /\d{12}|\*|arn:(aws[a-zA-Z-]*):iam::\d{12}:root/ },
      OrganizationId: { pattern: /o-[a-z0-9]{10,32}/ },
    },
    needs: async (input, call) => [await need('AddLayerVersionPermission', input, call)],
    async handle(input, call) {
      const { Principal: principal, OrganizationId: organization } = input
      const statement: LayerPermission = {
        Sid: input.StatementId,
        Effect: 'Allow',
        Principal:
          principal === '*'
            ? '*'
            : { AWS: /^\d+$/.test(principal) ? `arn:aws:iam::${principal}:root` : principal },
        Action: input.Action,
        Resource: `${layerArnOf(layerNamed(input.LayerName, call))}:${input.VersionNumber}`,
        ...(organization && {
          Condition: { StringEquals: { 'aws:PrincipalOrgID': organization } },
        }),
      }
      const { policy } = await change(call, input, input.RevisionId, (before) => {
        if (before.some(({ Sid }) => Sid === input.StatementId))
          throw conflict(
            `The statement id (${input.StatementId}) provided already exists. Please provide a new statement id, or remove the existing statement.`,
          )
        return [...before, statement]
      })
      return { Statement: JSON.stringify(statement), RevisionId: revisionOf(policy) }
    },
  },

  RemoveLayerVersionPermission: {
    needs: async (input, call) => [await need('RemoveLayerVersionPermission', input, call)],
    async handle(input, call) {
      await change(call, input, input.RevisionId, (before) => {
        const after = before.filter(({ Sid }) => Sid !== input.StatementId)
        if (after.length === before.length)
          throw notFound(`Statement ${input.StatementId} is not found in resource policy.`)
        return after
      })
      return {}
    },
  },

  GetLayerVersionPolicy: {
    needs: async (input, call) => [await need('GetLayerVersionPolicy', input, call)],
    async handle({ LayerName, VersionNumber }, call) {
      const { policy } = await findLayerVersion(call, layerNamed(LayerName, call), VersionNumber)
      if (policy.length === 0) throw notFound('No policy is associated with the given resource.')
      return { Policy: layerPolicyText(policy), RevisionId: revisionOf(policy) }
    },
  },
} satisfies Operations<typeof Sdk>

function change(
  call: Call,
  { LayerName, VersionNumber }: Given,
  revision: string | undefined,
  changed: (before: readonly LayerPermission[]) => readonly LayerPermission[],
): Promise<LayerVersionRecord> {
  const key = layerVersionKeyOf(layerNamed(LayerName, call), VersionNumber)
  return call.documents.transact(async (transaction) => {
    const stored = await transaction.get<LayerVersionRecord>(lambdaCollections.layerVersions, key)
    if (stored === undefined) throw noLayerVersion()
    const { value } = stored
    if (revision !== undefined && revision !== revisionOf(value.policy))
      throw preconditionFailed(
        'The RevisionId provided does not match the latest RevisionId. Call the GetLayerVersionPolicy API to retrieve the latest RevisionId.',
      )
    const after = { ...value, policy: changed(value.policy) }
    transaction.put(lambdaCollections.layerVersions, key, after)
    return after
  })
}

function revisionOf(policy: readonly LayerPermission[]): string {
  return revisionOfText(layerPolicyText(policy))
}
