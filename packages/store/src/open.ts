/** From an address to an engine. */
import { openMemory } from './engines/memory.ts'
import { openSqlite } from './engines/sqlite.ts'
import type { Store } from './store.ts'

/** URL scheme to engine. */
const engines: Readonly<Record<string, (rest: string) => Promise<Store> | Store>> = {
  'memory:': openMemory,
  'sqlite:': openSqlite,
}

export class StoreUrlError extends Error {
  override readonly name = 'StoreUrlError'
  readonly code = 'STORE_URL'
}

/**
 * @param url  `memory:`, or `sqlite:FOLDER`
 * @throws StoreUrlError  no engine has this scheme
 */
export async function openStore(url: string): Promise<Store> {
  const scheme = url.slice(0, url.indexOf(':') + 1)
  const engine = Object.hasOwn(engines, scheme) ? engines[scheme] : undefined
  if (engine === undefined)
    throw new StoreUrlError(
      `unknown storage scheme \`${scheme || url}\`; use ${Object.keys(engines)
        .map((name) => `\`${name}\``)
        .join(' or ')}`,
    )
  return engine(url.slice(scheme.length))
}
