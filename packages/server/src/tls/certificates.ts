/** Which certificate does a client that asks for this host get? One from a file, or one of the own authority. */
import { X509Certificate } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls'
import { ConfigError } from '../config.ts'
import type { Authority, Certified } from './authority.ts'

export interface Certificates {
  /** For clients that name no host, or one that is not served here. Another object when it was renewed. */
  readonly fallback: () => Certified
  readonly contextFor: (host: string) => SecureContext | Promise<SecureContext>
}

export interface CertificatesOptions {
  /** `CERTIFICATE=KEY`, paths of PEM files. */
  readonly files: readonly string[]
  readonly authority: Authority
  /** Names and addresses that this server is called by. */
  readonly ownNames: readonly string[]
  /** A name of ours: the authority issues for no others. */
  readonly isServed: (host: string) => boolean | Promise<boolean>
  readonly onFailure: (error: unknown) => void
}

/** @see RFC 9325, section 3.1.1 */
export const tlsOptions = { minVersion: 'TLSv1.2' } as const satisfies SecureContextOptions

const mostContexts = 1_000
/** An issued certificate is made anew long before it ends. */
const reissueMs = 30 * 86_400_000
/** How often files are looked at for newer ones. */
const recheckMs = 60_000

/** @throws ConfigError  a file cannot be read, or the key is not the certificate's */
export function openCertificates(options: CertificatesOptions): Certificates {
  const files = options.files.map((pair) => openFiles(pair, options.onFailure))
  const issued = new Map<string, { readonly entry: Entry; readonly at: number }>()
  const issuedFor = (key: string, names: readonly string[]): Entry => {
    const present = issued.get(key)
    if (present !== undefined && Date.now() - present.at < reissueMs) return present.entry
    const entry = entryOf(options.authority.issue(names))
    if (issued.size >= mostContexts) issued.clear()
    issued.set(key, { entry, at: Date.now() })
    return entry
  }
  const fallback = () => files[0]?.entry() ?? issuedFor('', options.ownNames)
  const issuedWhere = (host: string, isServed: boolean) =>
    (isServed ? issuedFor(host, [host]) : fallback()).context
  return {
    fallback: () => fallback().certified,
    contextFor(given) {
      const host = given.toLowerCase()
      const file = files.find((each) => each.covers(host))
      if (file !== undefined) return file.entry().context
      const served = options.isServed(host)
      return served instanceof Promise
        ? served.then((each) => issuedWhere(host, each))
        : issuedWhere(host, served)
    },
  }
}

/** A certificate, and what connections are made with it. */
interface Entry {
  readonly certified: Certified
  readonly context: SecureContext
}

function entryOf(certified: Certified): Entry {
  return { certified, context: createSecureContext({ ...tlsOptions, ...certified }) }
}

interface FileCertificate {
  readonly covers: (host: string) => boolean
  readonly entry: () => Entry
}

function openFiles(pair: string, onFailure: (error: unknown) => void): FileCertificate {
  const [certPath = '', keyPath = ''] = pair.split('=')
  const read = () => {
    const cert = readFileSync(certPath, 'utf8')
    const leaf = new X509Certificate(cert)
    return { leaf, entry: entryOf({ cert, key: readFileSync(keyPath, 'utf8') }) }
  }
  const version = () => [certPath, keyPath].map((path) => statSync(path).mtimeMs).join()
  let seen: string
  let current: ReturnType<typeof read>
  try {
    seen = version()
    current = read()
  } catch (cause) {
    throw new ConfigError(
      `\`--tls-certificates\`: cannot use \`${certPath}\` with \`${keyPath}\`: ${(cause as Error).message}`,
      { cause },
    )
  }
  let checkedAt = Date.now()
  return {
    covers: (host) => current.leaf.checkHost(host) !== undefined,
    entry() {
      const now = Date.now()
      if (now - checkedAt >= recheckMs) {
        checkedAt = now
        try {
          const latest = version()
          if (latest !== seen) current = read()
          seen = latest
        } catch (error) {
          // The one that is there serves on.
          onFailure(error)
        }
      }
      return current.entry
    },
  }
}
