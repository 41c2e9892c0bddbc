/** What does this policy say? JSON to statements, each of which knows its place in the source. */
import type { PolicyType } from './decision.ts'
import type { Place } from './json.ts'
import type { OperatorName, PositiveOperatorName } from './operators/index.ts'
import type { Template } from './variables.ts'

export type PolicyVersion = '2012-10-17' | '2008-10-17'

export interface PolicyDocument {
  readonly type: PolicyType
  /** Absent in the source means 2008-10-17, where `${…}` is literal text. */
  readonly version: PolicyVersion
  readonly id?: string
  readonly statements: readonly Statement[]
}

export interface Statement extends Place {
  /** 0-based place in `Statement`. */
  readonly index: number
  readonly sid?: string
  readonly effect: 'Allow' | 'Deny'
  readonly principal?: PrincipalElement
  readonly action: ListElement
  /** Trust policies have none: the role is the resource. */
  readonly resource?: ResourceElement
  readonly conditions: readonly Condition[]
}

/** `Action` or `NotAction`, with the values as written. */
export interface ListElement extends Place {
  readonly isNegated: boolean
  readonly values: readonly string[]
}

export interface ResourceElement extends ListElement {
  readonly templates: readonly Template[]
}

/** Canonical users are not among them: nobody here has such an id, so a Deny that names one would deny nobody. */
export type PrincipalKind = 'AWS' | 'Service' | 'Federated'

export interface PrincipalElement extends Place {
  readonly isNegated: boolean
  /** `"*"` or `{"AWS": "*"}` is among the values. */
  readonly isEverybody: boolean
  readonly values: readonly { readonly kind: PrincipalKind; readonly value: string }[]
}

export type SetPrefix = 'ForAllValues' | 'ForAnyValue'

export interface Condition extends Place {
  /** As written, with prefix and suffix. */
  readonly written: string
  readonly operator: OperatorName
  /** The row of the operator's table that decides. */
  readonly positive: PositiveOperatorName | 'Null'
  readonly isNegated: boolean
  readonly ifExists: boolean
  readonly set?: SetPrefix
  readonly key: string
  readonly values: readonly { readonly text: string; readonly template: Template }[]
}
