/** CloudFront functions: developed, published to the stage that distributions run, described. */
import type * as Sdk from '@aws-sdk/client-cloudfront'
import type { Input } from '@sekisho/protocols'
import type { Reader } from '@sekisho/store'
import type { Call, Operations } from '../service.ts'
import { checkVersion, fail, invalidArgument, notSupported } from './errors.ts'
import { need, needAll } from './gate.ts'
import { pageOf } from './paging.ts'
import { arnOf, behavioursOf, cloudfrontCollections, distributionsOf, newEtag } from './records.ts'

type FunctionConfig = Input<typeof Sdk, 'CreateFunction'>['FunctionConfig']

interface FunctionVersion {
  readonly config: FunctionConfig
  /** Base64. */
  readonly code: string
  readonly etag: string
  /** Epoch milliseconds. */
  readonly modifiedAt: number
}

export interface FunctionRecord {
  readonly name: string
  readonly accountId: string
  readonly createdAt: number
  readonly development: FunctionVersion
  readonly live?: FunctionVersion
}

/** @see CloudFront Developer Guide, "Quotas on CloudFront Functions" */
const limits = { codeBytes: 10 * 1_024, functions: 100 } as const
const stages = { Stage: { enum: ['DEVELOPMENT', 'LIVE'] } } as const

export const functions = {
  CreateFunction: {
    needs: (_, call) => need('CreateFunction', 'function', '*', call),
    async handle({ Name, FunctionConfig, FunctionCode, Tags }, call) {
      if ((Tags?.Items?.length ?? 0) > 0) throw notSupported('Tags of a function')
      if (!/^[a-zA-Z0-9_-]{1,64}$/.test(Name))
        throw invalidArgument('The parameter Name contains invalid characters.')
      const now = call.now.getTime()
      const record: FunctionRecord = {
        name: Name,
        accountId: call.accountId,
        createdAt: now,
        development: versionOf(FunctionConfig, FunctionCode, call),
      }
      await call.documents.transact(async (transaction) => {
        const all = await transaction.list(cloudfrontCollections.functions, {
          prefix: `${call.accountId}/`,
        })
        if (all.some(({ key }) => key === keyOf(call.accountId, Name)))
          throw fail(
            'FunctionAlreadyExists',
            'A function with the same name already exists in this account.',
          )
        if (all.length >= limits.functions)
          throw fail('TooManyFunctions', 'You have reached the maximum number of functions.')
        transaction.put(cloudfrontCollections.functions, keyOf(call.accountId, Name), record)
      })
      return {
        FunctionSummary: summary(record, 'DEVELOPMENT'),
        ETag: record.development.etag,
        Location: `https://cloudfront.amazonaws.com/2020-05-31/function/${arnOf('function', call.accountId, Name)}`,
      }
    },
  },

  DescribeFunction: {
    constraints: stages,
    needs: ({ Name }, call) => need('DescribeFunction', 'function', Name, call),
    async handle({ Name, Stage = 'DEVELOPMENT' }, call) {
      const record = await functionOf(call.documents, Name, call.accountId)
      const { etag } = versionAt(record, Stage)
      return { FunctionSummary: summary(record, Stage), ETag: etag }
    },
  },

  GetFunction: {
    constraints: stages,
    needs: ({ Name }, call) => need('GetFunction', 'function', Name, call),
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
    needs: ({ Name }, call) => need('UpdateFunction', 'function', Name, call),
    async handle({ Name, IfMatch, FunctionConfig, FunctionCode }, call) {
      const development = versionOf(FunctionConfig, FunctionCode, call)
      const record = await change(Name, IfMatch, call, (before) => ({ ...before, development }))
      return { FunctionSummary: summary(record, 'DEVELOPMENT'), ETag: development.etag }
    },
  },

  PublishFunction: {
    needs: ({ Name }, call) => need('PublishFunction', 'function', Name, call),
    async handle({ Name, IfMatch }, call) {
      const etag = newEtag(call.ids)
      const modifiedAt = call.now.getTime()
      const record = await change(Name, IfMatch, call, (before) => ({
        ...before,
        live: { ...before.development, etag, modifiedAt },
      }))
      return { FunctionSummary: summary(record, 'LIVE') }
    },
  },

  TestFunction: {
    constraints: stages,
    needs: ({ Name }, call) => need('TestFunction', 'function', Name, call),
    async handle({ Name, IfMatch, EventObject, Stage = 'DEVELOPMENT' }, call) {
      const record = await functionOf(call.documents, Name, call.accountId)
      const { code, etag } = versionAt(record, Stage)
      checkVersion(IfMatch, etag)
      const event = Buffer.from(EventObject).toString()
      if (!isEvent(event)) throw invalidArgument('The parameter EventObject is not valid.')
      const source = Buffer.from(code, 'base64').toString()
      const { returned, failure = '', logs, utilization } = await call.edgeFunctions(source, event)
      return {
        TestResult: {
          FunctionSummary: summary(record, Stage),
          ComputeUtilization: String(utilization),
          FunctionExecutionLogs: [...logs],
          FunctionErrorMessage: failure,
          FunctionOutput: returned === undefined ? '' : outputOf(returned),
        },
      }
    },
  },

  DeleteFunction: {
    needs: ({ Name }, call) => need('DeleteFunction', 'function', Name, call),
    async handle({ Name, IfMatch }, { accountId, documents }) {
      await documents.transact(async (transaction) => {
        const record = await functionOf(transaction, Name, accountId)
        checkVersion(IfMatch, record.development.etag)
        const arn = arnOf('function', accountId, Name)
        const used = (await distributionsOf(transaction, accountId)).some(({ config }) =>
          behavioursOf(config).some(({ FunctionAssociations }) =>
            FunctionAssociations?.Items?.some(({ FunctionARN }) => FunctionARN === arn),
          ),
        )
        if (used)
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
      const found = await documents.list<FunctionRecord>(cloudfrontCollections.functions, {
        prefix: `${accountId}/`,
      })
      const rows = found.flatMap(({ value }) => [
        ...(input.Stage === 'LIVE' ? [] : [summary(value, 'DEVELOPMENT')]),
        ...(value.live && input.Stage !== 'DEVELOPMENT' ? [summary(value, 'LIVE')] : []),
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

function versionOf(
  config: FunctionConfig,
  code: Uint8Array,
  { ids, now }: Pick<Call, 'ids' | 'now'>,
): FunctionVersion {
  if (config.Runtime !== 'cloudfront-js-1.0' && config.Runtime !== 'cloudfront-js-2.0')
    throw invalidArgument('The parameter Runtime is not valid.')
  if (config.Comment.length > 128) throw invalidArgument('The parameter Comment is too long.')
  if ((config.KeyValueStoreAssociations?.Quantity ?? 0) > 0) throw notSupported('A key value store')
  if (code.length === 0) throw invalidArgument('The parameter FunctionCode is required.')
  if (code.length > limits.codeBytes)
    throw fail('FunctionSizeLimitExceeded', 'The function is too large.')
  return {
    config: { Comment: config.Comment, Runtime: config.Runtime },
    code: Buffer.from(code).toString('base64'),
    etag: newEtag(ids),
    modifiedAt: now.getTime(),
  }
}

/** @see CloudFront Developer Guide, "Quotas on CloudFront Functions" */
function isEvent(text: string): boolean {
  if (text.length > 40 * 1_024) return false
  try {
    const event: unknown = JSON.parse(text)
    return typeof event === 'object' && event !== null && !Array.isArray(event)
  } catch {
    return false
  }
}

/** A request goes on, a response is the answer. */
function outputOf(returned: string): string {
  const value: unknown = JSON.parse(returned)
  const isResponse = typeof value === 'object' && value !== null && 'statusCode' in value
  return JSON.stringify({ [isResponse ? 'response' : 'request']: value })
}

/** @param ifMatch  the version in development */
async function change(
  name: string,
  ifMatch: string | undefined,
  { accountId, documents }: Call,
  changed: (before: FunctionRecord) => FunctionRecord,
): Promise<FunctionRecord> {
  return documents.transact(async (transaction) => {
    const before = await functionOf(transaction, name, accountId)
    checkVersion(ifMatch, before.development.etag)
    const after = changed(before)
    transaction.put(cloudfrontCollections.functions, keyOf(accountId, name), after)
    return after
  })
}

function versionAt(record: FunctionRecord, stage: string): FunctionVersion {
  const version = stage === 'LIVE' ? record.live : record.development
  if (version === undefined) throw noSuchFunction()
  return version
}

function summary(record: FunctionRecord, stage: 'DEVELOPMENT' | 'LIVE') {
  const { name, accountId, createdAt } = record
  const { config, modifiedAt } = versionAt(record, stage)
  return {
    Name: name,
    Status: record.live === undefined ? 'UNPUBLISHED' : 'UNASSOCIATED',
    FunctionConfig: config,
    FunctionMetadata: {
      FunctionARN: arnOf('function', accountId, name),
      Stage: stage,
      CreatedTime: new Date(createdAt),
      LastModifiedTime: new Date(modifiedAt),
    },
  }
}

const noSuchFunction = () => fail('NoSuchFunctionExists', 'The specified function does not exist.')

/** @throws AwsError NoSuchFunctionExists */
async function functionOf(
  reader: Reader,
  name: string,
  accountId: string,
): Promise<FunctionRecord> {
  const found = await reader.get<FunctionRecord>(
    cloudfrontCollections.functions,
    keyOf(accountId, name),
  )
  if (found === undefined) throw noSuchFunction()
  return found.value
}

/** The published code behind an ARN, if it is the account's own. */
export async function liveFunction(
  reader: Reader,
  arn: string,
  accountId: string,
): Promise<{ readonly id: string; readonly code: string } | undefined> {
  const prefix = arnOf('function', accountId, '')
  if (!arn.startsWith(prefix)) return undefined
  const name = arn.slice(prefix.length)
  const found = await reader.get<FunctionRecord>(
    cloudfrontCollections.functions,
    keyOf(accountId, name),
  )
  const { live } = found?.value ?? {}
  return live && { id: `${name} ${live.etag}`, code: Buffer.from(live.code, 'base64').toString() }
}

function keyOf(accountId: string, name: string): string {
  return `${accountId}/${name}`
}
