/** Why a document is no policy: every fault with its place. */

/** What can be wrong with a policy document, in one word each. */
export type PolicyFaultCode =
  | 'INVALID_JSON'
  | 'DUPLICATE_MEMBER'
  | 'TOO_LONG'
  | 'INVALID_CHARACTER'
  | 'INVALID_TYPE'
  | 'UNKNOWN_ELEMENT'
  | 'MISSING_ELEMENT'
  | 'CONFLICTING_ELEMENTS'
  | 'PROHIBITED_ELEMENT'
  | 'EMPTY_ELEMENT'
  | 'INVALID_VERSION'
  | 'INVALID_EFFECT'
  | 'INVALID_SID'
  | 'DUPLICATE_SID'
  | 'INVALID_PRINCIPAL'
  | 'INVALID_ACTION'
  | 'INVALID_RESOURCE'
  | 'UNKNOWN_OPERATOR'
  | 'INVALID_CONDITION_KEY'
  | 'DUPLICATE_CONDITION_KEY'
  | 'INVALID_CONDITION_VALUE'
  | 'INVALID_VARIABLE'

export interface PolicyFault {
  readonly code: PolicyFaultCode
  /** One clause: lower case, no full stop, what was given in backticks. */
  readonly message: string
  /** RFC 6901; `` for the document itself (also where it is not JSON). */
  readonly pointer: string
  readonly line: number
  readonly column: number
}

export class PolicyError extends Error {
  override readonly name = 'PolicyError'
  readonly code = 'INVALID_POLICY'
  /** In the order of the document; at least one. */
  readonly faults: readonly PolicyFault[]

  constructor(faults: readonly PolicyFault[]) {
    const first = faults[0]
    super(
      first
        ? `${first.message} (line ${first.line}, column ${first.column})`
        : 'the document is no policy',
    )
    this.faults = faults
  }
}
