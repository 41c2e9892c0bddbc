/** What a mapping template is made of, once it is read. */

export type Expression =
  | { readonly kind: 'literal'; readonly value: string | number | boolean }
  /** Text in double quotes, in which references and directives act. */
  | { readonly kind: 'interpolated'; readonly body: readonly Part[] }
  | { readonly kind: 'list'; readonly items: readonly Expression[] }
  | { readonly kind: 'map'; readonly entries: readonly (readonly [Expression, Expression])[] }
  | { readonly kind: 'range'; readonly from: Expression; readonly to: Expression }
  | Reference
  | { readonly kind: 'not'; readonly operand: Expression }
  | { readonly kind: 'negative'; readonly operand: Expression }
  | {
      readonly kind: 'binary'
      readonly operator: BinaryOperator
      readonly left: Expression
      readonly right: Expression
    }

export type BinaryOperator =
  | '||'
  | '&&'
  | '=='
  | '!='
  | '<'
  | '<='
  | '>'
  | '>='
  | '+'
  | '-'
  | '*'
  | '/'
  | '%'

export interface Reference {
  readonly kind: 'reference'
  readonly name: string
  readonly steps: readonly Step[]
  /** `$!name`: prints nothing when there is no value. */
  readonly isQuiet: boolean
  /** As written: what is printed when there is no value. */
  readonly source: string
}

export type Step =
  | { readonly kind: 'property'; readonly name: string }
  | { readonly kind: 'method'; readonly name: string; readonly arguments: readonly Expression[] }
  | { readonly kind: 'index'; readonly index: Expression }

export type Part =
  | { readonly kind: 'text'; readonly text: string }
  | Reference
  | { readonly kind: 'set'; readonly target: Reference; readonly value: Expression }
  | {
      readonly kind: 'if'
      readonly branches: readonly Branch[]
      readonly otherwise: readonly Part[]
    }
  | {
      readonly kind: 'foreach'
      readonly variable: string
      readonly source: Expression
      readonly body: readonly Part[]
    }
  /** Text that is made anew wherever its name stands. */
  | { readonly kind: 'define'; readonly name: string; readonly body: readonly Part[] }
  | { readonly kind: 'break' | 'stop' }

export interface Branch {
  readonly condition: Expression
  readonly body: readonly Part[]
}

/** The template cannot be read; calls that need it fail. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError'
  readonly code = 'INVALID_TEMPLATE'
}
