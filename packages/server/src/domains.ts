/** Which API does this custom domain name lead to? Names kept warm, dropped when one changes. */
import { type DomainRecord, domainCollections, loadDomain } from '@sekisho/services'
import type { State } from '@sekisho/store'
import type { ApiAddress } from './front-door.ts'

export interface Domains extends Disposable {
  /** @param host  lower case, without a port */
  readonly find: (host: string) => DomainRecord | undefined | Promise<DomainRecord | undefined>
}

/** Hosts are chosen by callers: what is remembered of them is bounded. */
const mostHosts = 4_096

export function openDomains({ documents, changes }: Pick<State, 'documents' | 'changes'>): Domains {
  const known = new Map<string, DomainRecord | undefined>()
  const watched: ReadonlySet<string> = new Set(Object.values(domainCollections))
  let changeCount = 0
  const subscription = changes.subscribe((told) => {
    if (!told.some(({ collection }) => watched.has(collection))) return
    changeCount++
    known.clear()
  })
  const load = async (host: string): Promise<DomainRecord | undefined> => {
    for (;;) {
      const seen = changeCount
      const found = await loadDomain(documents, host)
      // Changed while it was read: what was read may be old.
      if (seen !== changeCount) continue
      if (known.size >= mostHosts) known.clear()
      known.set(host, found)
      return found
    }
  }
  return {
    find: (host) => (known.has(host) ? known.get(host) : load(host)),
    [Symbol.dispose]: () => subscription[Symbol.dispose](),
  }
}

/**
 * The first segment is looked up as a base path; without a mapping of its own it belongs to the empty base path. A mapping
 * without a stage leaves the next segment to name it. Where nothing matches, the address is that of no API.
 */
export function addressIn(domain: DomainRecord, host: string, rawPath: string): ApiAddress {
  const [first, rest] = split(rawPath)
  const basePath = first !== '' && Object.hasOwn(domain.mappings, first) ? first : ''
  const mapping = Object.hasOwn(domain.mappings, basePath) ? domain.mappings[basePath] : undefined
  const below = basePath === '' ? rawPath : rest
  const [stage, afterStage] = split(below)
  const { accountId, region, mutualTls } = domain
  return {
    road: 'execute-api',
    apiId: mapping?.restApiId ?? '',
    region,
    stageName: mapping?.stage ?? stage,
    path: mapping?.stage === undefined ? afterStage : below,
    domain: {
      host,
      accountId,
      basePath,
      ...(mutualTls && { truststore: mutualTls.certificates }),
    },
  }
}

/** `/a/b/c` is `a` and `/b/c`; `/a` is `a` and nothing. */
function split(path: string): readonly [first: string, rest: string] {
  const end = path.indexOf('/', 1)
  return end < 0 ? [path.slice(1), ''] : [path.slice(1, end), path.slice(end)]
}
