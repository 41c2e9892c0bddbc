/** The document as AWS stores it: short forms of principals and of API Gateway's ARNs written out. */
import { parseJson } from './json.ts'

export interface ExecuteApi {
  readonly partition: string
  readonly region: string
  readonly accountId: string
  readonly restApiId: string
}

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/**
 * Writes a resource policy of an API out: `execute-api:/stage/METHOD/path` becomes the full ARN of this API, twelve
 * digits become the account's ARN. Everything else stays as it was. Parse the result: this only rewrites.
 *
 * @param source  JSON text as somebody wrote it
 * @throws PolicyError  the text is not JSON, or repeats a member (which would be lost here)
 * @see API Gateway Developer Guide, "Create and attach an API Gateway resource policy to an API"
 */
export function normalizeExecuteApiPolicy(source: string, api: ExecuteApi): string {
  const root = `arn:${api.partition}:execute-api:${api.region}:${api.accountId}:${api.restApiId}/`
  return rewriteStatements(source, {
    Resource: (value) => longResource(value, root),
    NotResource: (value) => longResource(value, root),
    Principal: (value) => longPrincipal(value, api.partition),
    NotPrincipal: (value) => longPrincipal(value, api.partition),
  })
}

/**
 * Twelve digits in `Principal` become the account's ARN, in any resource or trust policy.
 *
 * @throws PolicyError  the text is not JSON, or repeats a member
 */
export function normalizePrincipals(source: string, partition = 'aws'): string {
  const rewrite = (value: Json) => longPrincipal(value, partition)
  return rewriteStatements(source, { Principal: rewrite, NotPrincipal: rewrite })
}

function rewriteStatements(
  source: string,
  rewrites: Readonly<Record<string, (value: Json) => Json>>,
): string {
  parseJson(source)
  const document = JSON.parse(source) as Json
  if (!isObject(document) || !Object.hasOwn(document, 'Statement')) return source
  const statements = document['Statement']!
  const rewritten = mapValues(statements, (statement) =>
    isObject(statement)
      ? Object.fromEntries(
          Object.entries(statement).map(([name, value]) => [
            name,
            Object.hasOwn(rewrites, name) ? rewrites[name]!(value) : value,
          ]),
        )
      : statement,
  )
  return JSON.stringify({ ...document, Statement: rewritten })
}

function longResource(value: Json, root: string): Json {
  return mapValues(value, (each) => {
    if (typeof each !== 'string' || !each.startsWith('execute-api:')) return each
    return root + each.slice('execute-api:'.length).replace(/^\//, '')
  })
}

function longPrincipal(value: Json, partition: string): Json {
  if (!isObject(value) || !Object.hasOwn(value, 'AWS')) return value
  const AWS = mapValues(value['AWS']!, (each) =>
    typeof each === 'string' && /^\d{12}$/.test(each) ? `arn:${partition}:iam::${each}:root` : each,
  )
  return { ...value, AWS }
}

function mapValues(value: Json, map: (each: Json) => Json): Json {
  return Array.isArray(value) ? value.map(map) : map(value)
}

function isObject(value: Json): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
