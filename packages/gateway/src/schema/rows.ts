/** Forms that several keywords have in common. */
import type { Check, Run, SchemaNode } from './run.ts'
import {
  booleanOf,
  type JsonObject,
  type JsonType,
  listOf,
  numberOf,
  objectOf,
  patternOf,
  SchemaError,
  shown,
} from './values.ts'

export interface Around {
  /** The schema that has the keyword. */
  readonly schema: JsonObject
  readonly nodeOf: (schema: unknown) => SchemaNode
}

/** Undefined: there is nothing to ask. */
type Make = (given: unknown, around: Around, keyword: string) => Check | undefined

export interface Row {
  /** Of which values it speaks; absent: of all. */
  readonly of?: readonly JsonType[]
  /** What it asks of the value itself. */
  readonly own?: Make
  /** What it asks of that which is in the value. */
  readonly inner?: Make
}

export const numbers = ['integer', 'number'] as const

/** `minimum` or `maximum`, with what stands beside it. */
export function bound(
  keyword: 'minimum' | 'maximum',
  word: 'lower' | 'greater',
  distance: (value: number, limit: number) => number,
): Row {
  const exclusive = keyword === 'minimum' ? 'exclusiveMinimum' : 'exclusiveMaximum'
  return {
    of: numbers,
    own(given, { schema }) {
      const limit = numberOf(given, keyword)
      const isExclusive = schema[exclusive] === true
      const found = isExclusive
        ? () =>
            `is not strictly ${word === 'lower' ? 'greater' : 'lower'} than the required ${keyword} ${limit}`
        : (value: unknown) =>
            `is ${word} than the required ${keyword} (${keyword}: ${limit}, found: ${shown(value)})`
      return (value, run) => {
        const beyond = distance(value as number, limit)
        if (beyond < 0 || (beyond === 0 && isExclusive)) run.say(`numeric instance ${found(value)}`)
      }
    },
  }
}

/** Means something beside another keyword alone. */
export function beside(other: string): Row {
  return {
    own(given, { schema }, keyword) {
      booleanOf(given, keyword)
      if (!Object.hasOwn(schema, other))
        throw new SchemaError(`\`${keyword}\` stands without \`${other}\``)
      return undefined
    },
  }
}

/** How much of a value is measured for one unit of work. */
const perUnit = 64

export function size(
  of: JsonType,
  measure: (value: unknown) => number,
  isWrong: (found: number, limit: number) => boolean,
  fault: (value: unknown, found: number, limit: number) => string,
): Row {
  return {
    of: [of],
    own(given, _around, keyword) {
      const limit = numberOf(given, keyword)
      if (!Number.isInteger(limit) || limit < 0)
        throw new SchemaError(`\`${keyword}\` is not a whole number from 0 on`)
      return (value, run) => {
        const found = measure(value)
        run.spend(found / perUnit)
        if (isWrong(found, limit)) run.say(fault(value, found, limit))
      }
    },
  }
}

/** Several schemas for one value. @param fault  undefined when as many fit as should */
export function combined(fault: (fitting: number, all: number) => string | undefined): Row {
  return {
    own(given, { nodeOf }, keyword) {
      const schemas = listOf(given, keyword)
      const nodes = schemas.map(nodeOf)
      return (value, run) => {
        const fitting = nodes.filter((node) => run.fits(node, value)).length
        const found = fault(fitting, nodes.length)
        if (found !== undefined) run.say(found)
      }
    },
  }
}

/** Names that `properties` and `patternProperties` speak of. */
export function knownNames({
  properties,
  patternProperties,
}: JsonObject): (name: string, run: Run) => boolean {
  const names = new Set(Object.keys(objectOf(properties ?? {}, 'properties')))
  const patterns = Object.keys(objectOf(patternProperties ?? {}, 'patternProperties')).map(
    patternOf,
  )
  return (name, run) => {
    run.spend(1)
    return names.has(name) || patterns.some((pattern) => pattern.test(name, run.work))
  }
}
