/** Where do this package and what belongs to it lie? Source and bundle lie at different depths. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

export function packageFolder(from: string = import.meta.dirname): string {
  const manifest = join(from, 'package.json')
  const isIt = existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).name === 'sekisho'
  return isIt || dirname(from) === from ? from : packageFolder(dirname(from))
}
