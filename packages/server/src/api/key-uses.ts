/** When was each user's key last used, and for what? Written down behind the call, once a minute at most. */
import { type AccessKeyUse, accessKeyUsesCollection, type Identity } from '@sekisho/services'
import type { SignatureClaim } from '@sekisho/sigv4'
import type { Documents } from '@sekisho/store'

const noteEveryMs = 60_000
const mostKeys = 20_000

export type NoteUse = (claim: SignatureClaim, identity: Identity, nowMs: number) => void

export function createNoteUse(documents: Documents, onFailure: (error: unknown) => void): NoteUse {
  const notedAt = new Map<string, number>()
  return ({ accessKeyId, service, region }, { principal, session }, nowMs) => {
    if (principal.type !== 'user' || session !== undefined) return
    if (nowMs - (notedAt.get(accessKeyId) ?? Number.NEGATIVE_INFINITY) < noteEveryMs) return
    if (notedAt.size >= mostKeys) notedAt.clear()
    notedAt.set(accessKeyId, nowMs)
    const use: AccessKeyUse = { usedAt: nowMs, service, region }
    documents
      .transact((transaction) => transaction.put(accessKeyUsesCollection, accessKeyId, use))
      .catch(onFailure)
  }
}
