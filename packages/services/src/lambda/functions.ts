/** Functions: made, shown, changed and removed. */
import type * as Sdk from '@aws-sdk/client-lambda'
import { type Call, type Need, type Operations, requestTags } from '../service.ts'
import { checkUnpacked, codeLink, dropCode, readCode, withCode } from './code.ts'
import { checkConfiguration, configurationConstraints, configured, shown } from './configuration.ts'
import { conflict, invalidParameter, noFunction, notSupported } from './errors.ts'
import { functionNeed, layerKeys, qualifiedNeed, rolePassed } from './gate.ts'
import { checkLayers, dropLayers, layersOf, layersRead } from './layer-records.ts'
import { arnOf, isVersionNumber, keyOf, latest, namedBy, qualifiedArnOf } from './names.ts'
import { pageOf } from './paging.ts'
import {
  type FunctionRecord,
  findFunction,
  type LayerUse,
  lambdaCollections,
  resolveNamed,
  type VersionRecord,
} from './records.ts'
import { deleteFunction, deleteVersion } from './removal.ts'
import { checkRevision } from './revisions.ts'
import { checkTags } from './tag-rules.ts'
import { publish } from './versions.ts'

const collection = lambdaCollections.functions

export const functions = {
  CreateFunction: {
    constraints: {
      ...configurationConstraints,
      FunctionName: { minLength: 1, maxLength: 140 },
      'Architectures.*': { enum: ['x86_64', 'arm64'] },
      PackageType: { enum: ['Image', 'Zip'] },
    },
    async needs({ FunctionName, Role, Tags, Layers }, call) {
      const { accountId } = call
      const { name, region } = namedBy(FunctionName, call)
      const resource = arnOf({ accountId, region, name })
      const keys = { ...requestTags(Tags), ...layerKeys(Layers) }
      const create: Need = { action: 'lambda:CreateFunction', resource, keys }
      return [create, ...rolePassed(Role), ...(await layersRead(Layers, call))]
    },
    async handle(input, call) {
      if (input.PackageType === 'Image' || input.Code?.ImageUri)
        throw notSupported('A function from a container image')
      if (!input.Runtime || !input.Handler)
        throw invalidParameter(
          'Runtime and Handler are mandatory parameters for functions created with deployment packages.',
        )
      const named = namedBy(input.FunctionName, call)
      if (named.accountId !== call.accountId || named.region !== call.region)
        throw invalidParameter(`The function ${qualifiedArnOf(named)} is not of this account here.`)
      await checkConfiguration(input, call)
      const { accountId, region, name } = named
      const key = keyOf(named)
      const configuration = configured(input, {
        runtime: input.Runtime,
        role: input.Role,
        handler: input.Handler,
        description: '',
        timeoutSeconds: 3,
        memoryMb: 128,
        ephemeralStorageMb: 512,
        logFormat: 'Text',
        logGroup: `/aws/lambda/${name}`,
      })
      const layers = await layersOf(input.Layers ?? [], call)
      const record = await withCode(input.Code, call, layers, async (code) => {
        const made: FunctionRecord = {
          accountId,
          region,
          name,
          ...configuration,
          architecture: input.Architectures?.[0] === 'arm64' ? 'arm64' : 'x86_64',
          tags: checkTags(input.Tags ?? {}),
          code,
          ...(layers.length > 0 && { layers }),
          modifiedAt: call.now.getTime(),
          revisionId: call.ids.uuid(),
          policy: [],
        }
        await call.documents.transact(async (transaction) => {
          if (await transaction.get(collection, key))
            throw conflict(`Function already exist: ${name}`)
          await checkLayers(transaction, layers)
          transaction.put(collection, key, made)
        })
        return made
      })
      return input.Publish ? publish(call, named, {}) : shown(record)
    },
  },

  GetFunction: {
    needs: async ({ FunctionName, Qualifier }, call) => [
      await qualifiedNeed('GetFunction', FunctionName, Qualifier, call),
    ],
    async handle({ FunctionName, Qualifier }, call) {
      const { qualifier } = namedBy(FunctionName, call, Qualifier)
      const found = await resolveNamed(call.documents, call, FunctionName, Qualifier)
      const { fn, configuration, version } = found
      return {
        Configuration: shown(configuration, version, qualifier),
        Code: {
          RepositoryType: 'S3',
          Location: await codeLink(configuration.code, configuration.name, call),
        },
        Tags: Object.keys(fn.tags).length > 0 ? { ...fn.tags } : undefined,
        ...(fn.reservedConcurrency !== undefined && {
          Concurrency: { ReservedConcurrentExecutions: fn.reservedConcurrency },
        }),
      }
    },
  },

  GetFunctionConfiguration: {
    needs: async ({ FunctionName, Qualifier }, call) => [
      await qualifiedNeed('GetFunctionConfiguration', FunctionName, Qualifier, call),
    ],
    async handle({ FunctionName, Qualifier }, call) {
      const { qualifier } = namedBy(FunctionName, call, Qualifier)
      const found = await resolveNamed(call.documents, call, FunctionName, Qualifier)
      return shown(found.configuration, found.version, qualifier)
    },
  },

  ListFunctions: {
    constraints: { FunctionVersion: { enum: ['ALL'] } },
    needs: () => [{ action: 'lambda:ListFunctions', resource: '*' }],
    async handle({ FunctionVersion, MasterRegion, ...asked }, call) {
      if (MasterRegion !== undefined) throw notSupported('A list of functions at the edge')
      const prefix = `${call.accountId}/${call.region}/`
      const page = await pageOf<FunctionRecord>(call.documents, collection, prefix, asked)
      const lists = await Promise.all(
        page.items.map((each) =>
          FunctionVersion === 'ALL' ? allVersions(each, call) : [shown(each)],
        ),
      )
      return { Functions: lists.flat(), ...page.next }
    },
  },

  UpdateFunctionCode: {
    needs: async ({ FunctionName }, call) => [
      await functionNeed('UpdateFunctionCode', FunctionName, call),
    ],
    async handle(input, call) {
      const named = namedBy(input.FunctionName, call)
      const fn = await changeable(call, input.FunctionName)
      checkRevision(fn, input.RevisionId)
      if (input.DryRun) {
        const { code } = await readCode(input, call, fn.layers ?? [])
        return shown({ ...fn, code, architecture: input.Architectures?.[0] ?? fn.architecture })
      }
      const { before, after } = await withCode(input, call, fn.layers ?? [], (code) =>
        change(call, fn, input.RevisionId, (record) => ({
          ...record,
          code,
          architecture: input.Architectures?.[0] ?? record.architecture,
        })),
      )
      await dropCode(call, before, before.code.blob)
      return input.Publish ? publish(call, named, {}) : shown(after)
    },
  },

  UpdateFunctionConfiguration: {
    constraints: configurationConstraints,
    needs: async ({ FunctionName, Role, Layers }, call) => [
      await functionNeed('UpdateFunctionConfiguration', FunctionName, call, layerKeys(Layers)),
      ...rolePassed(Role),
      ...(await layersRead(Layers, call)),
    ],
    async handle(input, call) {
      await checkConfiguration(input, call)
      const fn = await changeable(call, input.FunctionName)
      const layers = input.Layers && (await layersOf(input.Layers, call))
      if (layers) checkUnpacked([fn.code, ...layers.map(({ code }) => code)])
      const changed = (record: FunctionRecord) => {
        const { deadLetterArn: _, applicationLogLevel: __, systemLogLevel: ___, ...rest } = record
        return { ...rest, ...configured(input, record), ...(layers && { layers }) }
      }
      const { before, after } = await change(call, fn, input.RevisionId, changed, layers)
      if (layers) await dropLayers(call, before.layers ?? [])
      return shown(after)
    },
  },

  DeleteFunction: {
    needs: async ({ FunctionName, Qualifier }, call) => [
      await qualifiedNeed('DeleteFunction', FunctionName, Qualifier, call),
    ],
    async handle({ FunctionName, Qualifier }, call) {
      const named = namedBy(FunctionName, call, Qualifier)
      if (named.qualifier === undefined) await deleteFunction(call, named)
      else if (isVersionNumber(named.qualifier)) await deleteVersion(call, named, named.qualifier)
      else if (named.qualifier === latest)
        throw invalidParameter('$LATEST version cannot be deleted without deleting the function.')
      else throw invalidParameter('Deletion of aliases is not currently supported.')
      return { StatusCode: 204 }
    },
  },
} satisfies Operations<typeof Sdk>

async function allVersions(fn: FunctionRecord, call: Call): Promise<Sdk.FunctionConfiguration[]> {
  const prefix = `${keyOf(fn)}/`
  const versions = await call.documents.list<VersionRecord>(lambdaCollections.versions, { prefix })
  return [
    shown(fn, latest, latest),
    ...versions.map(({ value }) => shown(value, value.version, value.version)),
  ]
}

/** Only $LATEST changes. */
async function changeable(call: Call, text: string): Promise<FunctionRecord> {
  const named = namedBy(text, call)
  if (named.qualifier !== undefined && named.qualifier !== latest)
    throw invalidParameter(
      'The function name must not include a version or alias: only $LATEST can be updated.',
    )
  return findFunction(call.documents, named)
}

/**
 * Another revision: environments of the one before take no more events.
 *
 * @param layers  those that it is given with it
 */
async function change(
  call: Call,
  named: FunctionRecord,
  givenRevision: string | undefined,
  changed: (record: FunctionRecord) => FunctionRecord,
  layers: readonly LayerUse[] = [],
): Promise<{ readonly before: FunctionRecord; readonly after: FunctionRecord }> {
  const stamp = { modifiedAt: call.now.getTime(), revisionId: call.ids.uuid() }
  const both = await call.documents.transact(async (transaction) => {
    const stored = await transaction.get<FunctionRecord>(collection, keyOf(named))
    if (stored === undefined) throw noFunction(arnOf(named))
    const { value: before } = stored
    checkRevision(before, givenRevision)
    await checkLayers(transaction, layers)
    const after = { ...changed(before), ...stamp }
    transaction.put(collection, keyOf(named), after)
    return { before, after }
  })
  call.functions.retire(`${arnOf(named)}:${latest}:`)
  return both
}
