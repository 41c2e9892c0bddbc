/** Links to the code of functions and layers: whoever has one may follow it, for a while. */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { FunctionRunner, IdSource } from '@sekisho/services'
import type { State } from '@sekisho/store'
import type { Arrival } from '../arrival.ts'
import { codePrefix } from '../front-door.ts'
import { refuse } from '../listen.ts'
import type { Answered } from '../roads.ts'

export interface CodeLinks {
  readonly linkTo: FunctionRunner['linkTo']
  readonly answer: (arrival: Arrival, link: string) => Promise<Answered>
}

export interface CodeLinksOptions {
  readonly store: Pick<State, 'blobs' | 'documents'>
  readonly ids: IdSource
  /** Epoch milliseconds, of the machine. */
  readonly now: () => number
  /** Of this server. */
  readonly endpoint: () => string
}

const collection = 'lambda-links'
const key = 'key'

/** Until when, which blob, what it is called, and that we said so. */
const form = /^(\d{1,15})\/([\w-]+)\/([\w-]+)\/([\w.-]{1,200})$/

export function openCodeLinks({ store, ids, now, endpoint }: CodeLinksOptions): CodeLinks {
  const { documents, blobs } = store
  const secret = async (): Promise<string> => {
    const stored = await documents.get<string>(collection, key)
    if (stored) return stored.value
    return documents.transact(async (transaction) => {
      const present = await transaction.get<string>(collection, key)
      const made = present?.value ?? ids.text('0123456789abcdef', 64)
      if (!present) transaction.put(collection, key, made)
      return made
    })
  }
  const signed = async (text: string) =>
    createHmac('sha256', await secret())
      .update(text)
      .digest('base64url')

  return {
    async linkTo({ blob, name, forMs }) {
      const until = now() + forMs
      const named = Buffer.from(blob).toString('base64url')
      const signature = await signed(`${until}/${named}/${name}`)
      return `${endpoint()}${codePrefix}${until}/${named}/${signature}/${name}`
    },
    async answer({ method, requestId }, link) {
      const refused = (status: number, message: string) => ({
        ...refuse(status, requestId, message),
        outcome: 'turned-away',
      })
      const [, until = '', named = '', signature = '', name = ''] = form.exec(link) ?? []
      const expected = Buffer.from(await signed(`${until}/${named}/${name}`))
      const given = Buffer.from(signature)
      if (given.length !== expected.length || !timingSafeEqual(given, expected))
        return refused(403, 'this is no link of this server')
      if (now() > Number(until)) return refused(403, 'this link has expired')
      if (method !== 'GET') return refused(405, 'a link can be fetched, and nothing else')
      const blob = Buffer.from(named, 'base64url').toString()
      const body = await blobs.get(blob)
      if (body === undefined) return refused(404, 'the code is not there any more')
      return {
        status: 200,
        headers: [
          'Content-Type',
          'application/zip',
          'Content-Disposition',
          `attachment; filename="${name}"`,
          'x-amzn-RequestId',
          requestId,
        ],
        body,
        outcome: 'allow',
      }
    },
  }
}
