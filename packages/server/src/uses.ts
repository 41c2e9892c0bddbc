/** When was each user's key and each role last used, and for what? Written down behind the call, once a minute at most. */

import type { Principal } from '@sekisho/policy'
import { accessKeyUsesCollection, roleUsesCollection, type Use } from '@sekisho/services'
import type { SignatureClaim } from '@sekisho/sigv4'
import type { Documents } from '@sekisho/store'

const noteEveryMs = 60_000
const mostNoted = 20_000

export type NoteUse = (
  claim: SignatureClaim,
  identity: { readonly principal: Principal; readonly session?: unknown },
  nowMs: number,
) => void

export function createNoteUse(documents: Documents, onFailure: (error: unknown) => void): NoteUse {
  const notedAt = new Map<string, number>()
  return ({ accessKeyId, service, region }, { principal, session }, nowMs) => {
    const isRole = principal.type === 'assumed-role'
    if (!isRole && (principal.type !== 'user' || session !== undefined)) return
    const key = isRole ? principal.roleId : accessKeyId
    if (nowMs - (notedAt.get(key) ?? Number.NEGATIVE_INFINITY) < noteEveryMs) return
    if (notedAt.size >= mostNoted) notedAt.clear()
    notedAt.set(key, nowMs)
    const collection = isRole ? roleUsesCollection : accessKeyUsesCollection
    const use: Use = { usedAt: nowMs, service, region }
    documents.transact((transaction) => transaction.put(collection, key, use)).catch(onFailure)
  }
}
