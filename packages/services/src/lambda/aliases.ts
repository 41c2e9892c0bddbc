/** Aliases: names that lead to a version, or to two of them by weight. */
import type * as Sdk from '@aws-sdk/client-lambda'
import type { Reader } from '@sekisho/store'
import type { Call, Operations } from '../service.ts'
import { conflict, invalidParameter, noFunction, notFound } from './errors.ts'
import { functionNeed } from './gate.ts'
import {
  isVersionNumber,
  keyOf,
  latest,
  type Named,
  namedBy,
  qualifiedArnOf,
  qualifiedKeyOf,
} from './names.ts'
import { pageOf } from './paging.ts'
import {
  type AliasRecord,
  findFunction,
  lambdaCollections,
  readAlias,
  readVersion,
} from './records.ts'
import { forgetQualifier } from './removal.ts'
import { checkRevision } from './revisions.ts'

const collection = lambdaCollections.aliases

const constraints = {
  Name: [{ minLength: 1, maxLength: 128 }, { pattern: /(?!^[0-9]+$)([a-zA-Z0-9-_]+)/ }],
  Description: { maxLength: 256 },
  FunctionVersion: [{ minLength: 1, maxLength: 1_024 }, { pattern: /(\$LATEST|[0-9]+)/ }],
} as const

export const aliases = {
  CreateAlias: {
    constraints,
    needs: async ({ FunctionName }, call) => [
      await functionNeed('CreateAlias', FunctionName, call),
    ],
    async handle(input, call) {
      const named = aliasNamed(input, call)
      const record: AliasRecord = {
        accountId: named.accountId,
        region: named.region,
        name: named.name,
        alias: input.Name,
        version: input.FunctionVersion,
        description: input.Description ?? '',
        ...routedOf(input.RoutingConfig),
        revisionId: call.ids.uuid(),
      }
      await call.documents.transact(async (transaction) => {
        await checkVersions(transaction, named, record)
        if (await readAlias(transaction, named))
          throw conflict(`Alias already exists: ${qualifiedArnOf(named)}`)
        transaction.put(collection, qualifiedKeyOf(named), record)
      })
      return shownAlias(record)
    },
  },

  GetAlias: {
    constraints,
    needs: async ({ FunctionName }, call) => [await functionNeed('GetAlias', FunctionName, call)],
    async handle(input, call) {
      return shownAlias(await findAlias(call.documents, aliasNamed(input, call)))
    },
  },

  UpdateAlias: {
    constraints,
    needs: async ({ FunctionName }, call) => [
      await functionNeed('UpdateAlias', FunctionName, call),
    ],
    async handle(input, call) {
      const named = aliasNamed(input, call)
      const revisionId = call.ids.uuid()
      const record = await call.documents.transact(async (transaction) => {
        const before = await findAlias(transaction, named)
        checkRevision(before, input.RevisionId)
        const { routed: _, ...rest } = before
        const after: AliasRecord = {
          ...(input.RoutingConfig === undefined ? before : rest),
          ...routedOf(input.RoutingConfig),
          version: input.FunctionVersion ?? before.version,
          description: input.Description ?? before.description,
          revisionId,
        }
        await checkVersions(transaction, named, after)
        transaction.put(collection, qualifiedKeyOf(named), after)
        return after
      })
      return shownAlias(record)
    },
  },

  DeleteAlias: {
    constraints,
    needs: async ({ FunctionName }, call) => [
      await functionNeed('DeleteAlias', FunctionName, call),
    ],
    async handle(input, call) {
      const named = aliasNamed(input, call)
      await call.documents.transact(async (transaction) => {
        await findFunction(transaction, named)
        transaction.delete(collection, qualifiedKeyOf(named))
        await forgetQualifier(transaction, named)
      })
      return {}
    },
  },

  ListAliases: {
    constraints: { FunctionVersion: constraints.FunctionVersion },
    needs: async ({ FunctionName }, call) => [
      await functionNeed('ListAliases', FunctionName, call),
    ],
    async handle({ FunctionName, FunctionVersion, ...asked }, call) {
      const named = namedBy(FunctionName, call)
      await findFunction(call.documents, named)
      const prefix = `${keyOf(named)}/`
      const page = await pageOf<AliasRecord>(call.documents, collection, prefix, asked)
      return {
        Aliases: page.items
          .filter(({ version }) => FunctionVersion === undefined || version === FunctionVersion)
          .map(shownAlias),
        ...page.next,
      }
    },
  },
} satisfies Operations<typeof Sdk>

function aliasNamed(
  { FunctionName, Name }: { readonly FunctionName: string; readonly Name: string },
  call: Call,
): Named {
  const { accountId, region, name } = namedBy(FunctionName, call)
  return { accountId, region, name, qualifier: Name }
}

/** @throws AwsError ResourceNotFoundException */
async function findAlias(reader: Reader, named: Named): Promise<AliasRecord> {
  const found = await readAlias(reader, named)
  if (found === undefined) throw notFound(`Cannot find alias arn: ${qualifiedArnOf(named)}`)
  return found
}

/** @throws AwsError InvalidParameterValueException */
function routedOf(given: Sdk.AliasRoutingConfiguration | undefined): Pick<AliasRecord, 'routed'> {
  const weights = Object.entries(given?.AdditionalVersionWeights ?? {})
  const [first, ...more] = weights
  if (first === undefined) return {}
  const [version, weight] = first
  if (more.length > 0)
    throw invalidParameter('Number of items in AdditionalVersionWeights cannot be greater than 1')
  if (!(weight >= 0 && weight <= 1))
    throw invalidParameter(
      `Invalid weight ${weight} for version ${version}: it has to be between 0.0 and 1.0`,
    )
  return { routed: { version, weight } }
}

/** @throws AwsError InvalidParameterValueException, ResourceNotFoundException */
async function checkVersions(
  reader: Reader,
  named: Named,
  { version, routed }: AliasRecord,
): Promise<void> {
  await findFunction(reader, { ...named, qualifier: version })
  if (routed !== undefined && (version === latest || !isVersionNumber(routed.version)))
    throw invalidParameter('$LATEST is not supported for an alias pointing to more than 1 version')
  if (routed?.version === version)
    throw invalidParameter(
      `Invalid function version ${version}. Function version ${version} is already included in routing configuration.`,
    )
  for (const each of [version, ...(routed ? [routed.version] : [])])
    if (each !== latest && !(await readVersion(reader, named, each)))
      throw noFunction(qualifiedArnOf({ ...named, qualifier: each }))
}

function shownAlias(record: AliasRecord): Sdk.AliasConfiguration {
  const { alias, version, description, routed, revisionId } = record
  return {
    AliasArn: qualifiedArnOf({ ...record, qualifier: alias }),
    Name: alias,
    FunctionVersion: version,
    Description: description,
    ...(routed && {
      RoutingConfig: { AdditionalVersionWeights: { [routed.version]: routed.weight } },
    }),
    RevisionId: revisionId,
  }
}
