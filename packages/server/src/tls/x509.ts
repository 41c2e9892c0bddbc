/** A certificate, made and signed. @see RFC 5280 */
import { createHash, type KeyObject, sign } from 'node:crypto'
import { isIP } from 'node:net'
import * as der from './der.ts'

export interface CertificateRequest {
  readonly subject: Name
  readonly issuer: Name
  readonly publicKey: KeyObject
  /** The issuer's. Its public half names the issuer's key within the certificate. */
  readonly signedBy: { readonly privateKey: KeyObject; readonly publicKey: KeyObject }
  /** Unsigned, at most 20 bytes with the first below 0x80. */
  readonly serial: Uint8Array
  readonly notBefore: Date
  readonly notAfter: Date
  readonly use: keyof typeof uses
  /** Host names and addresses; a leading `*.` is a wildcard. */
  readonly names?: readonly string[]
}

export interface Name {
  readonly commonName: string
  readonly organization?: string
}

/** What a certificate is for: the bits of its key usage, its extended usages, whether it issues others. */
const uses = {
  authority: { keyUsage: [0b0000_0110, 1], extended: [], isAuthority: true },
  server: { keyUsage: [0b1000_0000, 7], extended: ['1.3.6.1.5.5.7.3.1'], isAuthority: false },
  client: { keyUsage: [0b1000_0000, 7], extended: ['1.3.6.1.5.5.7.3.2'], isAuthority: false },
} as const

const ids = {
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  subjectKey: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectNames: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKey: '2.5.29.35',
  extendedUsage: '2.5.29.37',
} as const

/** @returns the certificate as PEM */
export function issueCertificate(request: CertificateRequest): string {
  const { privateKey } = request.signedBy
  const algorithm = algorithmOf(privateKey)
  const toBeSigned = der.sequence(
    der.explicit(0, der.integer(Buffer.from([2]))),
    der.integer(request.serial),
    algorithm,
    nameOf(request.issuer),
    der.sequence(der.time(request.notBefore), der.time(request.notAfter)),
    nameOf(request.subject),
    publicKeyInfo(request.publicKey),
    der.explicit(3, der.sequence(...extensionsOf(request))),
  )
  const signature = sign('sha256', toBeSigned, privateKey)
  return pemOf('CERTIFICATE', der.sequence(toBeSigned, algorithm, der.bits(signature)))
}

/** SHA-256 with the kind of key that there is. */
function algorithmOf(key: KeyObject): Buffer {
  return key.asymmetricKeyType === 'rsa'
    ? der.sequence(der.objectId('1.2.840.113549.1.1.11'), der.nothing())
    : der.sequence(der.objectId('1.2.840.10045.4.3.2'))
}

function nameOf({ commonName, organization }: Name): Buffer {
  const part = (id: string, value: string) =>
    der.set(der.sequence(der.objectId(id), der.text(value)))
  return der.sequence(
    ...(organization === undefined ? [] : [part(ids.organization, organization)]),
    part(ids.commonName, commonName),
  )
}

function extensionsOf({ publicKey, signedBy, use, names = [] }: CertificateRequest): Buffer[] {
  const { keyUsage, extended, isAuthority } = uses[use]
  const [usageBits, unusedBits] = keyUsage
  const extension = (id: string, value: Buffer, isCritical = false) =>
    der.sequence(der.objectId(id), ...(isCritical ? [der.truth()] : []), der.octets(value))
  return [
    extension(ids.basicConstraints, der.sequence(...(isAuthority ? [der.truth()] : [])), true),
    extension(ids.keyUsage, der.bits(Buffer.from([usageBits]), unusedBits), true),
    ...(extended.length > 0
      ? [extension(ids.extendedUsage, der.sequence(...extended.map(der.objectId)))]
      : []),
    extension(ids.subjectKey, der.octets(keyId(publicKey))),
    extension(ids.authorityKey, der.sequence(der.implicit(0, keyId(signedBy.publicKey)))),
    ...(names.length > 0
      ? [extension(ids.subjectNames, der.sequence(...names.map(subjectName)))]
      : []),
  ]
}

function subjectName(name: string): Buffer {
  return isIP(name) === 0 ? der.implicit(2, Buffer.from(name)) : der.implicit(7, addressBytes(name))
}

function addressBytes(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number))
  const [head = '', tail] = address.split('::')
  const groups = (part: string) => part.split(':').filter((group) => group !== '')
  const [front, back] = [groups(head), groups(tail ?? '')]
  const zeros = Array.from({ length: 8 - front.length - back.length }, () => '0')
  const hex = [...front, ...zeros, ...back].map((group) => group.padStart(4, '0')).join('')
  return Buffer.from(hex, 'hex')
}

function publicKeyInfo(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' })
}

function keyId(key: KeyObject): Buffer {
  return createHash('sha256').update(publicKeyInfo(key)).digest().subarray(0, 20)
}

function pemOf(label: string, content: Uint8Array): string {
  const lines =
    Buffer.from(content)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}
