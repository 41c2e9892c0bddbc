/** Temporary credentials: what a session token says, sealed so that nobody can forge, alter or read it. */
import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto'
import type { Documents } from '@sekisho/store'
import type { IdSource } from '../service.ts'
import type { Tag } from './records.ts'

/** Everything that is known of a session; nothing of it is looked up. Times are epoch milliseconds. */
export interface Session {
  readonly accessKeyId: string
  readonly accountId: string
  readonly issuedAt: number
  readonly expiresAt: number
  readonly of: SessionOf
  /** Inline session policies, as they were passed. */
  readonly policies: readonly string[]
  /** ARNs of managed session policies. */
  readonly policyArns: readonly string[]
  readonly tags: readonly Tag[]
  /** Keys of tags that go on with the chain. */
  readonly transitiveTagKeys: readonly string[]
  readonly sourceIdentity?: string
  readonly hasMfa?: boolean
}

export type SessionOf =
  | {
      readonly kind: 'role'
      readonly roleName: string
      /** Whoever takes the name later is somebody else. */
      readonly roleId: string
      readonly sessionName: string
      /** Assumed with credentials of another role. */
      readonly isChained: boolean
      /** Of a web identity: who vouched, and the keys that it brings. */
      readonly federatedProvider?: string
      readonly keys?: Readonly<Record<string, string | readonly string[]>>
      /** Of the function whose environment these credentials are made for. */
      readonly functionArn?: string
    }
  | {
      readonly kind: 'user'
      readonly userName: string
      readonly userId: string
      /** The operator's way to be a user: as with a key that lasts. */
      readonly standsForKey?: true
    }
  | { readonly kind: 'root' }
  | {
      readonly kind: 'federated'
      readonly name: string
      /** The user who asked; absent: the root user. */
      readonly userName?: string
      readonly userId?: string
    }

export interface TemporaryCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken: string
  readonly expiresAt: number
}

const collection = 'secrets'
const record = 'session-key'
const hex = '0123456789abcdef'
const keyAlphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
/** Longer tokens are not looked at. */
const longestToken = 16_384
const formatVersion = 1
const nonceBytes = 12
const tagBytes = 16

/** The key that seals tokens, made when it is first asked for. */
export async function sessionKey(documents: Documents, ids: IdSource): Promise<Buffer> {
  const stored = await documents.get<{ key: string }>(collection, record)
  if (stored) return Buffer.from(stored.value.key, 'hex')
  return documents.transact(async (transaction) => {
    const present = await transaction.get<{ key: string }>(collection, record)
    const key = present?.value.key ?? ids.text(hex, 64)
    if (!present) transaction.put(collection, record, { key })
    return Buffer.from(key, 'hex')
  })
}

export function newSessionKeyId(ids: IdSource): string {
  return `ASIA${ids.text(keyAlphabet, 16)}`
}

export function seal(session: Session, key: Buffer, ids: IdSource): TemporaryCredentials {
  const nonce = Buffer.from(ids.text(hex, nonceBytes * 2), 'hex')
  const cipher = createCipheriv('aes-256-gcm', derived(key, 'token'), nonce)
  const sealed = Buffer.concat([
    Buffer.from([formatVersion]),
    nonce,
    cipher.update(JSON.stringify(session), 'utf8'),
    cipher.final(),
    cipher.getAuthTag(),
  ])
  return {
    accessKeyId: session.accessKeyId,
    secretAccessKey: secretOf(session.accessKeyId, key),
    sessionToken: sealed.toString('base64'),
    expiresAt: session.expiresAt,
  }
}

/** Undefined: the token is not ours, or not what it was. Whether it has expired is for the caller to see. */
export function open(token: string, key: Buffer): Session | undefined {
  if (token.length > longestToken) return undefined
  const sealed = Buffer.from(token, 'base64')
  if (sealed.length < 1 + nonceBytes + tagBytes || sealed[0] !== formatVersion) return undefined
  const nonce = sealed.subarray(1, 1 + nonceBytes)
  try {
    const decipher = createDecipheriv('aes-256-gcm', derived(key, 'token'), nonce)
    decipher.setAuthTag(sealed.subarray(-tagBytes))
    const text = Buffer.concat([
      decipher.update(sealed.subarray(1 + nonceBytes, -tagBytes)),
      decipher.final(),
    ])
    return JSON.parse(text.toString('utf8')) as Session
  } catch {
    return undefined
  }
}

export function secretOf(accessKeyId: string, key: Buffer): string {
  return createHmac('sha256', derived(key, 'secret'))
    .update(accessKeyId)
    .digest('base64')
    .slice(0, 40)
}

/** One key a purpose. */
function derived(key: Buffer, purpose: string): Buffer {
  return createHmac('sha256', key).update(purpose).digest()
}
