/** Layers: archives that functions share, version by version. */
import type * as Sdk from '@aws-sdk/client-lambda'
import type { Call, Operations } from '../service.ts'
import { codeLink, withCode } from './code.ts'
import { awsTime } from './configuration.ts'
import { invalidParameter, notFound } from './errors.ts'
import {
  dropLayers,
  type LayerName,
  type LayerRecord,
  type LayerVersionRecord,
  layerArnOf,
  layerKeyOf,
  layerNamed,
  layerVersionKeyOf,
  layerVersionNamed,
  layerVersionNeed,
  readLayer,
  readLayerVersion,
} from './layer-records.ts'
import { pageOf } from './paging.ts'
import { lambdaCollections } from './records.ts'

const { layers: layerCollection, layerVersions: versionCollection } = lambdaCollections

const filters = {
  CompatibleArchitecture: { enum: ['x86_64', 'arm64'] },
} as const

export const layers = {
  PublishLayerVersion: {
    constraints: {
      Description: { maxLength: 256 },
      LicenseInfo: { maxLength: 512 },
      CompatibleRuntimes: { maxLength: 15 },
      CompatibleArchitectures: { maxLength: 2 },
      'CompatibleArchitectures.*': { enum: ['x86_64', 'arm64'] },
    },
    needs: ({ LayerName }, call) => {
      const named = layerNamed(LayerName, call)
      return [
        {
          action: 'lambda:PublishLayerVersion',
          resource: layerArnOf(named),
          resourceAccountId: named.accountId,
        },
      ]
    },
    async handle(input, call) {
      const named = layerNamed(input.LayerName, call)
      if (named.accountId !== call.accountId || named.region !== call.region)
        throw invalidParameter(`The layer ${layerArnOf(named)} is not of this account here.`)
      const record = await withCode(input.Content, call, [], (code) =>
        call.documents.transact(async (transaction) => {
          const version = ((await readLayer(transaction, named))?.lastVersion ?? 0) + 1
          const published: LayerVersionRecord = {
            ...named,
            version,
            description: input.Description ?? '',
            ...(input.LicenseInfo && { licenseInfo: input.LicenseInfo }),
            runtimes: input.CompatibleRuntimes ?? [],
            architectures: input.CompatibleArchitectures ?? [],
            code,
            createdAt: call.now.getTime(),
            policy: [],
          }
          const layer: LayerRecord = { ...named, lastVersion: version }
          transaction.put(layerCollection, layerKeyOf(named), layer)
          transaction.put(versionCollection, layerVersionKeyOf(named, version), published)
          return published
        }),
      )
      return shownWithContent(record, call)
    },
  },

  GetLayerVersion: {
    needs: async ({ LayerName, VersionNumber }, call) => [
      await layerVersionNeed('GetLayerVersion', layerNamed(LayerName, call), VersionNumber, call),
    ],
    async handle({ LayerName, VersionNumber }, call) {
      const named = layerNamed(LayerName, call)
      return shownWithContent(await findLayerVersion(call, named, VersionNumber), call)
    },
  },

  GetLayerVersionByArn: {
    needs: async ({ Arn }, call) => {
      const { version, ...named } = layerVersionNamed(Arn)
      return [await layerVersionNeed('GetLayerVersion', named, version, call)]
    },
    async handle({ Arn }, call) {
      const { version, ...named } = layerVersionNamed(Arn)
      return shownWithContent(await findLayerVersion(call, named, version), call)
    },
  },

  ListLayers: {
    constraints: filters,
    needs: () => [{ action: 'lambda:ListLayers', resource: '*' }],
    async handle({ CompatibleRuntime, CompatibleArchitecture, ...asked }, call) {
      const prefix = `${call.accountId}/${call.region}/`
      const page = await pageOf<LayerRecord>(call.documents, layerCollection, prefix, asked)
      const shown = await Promise.all(
        page.items.map(async (value) => {
          const range = { prefix: `${layerKeyOf(value)}/`, isReversed: true }
          const all = await call.documents.list<LayerVersionRecord>(versionCollection, range)
          const newest = all.find((each) =>
            isFor(each.value, CompatibleRuntime, CompatibleArchitecture),
          )
          return newest && { value, newest: newest.value }
        }),
      )
      return {
        Layers: shown.flatMap((each) =>
          each === undefined
            ? []
            : [
                {
                  LayerName: each.value.layer,
                  LayerArn: layerArnOf(each.value),
                  LatestMatchingVersion: shownVersion(each.newest),
                },
              ],
        ),
        ...page.next,
      }
    },
  },

  ListLayerVersions: {
    constraints: filters,
    needs: ({ LayerName }, call) => [
      {
        action: 'lambda:ListLayerVersions',
        resource: '*',
        resourceAccountId: layerNamed(LayerName, call).accountId,
      },
    ],
    async handle(input, call) {
      const named = layerNamed(input.LayerName, call)
      const prefix = `${layerKeyOf(named)}/`
      const { documents } = call
      // The newest come first.
      const newest = { isReversed: true }
      const page = await pageOf<LayerVersionRecord>(
        documents,
        versionCollection,
        prefix,
        input,
        newest,
      )
      return {
        LayerVersions: page.items
          .filter((each) => isFor(each, input.CompatibleRuntime, input.CompatibleArchitecture))
          .map(shownVersion),
        ...page.next,
      }
    },
  },

  DeleteLayerVersion: {
    needs: async ({ LayerName, VersionNumber }, call) => [
      await layerVersionNeed(
        'DeleteLayerVersion',
        layerNamed(LayerName, call),
        VersionNumber,
        call,
      ),
    ],
    async handle({ LayerName, VersionNumber }, call) {
      const named = layerNamed(LayerName, call)
      const key = layerVersionKeyOf(named, VersionNumber)
      const record = await call.documents.transact(async (transaction) => {
        const stored = await transaction.get<LayerVersionRecord>(versionCollection, key)
        transaction.delete(versionCollection, key)
        return stored?.value
      })
      // One that is not there is gone.
      if (record)
        await dropLayers(call, [
          { arn: `${layerArnOf(named)}:${VersionNumber}`, code: record.code },
        ])
      return {}
    },
  },
} satisfies Operations<typeof Sdk>

/** @throws AwsError ResourceNotFoundException */
export async function findLayerVersion(
  { documents }: Pick<Call, 'documents'>,
  named: LayerName,
  version: number,
): Promise<LayerVersionRecord> {
  const found = await readLayerVersion(documents, named, version)
  if (found === undefined) throw noLayerVersion()
  return found
}

export function noLayerVersion() {
  return notFound('The resource you requested does not exist.')
}

function isFor(
  { runtimes, architectures }: LayerVersionRecord,
  runtime: string | undefined,
  architecture: string | undefined,
): boolean {
  return (
    (runtime === undefined || runtimes.includes(runtime)) &&
    (architecture === undefined || architectures.includes(architecture))
  )
}

function shownVersion(record: LayerVersionRecord): Sdk.LayerVersionsListItem {
  return {
    LayerVersionArn: `${layerArnOf(record)}:${record.version}`,
    Version: record.version,
    Description: record.description,
    CreatedDate: awsTime(record.createdAt),
    ...(record.runtimes.length > 0 && {
      CompatibleRuntimes: [...record.runtimes] as Sdk.Runtime[],
    }),
    ...(record.licenseInfo !== undefined && { LicenseInfo: record.licenseInfo }),
    ...(record.architectures.length > 0 && {
      CompatibleArchitectures: [...record.architectures] as Sdk.Architecture[],
    }),
  }
}

async function shownWithContent(
  record: LayerVersionRecord,
  call: Call,
): Promise<Sdk.GetLayerVersionResponse> {
  return {
    Content: {
      Location: await codeLink(record.code, record.layer, call),
      CodeSha256: record.code.sha256Base64,
      CodeSize: record.code.sizeBytes,
    },
    LayerArn: layerArnOf(record),
    ...shownVersion(record),
  }
}
