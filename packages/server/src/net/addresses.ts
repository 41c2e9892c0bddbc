/** Is this text an address, in which block does it lie, and how is it written? */
import { BlockList, isIP, isIPv4, isIPv6, SocketAddress } from 'node:net'

/**
 * The one way of writing an address: an IPv4-mapped IPv6 address as its IPv4, IPv6 in lower case and shortened.
 *
 * @returns undefined when the text is no address; a port, brackets or a zone make it none.
 */
export function normalizeAddress(text: string): string | undefined {
  if (isIPv4(text)) return text
  if (!isIPv6(text) || text.includes('%')) return undefined
  const { address } = new SocketAddress({ address: text, family: 'ipv6' })
  return unmapped(address)
}

/** Peers arrive as `::ffff:a.b.c.d` on a socket that serves both families. */
export function unmapped(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address
}

/** `127.0.0.0/8`, `::1` and `localhost`. */
export function isLoopback(host: string): boolean {
  if (host.toLowerCase() === 'localhost') return true
  const address = normalizeAddress(host)
  return address !== undefined && (address === '::1' || address.startsWith('127.'))
}

interface Cidr {
  readonly address: string
  readonly prefix: number
  readonly family: 'ipv4' | 'ipv6'
}

/** `10.0.0.0/8`, `fd00::/8`, or a bare address, which stands for itself alone. */
export function parseCidr(text: string): Cidr | undefined {
  const [, base = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const version = isIP(base)
  if (version === 0 || base.includes('%')) return undefined
  const most = version === 4 ? 32 : 128
  const prefix = bits === undefined ? most : Number(bits)
  return prefix > most
    ? undefined
    : { address: base, prefix, family: version === 4 ? 'ipv4' : 'ipv6' }
}

/** Membership in any of several blocks. Ask with normalised addresses. */
export function createBlocks(cidrs: readonly string[]): (address: string) => boolean {
  const blocks = new BlockList()
  for (const text of cidrs) {
    const cidr = parseCidr(text)
    if (cidr === undefined) throw new TypeError(`\`${text}\` is no block of addresses`)
    blocks.addSubnet(cidr.address, cidr.prefix, cidr.family)
  }
  return (address) => blocks.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
}

const linkLocal = createBlocks(['169.254.0.0/16', 'fe80::/10'])

/** Where clouds keep the credentials of their machines: never a place for an integration to call. */
export function isLinkLocal(address: string): boolean {
  return linkLocal(unmapped(address))
}
