/** What is kept of function URLs, and what a call through one needs. */
import type { Reader } from '@sekisho/store'
import type { Need } from '../service.ts'
import { sideOf } from './gate.ts'
import { type Named, qualifiedKeyOf } from './names.ts'
import { lambdaCollections, type Resolved, resolveFunction } from './records.ts'

export interface UrlRecord extends Named {
  /** The first label of its host name; unique across accounts and regions. */
  readonly urlId: string
  readonly authType: 'AWS_IAM' | 'NONE'
  readonly invokeMode: 'BUFFERED' | 'RESPONSE_STREAM'
  readonly cors?: UrlCors
  /** Epoch milliseconds. */
  readonly createdAt: number
  readonly modifiedAt: number
}

export interface UrlCors {
  readonly allowCredentials?: boolean
  readonly allowHeaders?: readonly string[]
  readonly allowMethods?: readonly string[]
  readonly allowOrigins?: readonly string[]
  readonly exposeHeaders?: readonly string[]
  readonly maxAgeSeconds?: number
}

const { urls, urlIds } = lambdaCollections

export async function readUrl(reader: Reader, named: Named): Promise<UrlRecord | undefined> {
  return (await reader.get<UrlRecord>(urls, qualifiedKeyOf(named)))?.value
}

/** By the first label of a host name. */
export async function findUrl(reader: Reader, urlId: string): Promise<UrlRecord | undefined> {
  const key = (await reader.get<string>(urlIds, urlId))?.value
  return key === undefined ? undefined : (await reader.get<UrlRecord>(urls, key))?.value
}

export interface UrlCall {
  readonly resolved: Resolved
  readonly needs: readonly [Need, Need]
}

/**
 * What a call through a URL asks of the policies: the URL, and the function behind it.
 *
 * @param draw  in [0, 1)
 * @throws AwsError ResourceNotFoundException
 * @see Lambda Developer Guide, "Control access to Lambda function URLs"
 */
export async function urlCall(
  reader: Reader,
  url: UrlRecord,
  draw: () => number,
): Promise<UrlCall> {
  const { accountId, region, name, qualifier } = url
  const named = { accountId, region, name, qualifier }
  const resolved = await resolveFunction(reader, named, draw)
  const authType = { 'lambda:FunctionUrlAuthType': url.authType }
  const via = { 'lambda:InvokedViaFunctionUrl': 'true' }
  const { fn } = resolved
  return {
    resolved,
    needs: [
      { action: 'lambda:InvokeFunctionUrl', ...sideOf(named, fn, authType) },
      { action: 'lambda:InvokeFunction', ...sideOf(named, fn, via) },
    ],
  }
}
