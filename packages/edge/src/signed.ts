/** Signed URLs and signed cookies: may this viewer see what is private? */
import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import { cookiesOf } from './cache-key.ts'
import { matchesPattern } from './paths.ts'
import { Refusal } from './refusal.ts'
import type { TrustedKey } from './snapshot.ts'
import { contains } from './source-block.ts'
import type { Admitted, ViewerRequest } from './viewer.ts'

const signing: ReadonlySet<string> = new Set([
  'Expires',
  'Hash-Algorithm',
  'Key-Pair-Id',
  'Policy',
  'Signature',
])

/** What is signed is no part of what is asked for: neither the key nor the origin sees it. */
export function withoutSignature(rawQuery: string): string {
  return rawQuery
    .split('&')
    .filter((pair) => !signing.has(pair.split('=', 1)[0]!))
    .join('&')
}

/**
 * @throws Refusal MISSING_KEY, PRIVATE
 * @see CloudFront Developer Guide, "Serve private content with signed URLs and signed cookies"
 */
export function checkSignature(
  admitted: Admitted,
  keys: readonly TrustedKey[],
  nowMs: number,
): void {
  const { viewer } = admitted
  const claim = claimOf(viewer.rawQuery, cookiesOf(admitted))
  if (claim.keyPairId === undefined) throw new Refusal('MISSING_KEY')
  const key = keys.find(({ id }) => id === claim.keyPairId)
  if (key === undefined) throw new Refusal('PRIVATE', 'the key is none that is trusted')
  if (claim.signature === undefined) throw new Refusal('PRIVATE', 'there is no signature')
  const hash = claim.hash ?? 'SHA1'
  if (hash !== 'SHA1' && hash !== 'SHA256') throw new Refusal('PRIVATE', 'an unknown hash')
  const signature = Buffer.from(fromUrl(claim.signature), 'base64')
  const urls = urlsOf(viewer, admitted.distribution.snapshot.domainName)
  const policies =
    claim.policy === undefined
      ? urls.map((url) => cannedPolicy(url, claim.expires))
      : [Buffer.from(fromUrl(claim.policy), 'base64').toString()]
  const signed = policies.find((text) =>
    verify(hash, Buffer.from(text), keyObject(key.pem), signature),
  )
  if (signed === undefined) throw new Refusal('PRIVATE', 'the signature does not match')
  checkPolicy(signed, urls, viewer.sourceIp, nowMs / 1_000)
}

interface Claim {
  readonly keyPairId: string | undefined
  readonly signature: string | undefined
  readonly policy: string | undefined
  readonly expires: string | undefined
  readonly hash: string | undefined
}

/** The URL's, where it has any; else the cookies'. */
function claimOf(rawQuery: string, cookies: string | undefined): Claim {
  const query = pairsOf(rawQuery, '&')
  const isInUrl = query.has('Key-Pair-Id') || query.has('Signature')
  const pairs = isInUrl ? query : pairsOf(cookies ?? '', ';')
  const value = (name: string) => pairs.get(isInUrl ? name : `CloudFront-${name}`)
  return {
    keyPairId: value('Key-Pair-Id'),
    signature: value('Signature'),
    policy: value('Policy'),
    expires: value('Expires'),
    hash: value('Hash-Algorithm'),
  }
}

/** Said twice, it says nothing: nobody knows which counts. */
function pairsOf(text: string, separator: string): ReadonlyMap<string, string> {
  const pairs = new Map<string, string>()
  const twice = new Set<string>()
  for (const pair of text.split(separator)) {
    const [name = '', ...value] = pair.trim().split('=')
    if (pairs.has(name)) twice.add(name)
    pairs.set(name, value.join('='))
  }
  for (const name of twice) pairs.delete(name)
  return pairs
}

function fromUrl(text: string): string {
  return text.replaceAll('-', '+').replaceAll('_', '=').replaceAll('~', '/')
}

/** As the viewer called it, and as AWS would name it; all are the same object. */
function urlsOf(viewer: ViewerRequest, domainName: string): readonly string[] {
  const query = withoutSignature(viewer.rawQuery)
  const rest = query === '' ? viewer.rawPath : `${viewer.rawPath}?${query}`
  const schemes = viewer.isSecure ? ['https'] : ['http', 'https']
  return schemes.flatMap((scheme) => [
    `${scheme}://${viewer.host}${viewer.prefix ?? ''}${rest}`,
    `${scheme}://${domainName}${rest}`,
  ])
}

function cannedPolicy(url: string, expires: string | undefined): string {
  if (expires === undefined || !/^\d{1,12}$/.test(expires))
    throw new Refusal('PRIVATE', 'neither a policy nor a time of expiry')
  return `{"Statement":[{"Resource":"${url}","Condition":{"DateLessThan":{"AWS:EpochTime":${expires}}}}]}`
}

/** What stands in a policy that is not understood is no permission. */
function checkPolicy(
  text: string,
  urls: readonly string[],
  sourceIp: string,
  nowSeconds: number,
): void {
  const statement = statementOf(text)
  const { Resource: resource = '*', Condition: condition = {} } = statement
  const others = Object.keys(condition).filter((name) => !conditions.has(name))
  if (typeof resource !== 'string' || others.length > 0)
    throw new Refusal('PRIVATE', 'the policy is malformed')
  if (!urls.some((url) => matchesPattern(resource, url)))
    throw new Refusal('PRIVATE', 'the policy is for something else')
  const until = condition.DateLessThan?.['AWS:EpochTime']
  if (typeof until !== 'number' || nowSeconds >= until)
    throw new Refusal('PRIVATE', 'the signature has expired')
  if (condition.DateGreaterThan !== undefined) {
    const from = condition.DateGreaterThan['AWS:EpochTime']
    if (typeof from !== 'number' || nowSeconds <= from)
      throw new Refusal('PRIVATE', 'the signature is not valid yet')
  }
  if (condition.IpAddress !== undefined) {
    const block = condition.IpAddress['AWS:SourceIp']
    if (typeof block !== 'string' || !contains(block, sourceIp))
      throw new Refusal('PRIVATE', 'the signature is for another address')
  }
}

const conditions: ReadonlySet<string> = new Set(['DateLessThan', 'DateGreaterThan', 'IpAddress'])

interface Statement {
  readonly Resource?: unknown
  readonly Condition?: {
    readonly DateLessThan?: { readonly 'AWS:EpochTime'?: unknown }
    readonly DateGreaterThan?: { readonly 'AWS:EpochTime'?: unknown }
    readonly IpAddress?: { readonly 'AWS:SourceIp'?: unknown }
  }
}

/** @throws Refusal PRIVATE */
function statementOf(text: string): Statement {
  try {
    const { Statement: statements } = JSON.parse(text) as { Statement?: unknown }
    if (Array.isArray(statements) && statements.length === 1 && isObject(statements[0])) {
      const [statement] = statements as [Statement]
      if (statement.Condition === undefined || isObject(statement.Condition)) return statement
    }
  } catch {}
  throw new Refusal('PRIVATE', 'the policy is malformed')
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const keyObjects = new Map<string, KeyObject>()

function keyObject(pem: string): KeyObject {
  let key = keyObjects.get(pem)
  if (key === undefined) {
    key = createPublicKey(pem)
    if (keyObjects.size >= 1_000) keyObjects.clear()
    keyObjects.set(pem, key)
  }
  return key
}
