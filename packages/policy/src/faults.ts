/** Faults found so far, and the reading of objects whose members are known. */
import type { JsonNode, Place } from './json.ts'
import { PolicyError, type PolicyFault, type PolicyFaultCode } from './policy-error.ts'

/** Enough for a person to mend; a hostile document may not make a long answer. */
const mostFaults = 50

export class Faults {
  readonly #found: PolicyFault[] = []

  add(code: PolicyFaultCode, { pointer, line, column }: Place, message: string): void {
    if (this.#found.length < mostFaults) this.#found.push({ code, message, pointer, line, column })
  }

  throwIfAny(): void {
    if (this.#found.length > 0) throw new PolicyError(this.#found)
  }

  /** The members of an object by name; names outside `allowed` are faults (names are case-sensitive). */
  members(
    node: JsonNode,
    what: string,
    allowed: readonly string[],
  ): ReadonlyMap<string, JsonNode> | undefined {
    if (node.type !== 'object') {
      this.add('INVALID_TYPE', node, `${what} must be an object`)
      return undefined
    }
    for (const { name, value } of node.members)
      if (!allowed.includes(name))
        this.add('UNKNOWN_ELEMENT', value, `\`${name}\` is no element of ${what}`)
    return new Map(node.members.map(({ name, value }) => [name, value]))
  }

  /** A string, or an array of strings that is not empty. */
  strings(node: JsonNode, what: string): readonly (Place & { readonly value: string })[] {
    const items = node.type === 'array' ? node.items : [node]
    if (items.length === 0) this.add('EMPTY_ELEMENT', node, `${what} has no value`)
    return items.flatMap((item) => {
      if (item.type === 'string') return [item]
      this.add('INVALID_TYPE', item, `${what} must be a string or a list of strings`)
      return []
    })
  }
}
