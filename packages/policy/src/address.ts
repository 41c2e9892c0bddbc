/** IPv4 and IPv6 addresses and CIDR blocks, and whether one lies in many of the other. */

/**
 * Words of the address parsed last: one for IPv4, four for IPv6. Shared, so that a test allocates nothing;
 * read at once after `parseAddress`.
 */
const words = new Uint32Array(4)

/** 4 and 6 are the families; an IPv4-mapped IPv6 address counts as its IPv4. */
type Family = 4 | 6

/** @returns the family, with the words filled; undefined when the text is no address */
function parseAddress(text: string): Family | undefined {
  return text.includes(':') ? parseV6(text) : parseV4(text, 0) ? 4 : undefined
}

/** Dotted decimal without leading zeros (which some readers take for octal), from `start` to the end, into words[0]. */
function parseV4(text: string, start: number): boolean {
  let address = 0
  let octet = -1
  let dots = 0
  for (let at = start; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 48
    if (digit >= 0 && digit <= 9) {
      if (octet === 0) return false
      octet = octet < 0 ? digit : octet * 10 + digit
      if (octet > 255) return false
    } else if (digit === -2 && octet >= 0 && dots < 3) {
      address = address * 256 + octet
      octet = -1
      dots++
    } else return false
  }
  if (octet < 0 || dots !== 3) return false
  words[0] = address * 256 + octet
  return true
}

const groups = new Uint16Array(8)

/** @see RFC 4291, section 2.2 */
function parseV6(text: string): Family | undefined {
  let count = 0
  let gap = -1
  let at = 0
  if (text.startsWith('::')) {
    gap = 0
    at = 2
  }
  while (at < text.length) {
    const colon = text.indexOf(':', at)
    const end = colon < 0 ? text.length : colon
    if (colon < 0 && text.indexOf('.', at) >= 0) {
      if (count > 6 || !parseV4(text, at)) return undefined
      groups[count++] = words[0]! >>> 16
      groups[count++] = words[0]! & 0xffff
      at = end
      break
    }
    const group = parseGroup(text, at, end)
    if (group < 0 || count === 8) return undefined
    groups[count++] = group
    if (colon < 0) {
      at = end
      break
    }
    at = colon + 1
    if (text.charCodeAt(at) === 58) {
      if (gap >= 0) return undefined
      gap = count
      at++
    } else if (at === text.length) return undefined
  }
  if (gap < 0 ? count !== 8 : count > 7) return undefined
  if (gap >= 0) {
    const moved = count - gap
    groups.copyWithin(8 - moved, gap, count)
    groups.fill(0, gap, 8 - moved)
  }
  for (let word = 0; word < 4; word++)
    words[word] = groups[word * 2]! * 65536 + groups[word * 2 + 1]!
  if (words[0] !== 0 || words[1] !== 0 || words[2] !== 0xffff) return 6
  words[0] = words[3]!
  return 4
}

function parseGroup(text: string, start: number, end: number): number {
  if (end === start || end - start > 4) return -1
  let value = 0
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at)
    const digit =
      code >= 48 && code <= 57
        ? code - 48
        : code >= 97 && code <= 102
          ? code - 87
          : code >= 65 && code <= 70
            ? code - 55
            : -1
    if (digit < 0) return -1
    value = value * 16 + digit
  }
  return value
}

/** Is the text an IPv4 or IPv6 address (no prefix, no zone)? */
export function isAddress(text: string): boolean {
  return parseAddress(text) !== undefined
}

interface Interval {
  readonly first: readonly number[]
  readonly last: readonly number[]
}

export interface Block extends Interval {
  readonly family: Family
}

/**
 * A CIDR block, or a bare address for /32 and /128. Host bits beyond the prefix are ignored.
 *
 * @returns undefined when the text is neither
 * @see IAM User Guide, "IP address condition operators"
 */
export function parseBlock(text: string): Block | undefined {
  const slash = text.indexOf('/')
  const address = slash < 0 ? text : text.slice(0, slash)
  const family = parseAddress(address)
  if (family === undefined) return undefined
  const written = address.includes(':') ? 128 : 32
  const given = slash < 0 ? written : prefixOf(text.slice(slash + 1), written)
  // A mapped block narrower than ::ffff:0:0/96 would span both families.
  const bits =
    given === undefined ? undefined : family === 4 && written === 128 ? given - 96 : given
  if (bits === undefined || bits < 0) return undefined
  const own = Array.from(words.subarray(0, family === 4 ? 1 : 4))
  return {
    family,
    first: own.map((word, at) => (word & maskOf(bits - at * 32)) >>> 0),
    last: own.map((word, at) => (word | ~maskOf(bits - at * 32)) >>> 0),
  }
}

function prefixOf(text: string, max: number): number | undefined {
  if (!/^(?:0|[1-9]\d{0,2})$/.test(text)) return undefined
  const bits = Number(text)
  return bits <= max ? bits : undefined
}

function maskOf(bits: number): number {
  return bits <= 0 ? 0 : bits >= 32 ? 0xffffffff : ~(0xffffffff >>> bits)
}

export type Membership = 'inside' | 'outside' | 'no address'

/** Many blocks, sorted and merged: an address is found by halving, whatever their number. */
export interface AddressSet {
  readonly find: (address: string) => Membership
}

export function addressSet(blocks: readonly Block[]): AddressSet {
  const v4 = intervals(blocks.filter(({ family }) => family === 4))
  const v6 = intervals(blocks.filter(({ family }) => family === 6))
  return {
    find(address) {
      const family = parseAddress(address)
      if (family === undefined) return 'no address'
      return (family === 4 ? holds(v4, 1) : holds(v6, 4)) ? 'inside' : 'outside'
    },
  }
}

interface Intervals {
  readonly count: number
  /** `width` words an interval. */
  readonly firsts: Uint32Array
  readonly lasts: Uint32Array
}

/** Most sets are of one family; typed arrays are dear to make. */
const noIntervals: Intervals = { count: 0, firsts: new Uint32Array(0), lasts: new Uint32Array(0) }

function intervals(blocks: readonly Block[]): Intervals {
  if (blocks.length === 0) return noIntervals
  const sorted = [...blocks].sort(
    (one, other) => compare(one.first, other.first) || compare(other.last, one.last),
  )
  const merged: { first: readonly number[]; last: readonly number[] }[] = []
  for (const block of sorted) {
    const before = merged.at(-1)
    // CIDR blocks nest or stay apart: a block that begins inside the one before ends inside it too.
    if (before === undefined || compare(block.first, before.last) > 0) merged.push(block)
  }
  return {
    count: merged.length,
    firsts: Uint32Array.from(merged.flatMap(({ first }) => first)),
    lasts: Uint32Array.from(merged.flatMap(({ last }) => last)),
  }
}

/** Is the address parsed last in one of the intervals? */
function holds({ count, firsts, lasts }: Intervals, width: 1 | 4): boolean {
  let low = 0
  let high = count
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compareWords(firsts, middle * width, width) <= 0) low = middle + 1
    else high = middle
  }
  return low > 0 && compareWords(lasts, (low - 1) * width, width) >= 0
}

/** Sign of (interval bound - address). */
function compareWords(bounds: Uint32Array, start: number, width: number): number {
  for (let word = 0; word < width; word++) {
    const bound = bounds[start + word]!
    const own = words[word]!
    if (bound !== own) return bound < own ? -1 : 1
  }
  return 0
}

function compare(one: readonly number[], other: readonly number[]): number {
  for (let word = 0; word < one.length; word++)
    if (one[word] !== other[word]) return one[word]! - other[word]!
  return 0
}
