/** Mutual TLS: does a domain name's truststore vouch for a client's certificate, and what is told of it? */
import { X509Certificate } from 'node:crypto'

/** As `$context.identity.clientCert` has it. */
export interface ClientCertificate {
  readonly clientCertPem: string
  readonly subjectDN: string
  readonly issuerDN: string
  readonly serialNumber: string
  readonly validity: { readonly notBefore: string; readonly notAfter: string }
}

export interface Truststore {
  readonly certificates: readonly X509Certificate[]
  /** What keeps some of them from counting. */
  readonly warnings: readonly string[]
}

const block = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]*-----END CERTIFICATE-----/g
/** @see API Gateway Developer Guide, "How to turn on mutual TLS authentication for your REST APIs" */
const longestChain = 4
/** Names may be anybody's: how many signatures a search looks at. */
const mostSignatures = 64

export function readTruststore(pem: string, nowMs: number): Truststore {
  const certificates: X509Certificate[] = []
  const warnings: string[] = []
  for (const [text] of pem.matchAll(block)) {
    try {
      const certificate = new X509Certificate(text)
      const fault = faultOf(certificate, nowMs)
      if (fault !== undefined) warnings.push(`${nameOf(certificate.subject)}: ${fault}`)
      certificates.push(certificate)
    } catch {
      warnings.push('One of the certificates cannot be read.')
    }
  }
  return { certificates, warnings }
}

/**
 * Whoever has issued it has to stand in the truststore, up to an authority that has signed itself; what a client sends
 * beside its own certificate does not count. A certificate that has signed itself stands there as it is.
 *
 * @returns undefined: it is trusted
 */
export function whyUntrusted(
  leaf: X509Certificate,
  { certificates }: Truststore,
  nowMs: number,
): string | undefined {
  const fault = faultOf(leaf, nowMs)
  if (fault !== undefined) return fault
  const usages = leaf.keyUsage as readonly string[] | undefined
  if (usages !== undefined && !usages.some((each) => clientUsages.has(each)))
    return 'the certificate is not for clients'
  let signatures = 0
  const isSignedBy = (one: X509Certificate, other: X509Certificate) =>
    one.checkIssued(other) && signatures++ < mostSignatures && one.verify(other.publicKey)
  const isHeld = (one: X509Certificate) =>
    certificates.some((each) => each.fingerprint256 === one.fingerprint256)
  const isVouchedFor = (one: X509Certificate, authorities: number): boolean => {
    if (isSignedBy(one, one)) return isHeld(one)
    return certificates.some(
      (issuer) =>
        authorities + 2 <= longestChain &&
        mayIssue(issuer, authorities) &&
        faultOf(issuer, nowMs) === undefined &&
        isSignedBy(one, issuer) &&
        isVouchedFor(issuer, authorities + 1),
    )
  }
  return isVouchedFor(leaf, 0) ? undefined : 'could not find issuer for certificate'
}

const clientUsages: ReadonlySet<string> = new Set(['1.3.6.1.5.5.7.3.2', '2.5.29.37.0'])

export function clientCertificateOf(leaf: X509Certificate): ClientCertificate {
  const { serialNumber } = leaf
  const pairs = serialNumber.toLowerCase().match(/../g) ?? []
  return {
    clientCertPem: leaf.toString(),
    subjectDN: nameOf(leaf.subject),
    issuerDN: nameOf(leaf.issuer),
    // As OpenSSL prints it: short ones as a number.
    serialNumber: pairs.length <= 8 ? BigInt(`0x${serialNumber}`).toString() : pairs.join(':'),
    validity: { notBefore: leaf.validFrom, notAfter: leaf.validTo },
  }
}

/** `C=JP,O=Office,CN=client`, in the order of the certificate. */
function nameOf(lines: string | undefined): string {
  return (lines ?? '').replaceAll('\n', ',')
}

const curves: ReadonlySet<string> = new Set(['prime256v1', 'secp384r1', 'secp521r1'])

function faultOf(certificate: X509Certificate, nowMs: number): string | undefined {
  if (nowMs < certificate.validFromDate.getTime()) return 'the certificate is not valid yet'
  if (nowMs > certificate.validToDate.getTime()) return 'the certificate has expired'
  if (!/^(?:ecdsa-with-)?SHA(?:256|384|512)(?:WithRSAEncryption)?$/i.test(algorithmOf(certificate)))
    return 'the certificate uses an insecure signature algorithm'
  const { asymmetricKeyType, asymmetricKeyDetails } = certificate.publicKey
  const isStrong =
    asymmetricKeyType === 'rsa'
      ? (asymmetricKeyDetails?.modulusLength ?? 0) >= 2048
      : asymmetricKeyType === 'ec' && curves.has(asymmetricKeyDetails?.namedCurve ?? '')
  return isStrong ? undefined : 'the key of the certificate is too weak or of another kind'
}

function algorithmOf(certificate: X509Certificate): string {
  return certificate.signatureAlgorithm ?? ''
}

/** Extensions by their object ids, as they stand in a certificate. */
const nameConstraints = '0603551d1e'
const pathLength = /0603551d13(?:0101ff)?04..30..0101ff0201(..)/

/** @param authorities  how many there are below it already */
function mayIssue(issuer: X509Certificate, authorities: number): boolean {
  if (!issuer.ca) return false
  const bytes = issuer.raw.toString('hex')
  // For some names alone: nobody here could say which.
  if (bytes.includes(nameConstraints)) return false
  const [, most] = pathLength.exec(bytes) ?? []
  return most === undefined || authorities <= Number.parseInt(most, 16)
}
