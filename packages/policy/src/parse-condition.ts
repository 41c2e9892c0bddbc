/** One operator block of `Condition`: its prefix, its suffix, its keys and values. */
import { compileCondition } from './condition.ts'
import type { Condition, PolicyVersion, SetPrefix } from './document.ts'
import type { Faults } from './faults.ts'
import type { JsonNode, Place } from './json.ts'
import {
  negatedOperators,
  type OperatorName,
  operators,
  type PositiveOperatorName,
  ValueError,
} from './operators/index.ts'
import { readTemplate } from './parse-elements.ts'

const form = /^(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+?)(IfExists)?$/i

export function readCondition(
  written: string,
  node: JsonNode,
  version: PolicyVersion,
  faults: Faults,
): readonly Condition[] {
  const operator = readOperator(written)
  if (operator === undefined) {
    faults.add('UNKNOWN_OPERATOR', node, `\`${written}\` is no condition operator`)
    return []
  }
  if (node.type !== 'object') {
    faults.add('INVALID_TYPE', node, `\`${written}\` must be an object of condition keys`)
    return []
  }
  const seen = new Set<string>()
  return node.members.flatMap(({ name, value }) => {
    if (name === '') faults.add('INVALID_CONDITION_KEY', value, 'a condition key is empty')
    if (seen.has(name.toLowerCase()))
      faults.add(
        'DUPLICATE_CONDITION_KEY',
        value,
        `\`${name}\` stands here twice (case does not count)`,
      )
    seen.add(name.toLowerCase())
    const { pointer, line, column } = value
    const values = readValues(value, operator, version, faults)
    const condition: Condition = { pointer, line, column, written, ...operator, key: name, values }
    return values.length > 0 && compiles(condition, faults) ? [condition] : []
  })
}

interface ReadOperator {
  readonly operator: OperatorName
  readonly positive: PositiveOperatorName | 'Null'
  readonly isNegated: boolean
  readonly ifExists: boolean
  readonly set?: SetPrefix
}

const names = new Map<string, OperatorName>(
  [...Object.keys(operators), ...Object.keys(negatedOperators), 'Null'].map((name) => [
    name.toLowerCase(),
    name as OperatorName,
  ]),
)
const sets: Readonly<Record<string, SetPrefix>> = {
  forallvalues: 'ForAllValues',
  foranyvalue: 'ForAnyValue',
}

function readOperator(written: string): ReadOperator | undefined {
  const [, prefix, name, suffix] = form.exec(written) ?? []
  const operator = names.get(name?.toLowerCase() ?? '')
  const ifExists = suffix !== undefined
  if (operator === undefined || (operator === 'Null' && ifExists)) return undefined
  const set = prefix === undefined ? undefined : sets[prefix.toLowerCase()]
  const isNegated = operator in negatedOperators
  const positive = isNegated
    ? negatedOperators[operator as keyof typeof negatedOperators]
    : (operator as PositiveOperatorName | 'Null')
  return { operator, positive, isNegated, ifExists, ...(set && { set }) }
}

/** Strings, numbers and booleans alike are compared as their text. */
function readValues(
  node: JsonNode,
  operator: ReadOperator,
  version: PolicyVersion,
  faults: Faults,
): Condition['values'] {
  const items = node.type === 'array' ? node.items : [node]
  if (items.length === 0) faults.add('EMPTY_ELEMENT', node, `\`${operator.operator}\` has no value`)
  const takesVariables = operator.positive !== 'Null' && operators[operator.positive].takesVariables
  return items.flatMap((item) => {
    const text = textOf(item)
    if (text === undefined) {
      faults.add('INVALID_TYPE', item, 'a condition value must be a string, a number or a boolean')
      return []
    }
    if (operator.positive === 'Null' && !/^(?:true|false)$/i.test(text)) {
      faults.add('INVALID_CONDITION_VALUE', item, `\`${text}\` is neither \`true\` nor \`false\``)
      return []
    }
    const template = readTemplate(text, item, takesVariables && version === '2012-10-17', faults)
    return template ? [{ text, template }] : []
  })
}

function textOf(node: JsonNode): string | undefined {
  if (node.type === 'string') return node.value
  return node.type === 'number' || node.type === 'boolean' ? node.text : undefined
}

/** A value that its operator cannot read is a fault when the policy is set, not when somebody calls. */
function compiles(condition: Condition, faults: Faults): boolean {
  try {
    compileCondition(condition, 'Deny')
    return true
  } catch (error) {
    if (!(error instanceof ValueError)) throw error
    faults.add('INVALID_CONDITION_VALUE', condition as Place, error.message)
    return false
  }
}
