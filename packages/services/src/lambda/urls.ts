/** Function URLs: addresses of functions, or of aliases of them. */
import type * as Sdk from '@aws-sdk/client-lambda'
import type { Call, Need, Operations, RequestKeys } from '../service.ts'
import { conflict, notFound, validation } from './errors.ts'
import { functionNeed, qualifiedNeed } from './gate.ts'
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
import { findFunction, lambdaCollections, resolveFunction } from './records.ts'
import { readUrl, type UrlCors, type UrlRecord } from './url-records.ts'

const { urls: collection, urlIds } = lambdaCollections

const constraints = {
  AuthType: { enum: ['NONE', 'AWS_IAM'] },
  InvokeMode: { enum: ['BUFFERED', 'RESPONSE_STREAM'] },
  'Cors.AllowHeaders': { maxLength: 100 },
  'Cors.AllowMethods': { maxLength: 6 },
  'Cors.AllowMethods.*': { enum: ['GET', 'PUT', 'HEAD', 'POST', 'PATCH', 'DELETE', '*'] },
  'Cors.AllowOrigins': { maxLength: 100 },
  'Cors.ExposeHeaders': { maxLength: 100 },
  'Cors.MaxAge': { min: 0, max: 86_400 },
} as const

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567'

export const urls = {
  CreateFunctionUrlConfig: {
    constraints,
    needs: (input, call) => need('CreateFunctionUrlConfig', input, call),
    async handle(input, call) {
      const named = urlNamed(input, call)
      const nowMs = call.now.getTime()
      const record: UrlRecord = {
        ...named,
        urlId: call.ids.text(alphabet, 32),
        authType: input.AuthType,
        invokeMode: input.InvokeMode ?? 'BUFFERED',
        ...corsOf(input.Cors),
        createdAt: nowMs,
        modifiedAt: nowMs,
      }
      await call.documents.transact(async (transaction) => {
        await resolveFunction(transaction, named)
        if (await readUrl(transaction, named))
          throw conflict(
            `Failed to create function url config for [functionArn = ${qualifiedArnOf(named)}]. Error message:  FunctionUrlConfig exists for this Lambda function`,
          )
        transaction.put(collection, qualifiedKeyOf(named), record)
        transaction.put(urlIds, record.urlId, qualifiedKeyOf(named))
      })
      const { LastModifiedTime: _, ...made } = shownUrl(record, call)
      return made
    },
  },

  GetFunctionUrlConfig: {
    needs: (input, call) => need('GetFunctionUrlConfig', input, call),
    async handle(input, call) {
      const found = await readUrl(call.documents, urlNamed(input, call))
      return shownUrl(found ?? refuse(), call)
    },
  },

  UpdateFunctionUrlConfig: {
    constraints,
    needs: (input, call) => need('UpdateFunctionUrlConfig', input, call),
    async handle(input, call) {
      const named = urlNamed(input, call)
      const record = await call.documents.transact(async (transaction) => {
        const before = (await readUrl(transaction, named)) ?? refuse()
        const { cors: _, ...rest } = before
        const after: UrlRecord = {
          ...(input.Cors === undefined ? before : rest),
          ...corsOf(input.Cors),
          authType: input.AuthType ?? before.authType,
          invokeMode: input.InvokeMode ?? before.invokeMode,
          modifiedAt: call.now.getTime(),
        }
        transaction.put(collection, qualifiedKeyOf(named), after)
        return after
      })
      return shownUrl(record, call)
    },
  },

  DeleteFunctionUrlConfig: {
    needs: (input, call) => need('DeleteFunctionUrlConfig', input, call),
    async handle(input, call) {
      const named = urlNamed(input, call)
      await call.documents.transact(async (transaction) => {
        const { urlId } = (await readUrl(transaction, named)) ?? refuse()
        transaction.delete(collection, qualifiedKeyOf(named))
        transaction.delete(urlIds, urlId)
      })
      return {}
    },
  },

  ListFunctionUrlConfigs: {
    needs: async ({ FunctionName }, call) => [
      await functionNeed('ListFunctionUrlConfigs', FunctionName, call),
    ],
    async handle({ FunctionName, ...asked }, call) {
      const named = namedBy(FunctionName, call)
      await findFunction(call.documents, named)
      const prefix = `${keyOf(named)}/`
      const page = await pageOf<UrlRecord>(call.documents, collection, prefix, asked)
      return {
        FunctionUrlConfigs: page.items.map((url) => shownUrl(url, call)),
        ...page.next,
      }
    },
  },
} satisfies Operations<typeof Sdk>

interface Given {
  readonly FunctionName: string
  readonly Qualifier?: string | undefined
  readonly AuthType?: string | undefined
}

/** The authorization type that there will be, or is. */
async function need(action: string, given: Given, call: Call): Promise<readonly [Need, ...Need[]]> {
  const { FunctionName, Qualifier, AuthType } = given
  const named = namedBy(FunctionName, call, Qualifier)
  const authType = AuthType ?? (await readUrl(call.documents, named))?.authType
  const keys: RequestKeys = authType ? { 'lambda:FunctionUrlAuthType': authType } : {}
  return [await qualifiedNeed(action, FunctionName, Qualifier, call, keys)]
}

/** @throws AwsError InvalidParameterValueException, ValidationException */
function urlNamed({ FunctionName, Qualifier }: Given, call: Call): Named {
  const named = namedBy(FunctionName, call, Qualifier)
  const { qualifier } = named
  if (qualifier !== undefined && (qualifier === latest || isVersionNumber(qualifier)))
    throw validation(qualifier, 'qualifier', String.raw`((?!^\d+$)^[0-9a-zA-Z-_]+$)`)
  return named
}

/** @throws AwsError ResourceNotFoundException */
function refuse(): never {
  throw notFound('The resource you requested does not exist.')
}

function corsOf(given: Sdk.Cors | undefined): Pick<UrlRecord, 'cors'> {
  if (given === undefined) return {}
  const cors: UrlCors = {
    ...(given.AllowCredentials !== undefined && { allowCredentials: given.AllowCredentials }),
    ...(given.AllowHeaders && { allowHeaders: given.AllowHeaders }),
    ...(given.AllowMethods && { allowMethods: given.AllowMethods }),
    ...(given.AllowOrigins && { allowOrigins: given.AllowOrigins }),
    ...(given.ExposeHeaders && { exposeHeaders: given.ExposeHeaders }),
    ...(given.MaxAge !== undefined && { maxAgeSeconds: given.MaxAge }),
  }
  return Object.keys(cors).length > 0 ? { cors } : {}
}

function shownCors(cors: UrlCors): Sdk.Cors {
  return {
    ...(cors.allowCredentials !== undefined && { AllowCredentials: cors.allowCredentials }),
    ...(cors.allowHeaders && { AllowHeaders: [...cors.allowHeaders] }),
    ...(cors.allowMethods && { AllowMethods: [...cors.allowMethods] }),
    ...(cors.allowOrigins && { AllowOrigins: [...cors.allowOrigins] }),
    ...(cors.exposeHeaders && { ExposeHeaders: [...cors.exposeHeaders] }),
    ...(cors.maxAgeSeconds !== undefined && { MaxAge: cors.maxAgeSeconds }),
  }
}

function shownUrl(record: UrlRecord, { functions }: Call) {
  return {
    FunctionUrl: functions.urlOf(record.urlId, record.region),
    FunctionArn: qualifiedArnOf(record),
    AuthType: record.authType,
    ...(record.cors && { Cors: shownCors(record.cors) }),
    CreationTime: awsDate(record.createdAt),
    LastModifiedTime: awsDate(record.modifiedAt),
    InvokeMode: record.invokeMode,
  }
}

/** `2026-01-02T03:04:05.678Z` */
function awsDate(ms: number): string {
  return new Date(ms).toISOString()
}
