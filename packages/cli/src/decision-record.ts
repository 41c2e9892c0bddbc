/** What the decision log says of a request, as the server sends it. */
import type { Trace } from '@sekisho/policy'

export interface DecisionRecord {
  /** ISO 8601 */
  readonly time: string
  readonly requestId: string
  readonly method: string
  readonly path: string
  readonly sourceIp: string
  /** ARN or `anonymous` */
  readonly principal: string
  readonly action: string
  readonly resource: string
  /** `allow`, `explicit-deny`, `implicit-deny`, or what ended the request. */
  readonly outcome: string
  readonly status: number
  /** `resource policy Statement[1]` */
  readonly statement?: string
}

/** Something worth knowing beside the decision. */
export type Note =
  | {
      readonly note: 'policy-changed-after-deployment'
      readonly stage: string
      readonly changedAt: string
      readonly deployedAt: string
    }
  | { readonly note: 'raw-path'; readonly path: string }
  | { readonly note: 'no-policy-asked' }
  | { readonly note: 'policies-not-kept' }

export interface Explanation {
  readonly record: DecisionRecord
  /** Absent: no policy was asked, or it is no longer kept. */
  readonly trace?: Trace
  readonly notes: readonly Note[]
}
