/** In which country is a viewer? As the settings say; no list of the world's addresses is shipped. */
import { createBlocks, parseCidr } from '../net/addresses.ts'

/** @param settings  `192.0.2.0/24=JP`; of several blocks that hold an address the narrowest counts */
export function createCountries(
  settings: readonly string[],
): (address: string) => string | undefined {
  const rows = settings
    .map((setting) => {
      const [block = '', country = ''] = setting.split('=')
      return { has: createBlocks([block]), country, prefix: parseCidr(block)?.prefix ?? 0 }
    })
    .sort((one, other) => other.prefix - one.prefix)
  return (address) => rows.find(({ has }) => has(address))?.country
}
