/** Does an address lie in a block, as policies of signed URLs name them? */
import { BlockList, isIP } from 'node:net'

/** @param block  `192.0.2.0/24`, or a bare address; IPv4 alone, as CloudFront has it */
export function contains(block: string, address: string): boolean {
  const [, base = '', bits = '32'] = /^([\d.]+)(?:\/(\d{1,2}))?$/.exec(block) ?? []
  if (isIP(base) !== 4 || Number(bits) > 32) return false
  if (Number(bits) === 0) return true
  if (isIP(address) !== 4) return false
  const list = new BlockList()
  list.addSubnet(base, Number(bits), 'ipv4')
  return list.check(address, 'ipv4')
}
