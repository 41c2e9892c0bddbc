/** IpAddress. */
import { addressSet, parseBlock } from '../address.ts'
import { type Comparison, type Operator, ValueError } from './operator.ts'

const comparisons = { inside: 'match', outside: 'no match', 'no address': 'unreadable' } as const

/**
 * An address and a block of different families never match; an IPv4-mapped IPv6 address counts as its IPv4.
 * @see IAM User Guide, "IP address condition operators"
 */
export const ipOperators = {
  IpAddress: {
    type: 'ipAddress',
    takesVariables: false,
    compile(values) {
      const set = addressSet(
        values.map(({ text }) => {
          const block = parseBlock(text)
          if (block === undefined)
            throw new ValueError(`\`${text}\` is no address and no CIDR block`)
          return block
        }),
      )
      return (address): Comparison => comparisons[set.find(address)]
    },
  },
} satisfies Record<string, Operator>
