/** CloudFront functions: developed, published to the stage that distributions run, described. */
import type * as Sdk from '@aws-sdk/client-cloudfront'
import { parseJson } from '@sekisho/policy'
import type { Reader } from '@sekisho/store'
import type { Call, Operations } from '../service.ts'
import { checkVersion, fail, invalidArgument } from './errors.ts'
import {
  associatedArns,
  associationsOf,
  type FunctionConfig,
  type FunctionRecord,
  type FunctionVersion,
  functionOf,
  functionsOf,
  keyOf,
  storeIdOf,
  summary,
  versionAt,
} from './function-records.ts'
import { needAll, needNew, needTagged } from './gate.ts'
import { keyValueLimits, readStoreArn } from './key-value-records.ts'
import { storeOfId } from './key-value-stores.ts'
import { pageOf } from './paging.ts'
import { checkQuantities, counted } from './quantities.ts'
import { arnOf, cloudfrontCollections, newEtag } from './records.ts'
import { checkTags, tagsOf } from './tag-rules.ts'

/** @see CloudFront Developer Guide, "Quotas on CloudFront Functions" */
const limits = { codeBytes: 10 * 1_024, functions: 100 } as const
const stages = { Stage: { enum: ['DEVELOPMENT', 'LIVE'] } } as const

export const functions = {
  CreateFunction: {
    needs: ({ Tags }, call) => needNew('CreateFunction', 'function', tagsOf(Tags), call),
    async handle({ Name, FunctionConfig, FunctionCode, Tags }, call) {
      if (!/^[a-zA-Z0-9_-]{1,64}$/.test(Name))
        throw invalidArgument('The parameter Name contains invalid characters.')
      const now = call.now.getTime()
      const record: FunctionRecord = {
        name: Name,
        accountId: call.accountId,
        createdAt: now,
        tags: checkTags(tagsOf(Tags)),
        development: versionOf(FunctionConfig, FunctionCode, call),
      }
      await call.documents.transact(async (transaction) => {
        const all = await functionsOf(transaction, call.accountId)
        await checkAssociations(FunctionConfig, Name, all, transaction, call.accountId)
        if (all.some(({ name }) => name === Name))
          throw fail(
            'FunctionAlreadyExists',
            'A function with the same name already exists in this account.',
          )
        if (all.length >= limits.functions)
          throw fail('TooManyFunctions', 'You have reached the maximum number of functions.')
        transaction.put(cloudfrontCollections.functions, keyOf(call.accountId, Name), record)
      })
      return {
        FunctionSummary: await shown(record, 'DEVELOPMENT', call),
        ETag: record.development.etag,
        Location: `https://cloudfront.amazonaws.com/2020-05-31/function/${arnOf('function', call.accountId, Name)}`,
      }
    },
  },

  DescribeFunction: {
    constraints: stages,
    needs: ({ Name }, call) => needFunction('DescribeFunction', Name, call),
    async handle({ Name, Stage = 'DEVELOPMENT' }, call) {
      const record = await functionOf(call.documents, Name, call.accountId)
      const { etag } = versionAt(record, Stage)
      return { FunctionSummary: await shown(record, Stage, call), ETag: etag }
    },
  },

  GetFunction: {
    constraints: stages,
    needs: ({ Name }, call) => needFunction('GetFunction', Name, call),
    async handle({ Name, Stage = 'DEVELOPMENT' }, call) {
      const record = await functionOf(call.documents, Name, call.accountId)
      const { code, etag } = versionAt(record, Stage)
      return {
        FunctionCode: new Uint8Array(Buffer.from(code, 'base64')) as never,
        ContentType: 'application/octet-stream',
        ETag: etag,
      }
    },
  },

  UpdateFunction: {
    needs: ({ Name }, call) => needFunction('UpdateFunction', Name, call),
    async handle({ Name, IfMatch, FunctionConfig, FunctionCode }, call) {
      const development = versionOf(FunctionConfig, FunctionCode, call)
      const record = await change(Name, IfMatch, call, async (before, transaction) => {
        const all = await functionsOf(transaction, call.accountId)
        await checkAssociations(FunctionConfig, Name, all, transaction, call.accountId)
        return { ...before, development }
      })
      return { FunctionSummary: await shown(record, 'DEVELOPMENT', call), ETag: development.etag }
    },
  },

  PublishFunction: {
    needs: ({ Name }, call) => needFunction('PublishFunction', Name, call),
    async handle({ Name, IfMatch }, call) {
      const etag = newEtag(call.ids)
      const modifiedAt = call.now.getTime()
      const record = await change(Name, IfMatch, call, async (before) => ({
        ...before,
        live: { ...before.development, etag, modifiedAt },
      }))
      return { FunctionSummary: await shown(record, 'LIVE', call) }
    },
  },

  TestFunction: {
    constraints: stages,
    needs: ({ Name }, call) => needFunction('TestFunction', Name, call),
    async handle({ Name, IfMatch, EventObject, Stage = 'DEVELOPMENT' }, call) {
      const record = await functionOf(call.documents, Name, call.accountId)
      const version = versionAt(record, Stage)
      checkVersion(IfMatch, version.etag)
      const event = Buffer.from(EventObject).toString()
      if (!isEvent(event)) throw invalidArgument('The parameter EventObject is not valid.')
      const source = Buffer.from(version.code, 'base64').toString()
      const {
        returned,
        failure = '',
        logs,
        utilization,
      } = await call.edgeFunctions(source, event, storeIdOf(version))
      return {
        TestResult: {
          FunctionSummary: await shown(record, Stage, call),
          ComputeUtilization: String(utilization),
          FunctionExecutionLogs: [...logs],
          FunctionErrorMessage: failure,
          FunctionOutput: returned === undefined ? '' : outputOf(returned),
        },
      }
    },
  },

  DeleteFunction: {
    needs: ({ Name }, call) => needFunction('DeleteFunction', Name, call),
    async handle({ Name, IfMatch }, { accountId, documents }) {
      await documents.transact(async (transaction) => {
        const record = await functionOf(transaction, Name, accountId)
        checkVersion(IfMatch, record.development.etag)
        const used = await associatedArns({ accountId, documents: transaction })
        if (used.has(arnOf('function', accountId, Name)))
          throw fail(
            'FunctionInUse',
            "Cannot delete the function because it's attached to one or more cache behaviors.",
          )
        transaction.delete(cloudfrontCollections.functions, keyOf(accountId, Name))
      })
      return {}
    },
  },

  ListFunctions: {
    constraints: stages,
    needs: needAll('ListFunctions'),
    async handle(input, { accountId, documents }) {
      const found = await functionsOf(documents, accountId)
      const associated = await associatedArns({ accountId, documents })
      const rows = found.flatMap((value) => [
        ...(input.Stage === 'LIVE' ? [] : [summary(value, 'DEVELOPMENT', associated)]),
        ...(value.live && input.Stage !== 'DEVELOPMENT'
          ? [summary(value, 'LIVE', associated)]
          : []),
      ])
      const page = pageOf(
        rows,
        ({ Name, FunctionMetadata }) => `${Name} ${FunctionMetadata.Stage}`,
        input,
      )
      return {
        FunctionList: {
          MaxItems: page.maxItems,
          Quantity: page.items.length,
          NextMarker: page.nextMarker,
          Items: [...page.items],
        },
      }
    },
  },
} satisfies Operations<typeof Sdk>

async function needFunction(action: string, name: string, call: Call) {
  const at = keyOf(call.accountId, name)
  const found = await call.documents.get<FunctionRecord>(cloudfrontCollections.functions, at)
  return needTagged(action, 'function', name, found?.value.tags, call)
}

function versionOf(
  config: FunctionConfig,
  code: Uint8Array,
  { ids, now }: Pick<Call, 'ids' | 'now'>,
): FunctionVersion {
  if (config.Runtime !== 'cloudfront-js-1.0' && config.Runtime !== 'cloudfront-js-2.0')
    throw invalidArgument('The parameter Runtime is not valid.')
  if (config.Comment.length > 128) throw invalidArgument('The parameter Comment is too long.')
  checkQuantities(config)
  const stores = config.KeyValueStoreAssociations?.Items ?? []
  if (stores.length > 0 && config.Runtime !== 'cloudfront-js-2.0')
    throw invalidArgument('A function needs the runtime cloudfront-js-2.0 for key value stores.')
  if (stores.length > keyValueLimits.storesPerFunction)
    throw invalidArgument('A function can be associated with one key value store.')
  if (code.length === 0) throw invalidArgument('The parameter FunctionCode is required.')
  if (code.length > limits.codeBytes)
    throw fail('FunctionSizeLimitExceeded', 'The function is too large.')
  return {
    config: {
      Comment: config.Comment,
      Runtime: config.Runtime,
      ...(stores.length > 0 && { KeyValueStoreAssociations: counted(stores) }),
    },
    code: Buffer.from(code).toString('base64'),
    etag: newEtag(ids),
    modifiedAt: now.getTime(),
  }
}

/** @throws AwsError InvalidArgument  there is no such store, or enough functions read it */
async function checkAssociations(
  { KeyValueStoreAssociations }: FunctionConfig,
  name: string,
  all: readonly FunctionRecord[],
  reader: Reader,
  accountId: string,
): Promise<void> {
  for (const { KeyValueStoreARN: arn } of KeyValueStoreAssociations?.Items ?? []) {
    const named = readStoreArn(arn)
    const isOwn = named?.accountId === accountId
    if (!isOwn || !(await storeOfId(reader, named.id, accountId)))
      throw invalidArgument('The specified key value store does not exist.')
    const others = all.filter((each) => each.name !== name && associationsOf(each).includes(arn))
    if (others.length >= keyValueLimits.functionsPerStore)
      throw invalidArgument(
        'The key value store is associated with the maximum number of functions.',
      )
  }
}

/** @see CloudFront Developer Guide, "Quotas on CloudFront Functions" */
function isEvent(text: string): boolean {
  if (text.length > 40 * 1_024) return false
  try {
    const event = parseJson(text)
    return typeof event === 'object' && event !== null && !Array.isArray(event)
  } catch {
    return false
  }
}

/** A request goes on, a response is the answer. */
function outputOf(returned: string): string {
  const value = parseJson(returned)
  const isResponse = typeof value === 'object' && value !== null && 'statusCode' in value
  return JSON.stringify({ [isResponse ? 'response' : 'request']: value })
}

/** @param ifMatch  the version in development */
async function change(
  name: string,
  ifMatch: string | undefined,
  { accountId, documents }: Call,
  changed: (before: FunctionRecord, transaction: Reader) => Promise<FunctionRecord>,
): Promise<FunctionRecord> {
  return documents.transact(async (transaction) => {
    const before = await functionOf(transaction, name, accountId)
    checkVersion(ifMatch, before.development.etag)
    const after = await changed(before, transaction)
    transaction.put(cloudfrontCollections.functions, keyOf(accountId, name), after)
    return after
  })
}

async function shown(record: FunctionRecord, stage: 'DEVELOPMENT' | 'LIVE', call: Call) {
  return summary(record, stage, await associatedArns(call))
}
