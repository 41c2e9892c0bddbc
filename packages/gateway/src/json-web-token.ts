/** Is this token what its issuer signed, and what does it say? */
import { createPublicKey, type KeyObject, verify, type webcrypto } from 'node:crypto'

export type JsonWebKey = webcrypto.JsonWebKey & { readonly kid?: string; readonly use?: string }

export interface KeySet {
  readonly keys: readonly JsonWebKey[]
}

/** What every token has to say, and whatever else it does. */
export interface Claims {
  readonly iss: string
  /** Seconds. */
  readonly exp: number
  readonly nbf?: number
  readonly [name: string]: unknown
}

export interface Token {
  readonly keyId: string | undefined
  readonly algorithm: keyof typeof algorithms
  readonly claims: Claims
  readonly signed: string
  readonly signature: Buffer
}

/** Signatures by key pairs alone: with a shared secret, whoever can check a token could make one. */
const algorithms = {
  RS256: { kty: 'RSA', isFit: (key) => (key.asymmetricKeyDetails?.modulusLength ?? 0) >= 2_048 },
  ES256: {
    kty: 'EC',
    isFit: (key) => key.asymmetricKeyDetails?.namedCurve === 'prime256v1',
  },
} as const satisfies Record<string, { kty: string; isFit: (key: KeyObject) => boolean }>

const longest = 20_000

/** Reads without believing. @returns undefined when it is no token of a form that is accepted */
export function readToken(text: string): Token | undefined {
  const parts = text.split('.')
  const [head = '', body = '', signature = ''] = parts
  if (text.length > longest || parts.length !== 3) return undefined
  const header = parse(head) as { alg?: unknown; kid?: unknown; crit?: unknown } | undefined
  const claims = parse(body) as Partial<Claims> | undefined
  if (header === undefined || claims === undefined || header.crit !== undefined) return undefined
  if (typeof header.alg !== 'string' || !Object.hasOwn(algorithms, header.alg)) return undefined
  const hasTimes =
    typeof claims.exp === 'number' && (claims.nbf === undefined || typeof claims.nbf === 'number')
  if (typeof claims.iss !== 'string' || !hasTimes) return undefined
  return {
    keyId: typeof header.kid === 'string' ? header.kid : undefined,
    algorithm: header.alg as Token['algorithm'],
    claims: claims as Claims,
    signed: `${head}.${body}`,
    signature: Buffer.from(signature, 'base64url'),
  }
}

/** Only the key that the token names is asked; a token that names none fits a set of one key. */
export function isSignedBy({ keys }: KeySet, token: Token): boolean {
  const { kty, isFit } = algorithms[token.algorithm]
  const named = keys.filter(
    (key) => key.kty === kty && (key.use ?? 'sig') === 'sig' && key.kid === token.keyId,
  )
  const [key] = named
  if (key === undefined || named.length > 1) return false
  try {
    const publicKey = publicKeyOf(key)
    const data = Buffer.from(token.signed, 'ascii')
    const how = { key: publicKey, dsaEncoding: 'ieee-p1363' } as const
    return isFit(publicKey) && verify('sha256', data, how, token.signature)
  } catch {
    return false
  }
}

const read = new WeakMap<JsonWebKey, KeyObject>()

/** Reading a key takes longer than checking a signature. */
function publicKeyOf(key: JsonWebKey): KeyObject {
  const known = read.get(key)
  if (known !== undefined) return known
  const publicKey = createPublicKey({ key, format: 'jwk' })
  read.set(key, publicKey)
  return publicKey
}

function parse(part: string): unknown {
  if (!/^[\w-]+$/.test(part)) return undefined
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}
