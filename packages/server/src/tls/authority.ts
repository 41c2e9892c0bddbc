/** This server's own certificate authority: kept in the data folder, it issues certificates for the names served here. */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  X509Certificate,
} from 'node:crypto'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { writePrivately } from '../data-folder.ts'
import { issueCertificate, type Name } from './x509.ts'

/** Both as PEM. */
export interface Certified {
  readonly cert: string
  readonly key: string
}

export interface Authority {
  /** The file that clients trust. */
  readonly path: string
  readonly cert: string
  readonly issue: (names: readonly string[]) => Certified
}

const dayMs = 86_400_000
const authorityDays = 3_650
const leafDays = 90

/** Reads the authority of this folder, or makes it. */
export function openAuthority(folder: string, nowMs: number): Authority {
  const path = join(folder, 'tls', 'ca.pem')
  const keyPath = join(folder, 'tls', 'ca-key.pem')
  if (!existsSync(path) || !existsSync(keyPath)) make(folder, path, keyPath, nowMs)
  const cert = readFileSync(path, 'utf8')
  const privateKey = createPrivateKey(readFileSync(keyPath))
  const publicKey = createPublicKey(privateKey)
  const issuer: Name = nameIn(new X509Certificate(cert))
  // One key for all names: a process that knows one of them holds them all anyway.
  const own = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const key = own.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  return {
    path,
    cert,
    issue(names) {
      const now = Date.now()
      const leaf = issueCertificate({
        subject: { commonName: names[0]!.slice(0, 64) },
        issuer,
        publicKey: own.publicKey,
        signedBy: { privateKey, publicKey },
        serial: newSerial(),
        notBefore: new Date(now - dayMs),
        notAfter: new Date(now + leafDays * dayMs),
        use: 'server',
        names,
      })
      return { cert: `${leaf}${cert}`, key }
    },
  }
}

function make(folder: string, path: string, keyPath: string, nowMs: number): void {
  mkdirSync(join(folder, 'tls'), { recursive: true, mode: 0o700 })
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  // Two data folders are two authorities: clients tell issuers by their names.
  const name: Name = {
    organization: 'Sekisho',
    commonName: `Sekisho local authority ${randomBytes(4).toString('hex')}`,
  }
  const cert = issueCertificate({
    subject: name,
    issuer: name,
    publicKey: keys.publicKey,
    signedBy: keys,
    serial: newSerial(),
    notBefore: new Date(nowMs - dayMs),
    notAfter: new Date(nowMs + authorityDays * dayMs),
    use: 'authority',
  })
  // The certificate last: with it the pair is complete.
  writePrivately(keyPath, keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())
  writePrivately(path, cert)
}

function nameIn({ subject }: X509Certificate): Name {
  const part = (label: string) => new RegExp(`^${label}=(.*)$`, 'm').exec(subject)?.[1]
  const organization = part('O')
  return { commonName: part('CN') ?? '', ...(organization !== undefined && { organization }) }
}

/** Random, positive. @see CA/Browser Forum Baseline Requirements, section 7.1 */
export function newSerial(): Buffer {
  const serial = randomBytes(16)
  serial[0] = (serial[0]! & 0x7f) | 0x40
  return serial
}
