/** What every language must be able to say beside a policy's explanation. */
import type { DecisionRecord, Note } from '@sekisho/server'

type Notes = { readonly [Each in Note as Each['note']]: (note: Each) => string }

export interface Messages {
  readonly ended: (record: DecisionRecord) => string
  /** Before the other half of a call through a distribution. */
  readonly atTheOrigin: string
  readonly atTheViewer: string
  readonly notes: Notes
}
