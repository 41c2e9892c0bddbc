/** May this client call by a domain name with mutual TLS? */
import type { X509Certificate } from 'node:crypto'
import {
  type ClientCertificate,
  clientCertificateOf,
  readTruststore,
  type Truststore,
  whyUntrusted,
} from '@sekisho/gateway'
import type { TlsConnection } from '../arrival.ts'

/** By their text; a domain's text changes with its truststore. */
const truststores = new Map<string, Truststore>()
const mostTruststores = 64

/** What a connection has been told of a truststore. */
interface Seen {
  readonly truststore: Truststore
  readonly at: number
  readonly refusal: string | undefined
}

const seen = new WeakMap<TlsConnection, Seen>()
/** Certificates end while connections last. */
const recheckMs = 10_000

/**
 * Each call is held to the domain that it names, whatever name its connection was opened with.
 *
 * @param pem  the domain's truststore
 */
export function checkClient(
  tls: TlsConnection | undefined,
  pem: string,
  nowMs: number,
): ClientCertificate | { readonly refusal: string } {
  const certificate = tls?.clientCertificate
  if (tls === undefined || certificate === undefined) return { refusal: 'there is no certificate' }
  const refusal = refusalOf(tls, certificate, truststoreOf(pem, nowMs), nowMs)
  return refusal === undefined ? clientCertificateOf(certificate) : { refusal }
}

function refusalOf(
  tls: TlsConnection,
  certificate: X509Certificate,
  truststore: Truststore,
  nowMs: number,
): string | undefined {
  const last = seen.get(tls)
  if (last?.truststore === truststore && nowMs - last.at < recheckMs) return last.refusal
  const refusal = whyUntrusted(certificate, truststore, nowMs)
  seen.set(tls, { truststore, at: nowMs, refusal })
  return refusal
}

function truststoreOf(pem: string, nowMs: number): Truststore {
  let truststore = truststores.get(pem)
  if (truststore === undefined) {
    if (truststores.size >= mostTruststores) truststores.clear()
    truststores.set(pem, (truststore = readTruststore(pem, nowMs)))
  }
  return truststore
}
