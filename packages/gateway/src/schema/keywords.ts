/** What each keyword of JSON Schema draft 4 asks, and how API Gateway words it when it is not so. One row a keyword. */
import { formats } from './formats.ts'
import { beside, bound, combined, knownNames, numbers, type Row, size } from './rows.ts'
import { canonical, Run } from './run.ts'
import {
  booleanOf,
  isMultiple,
  type JsonObject,
  type JsonType,
  lengthOf,
  listOf,
  numberOf,
  objectOf,
  patternOf,
  primitiveTypes,
  SchemaError,
  shown,
  textOf,
  typeOf,
  typesAllowed,
} from './values.ts'

const silent: Row = {}

/**
 * In the order in which they are asked.
 * @see JSON Schema Validation draft 4; messages as API Gateway's `$context.error.validationErrorString` has them
 */
export const keywords: Readonly<Record<string, Row>> = {
  $schema: silent,
  id: silent,
  title: silent,
  description: silent,
  default: silent,
  definitions: {
    own(given, { nodeOf }, keyword) {
      for (const schema of Object.values(objectOf(given, keyword))) nodeOf(schema)
      return undefined
    },
  },
  type: {
    own(given) {
      const names = [given].flat()
      const wrong = names.find((name) => !primitiveTypes.includes(name as JsonType))
      if (wrong !== undefined || names.length === 0)
        throw new SchemaError(`\`type\` is not ${JSON.stringify(wrong)}`)
      const allowed = typesAllowed(names as JsonType[])
      return (value, run) => {
        const type = typeOf(value)
        if (!allowed.includes(type))
          run.say(
            `instance type (${type}) does not match any allowed primitive type (allowed: ${JSON.stringify(allowed)})`,
          )
      }
    },
  },
  enum: {
    own(given, _around, keyword) {
      const values = listOf(given, keyword)
      const texts = new Set(values.map((value) => canonical(value, new Run())))
      return (value, run) => {
        if (!texts.has(canonical(value, run)))
          run.say(
            `instance value (${shown(value)}) not found in enum (possible values: ${shown(values)})`,
          )
      }
    },
  },
  multipleOf: {
    of: numbers,
    own(given, _around, keyword) {
      const divisor = numberOf(given, keyword)
      if (divisor <= 0) throw new SchemaError('`multipleOf` is not above 0')
      return (value, run) => {
        if (!isMultiple(value as number, divisor))
          run.say(`remainder of division is not zero (${shown(value)} / ${divisor})`)
      }
    },
  },
  minimum: bound('minimum', 'lower', (value, limit) => value - limit),
  exclusiveMinimum: beside('minimum'),
  maximum: bound('maximum', 'greater', (value, limit) => limit - value),
  exclusiveMaximum: beside('maximum'),
  minLength: size(
    'string',
    (value) => lengthOf(value as string),
    (found, limit) => found < limit,
    (value, found, limit) =>
      `string ${shown(value)} is too short (length: ${found}, required minimum: ${limit})`,
  ),
  maxLength: size(
    'string',
    (value) => lengthOf(value as string),
    (found, limit) => found > limit,
    (value, found, limit) =>
      `string ${shown(value)} is too long (length: ${found}, maximum allowed: ${limit})`,
  ),
  pattern: {
    of: ['string'],
    own(given, _around, keyword) {
      const pattern = patternOf(textOf(given, keyword))
      return (value, run) => {
        if (!pattern.test(value as string, run.work))
          run.say(`ECMA 262 regex "${given}" does not match input string ${shown(value)}`)
      }
    },
  },
  format: {
    of: ['string'],
    own(given, _around, keyword) {
      const name = textOf(given, keyword)
      const format = Object.hasOwn(formats, name) ? formats[name] : undefined
      return (
        format &&
        ((value, run) => {
          if (!format.isRight(value as string)) run.say(format.fault(value as string))
        })
      )
    },
  },
  minItems: size(
    'array',
    (value) => (value as unknown[]).length,
    (found, limit) => found < limit,
    (_value, found, limit) =>
      `array is too short: must have at least ${limit} elements but instance has ${found} elements`,
  ),
  maxItems: size(
    'array',
    (value) => (value as unknown[]).length,
    (found, limit) => found > limit,
    (_value, found, limit) =>
      `array is too long: must have at most ${limit} elements but instance has ${found} elements`,
  ),
  uniqueItems: {
    of: ['array'],
    own(given, _around, keyword) {
      if (!booleanOf(given, keyword)) return undefined
      return (value, run) => {
        const items = value as readonly unknown[]
        if (new Set(items.map((item) => canonical(item, run))).size < items.length)
          run.say('array must not contain duplicate elements')
      }
    },
  },
  additionalItems: {
    of: ['array'],
    own(given, { schema: { items } }, keyword) {
      if (typeof given !== 'boolean') objectOf(given, keyword)
      if (given !== false || !Array.isArray(items)) return undefined
      return (value, run) => {
        const found = (value as unknown[]).length
        if (found > items.length)
          run.say(
            `array only allows at most ${items.length} items but instance has ${found} elements`,
          )
      }
    },
  },
  minProperties: size(
    'object',
    (value) => Object.keys(value as object).length,
    (found, limit) => found < limit,
    (_value, found, limit) =>
      `object has too few properties (found ${found} but schema requires at least ${limit})`,
  ),
  maxProperties: size(
    'object',
    (value) => Object.keys(value as object).length,
    (found, limit) => found > limit,
    (_value, found, limit) =>
      `object has too many properties (found ${found} but schema requires at most ${limit})`,
  ),
  required: {
    of: ['object'],
    own(given, _around, keyword) {
      const names = listOf(given, keyword).map((name) => textOf(name, keyword))
      return (value, run) => {
        run.spend(names.length)
        const missing = names.filter((name) => !Object.hasOwn(value as object, name))
        if (missing.length > 0)
          run.say(`object has missing required properties (${JSON.stringify(missing)})`)
      }
    },
  },
  additionalProperties: {
    of: ['object'],
    own(given, { schema }, keyword) {
      if (typeof given !== 'boolean') objectOf(given, keyword)
      if (given !== false) return undefined
      const isKnown = knownNames(schema)
      return (value, run) => {
        const unknown = Object.keys(value as object).filter((name) => !isKnown(name, run))
        if (unknown.length > 0)
          run.say(
            `object instance has properties which are not allowed by the schema: ${JSON.stringify(unknown)}`,
          )
      }
    },
    inner(given, { schema, nodeOf }) {
      if (typeof given === 'boolean') return undefined
      const node = nodeOf(given)
      const isKnown = knownNames(schema)
      return (value, run) => {
        for (const [name, member] of Object.entries(value as object)) {
          if (!isKnown(name, run)) run.visit(node, member)
        }
      }
    },
  },
  dependencies: {
    of: ['object'],
    own(given, { nodeOf }, keyword) {
      const rows = Object.entries(objectOf(given, keyword)).map(([name, needed]) =>
        Array.isArray(needed)
          ? { name, names: needed.map((each) => textOf(each, keyword)) }
          : { name, node: nodeOf(needed) },
      )
      return (value, run) => {
        for (const { name, names, node } of rows) {
          if (!Object.hasOwn(value as object, name)) continue
          if (node !== undefined) run.visit(node, value)
          const missing = names?.filter((each) => !Object.hasOwn(value as object, each)) ?? []
          if (missing.length > 0)
            run.say(
              `property "${name}" of object has missing property dependencies (schema requires ${JSON.stringify(names)}; missing: ${JSON.stringify(missing)})`,
            )
        }
      }
    },
  },
  allOf: combined((fitting, all) =>
    fitting === all
      ? undefined
      : `instance failed to match all required schemas (matched only ${fitting} out of ${all})`,
  ),
  anyOf: combined((fitting, all) =>
    fitting > 0 ? undefined : `instance failed to match at least one required schema among ${all}`,
  ),
  oneOf: combined((fitting, all) =>
    fitting === 1
      ? undefined
      : `instance failed to match exactly one schema (matched ${fitting} out of ${all})`,
  ),
  not: {
    own(given, { nodeOf }) {
      const node = nodeOf(given)
      return (value, run) => {
        if (run.fits(node, value)) run.say('instance matched a schema which it should not have')
      }
    },
  },
  items: {
    of: ['array'],
    inner(given, { schema: { additionalItems }, nodeOf }) {
      if (!Array.isArray(given)) {
        const node = nodeOf(given)
        return (value, run) => {
          for (const item of value as readonly unknown[]) run.visit(node, item)
        }
      }
      const nodes = given.map((each) => nodeOf(each))
      const rest = typeof additionalItems === 'object' ? nodeOf(additionalItems) : undefined
      return (value, run) => {
        for (const [at, item] of (value as readonly unknown[]).entries()) {
          const node = nodes[at] ?? rest
          if (node !== undefined) run.visit(node, item)
        }
      }
    },
  },
  properties: {
    of: ['object'],
    inner(given, { nodeOf }, keyword) {
      const nodes = Object.entries(objectOf(given, keyword)).map(
        ([name, schema]) => [name, nodeOf(schema)] as const,
      )
      return (value, run) => {
        for (const [name, node] of nodes)
          if (Object.hasOwn(value as object, name)) run.visit(node, (value as JsonObject)[name])
      }
    },
  },
  patternProperties: {
    of: ['object'],
    inner(given, { nodeOf }, keyword) {
      const nodes = Object.entries(objectOf(given, keyword)).map(
        ([pattern, schema]) => [patternOf(pattern), nodeOf(schema)] as const,
      )
      return (value, run) => {
        for (const [name, member] of Object.entries(value as object))
          for (const [pattern, node] of nodes)
            if (pattern.test(name, run.work)) run.visit(node, member)
      }
    },
  },
}
