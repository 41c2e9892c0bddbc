/** HTTP over TLS: each host with a certificate of its own, and over HTTP/2 where it speaks that. */
import type { Server } from 'node:http'
import { createServer, type ServerOptions } from 'node:https'
import { type Certificates, tlsOptions } from './certificates.ts'

/** @param speaksHttp2  where clients that can are spoken to so; others are spoken to in HTTP/1.1 */
export function createTlsServer(
  options: ServerOptions,
  certificates: Certificates,
  speaksHttp2: (host: string) => boolean,
): Server {
  let fallback = certificates.fallback()
  const server = createServer({
    ...options,
    ...tlsOptions,
    ...fallback,
    // Which domain is called is known later, and what it makes of a certificate; most look at none.
    requestCert: true,
    rejectUnauthorized: false,
    // Who calls an address names no host.
    ALPNCallback: ({ servername, protocols }) =>
      [...(servername && speaksHttp2(servername) ? ['h2'] : []), 'http/1.1'].find((each) =>
        protocols.includes(each),
      ),
    SNICallback(host, callback) {
      Promise.try(() => certificates.contextFor(host)).then(
        (context) => callback(null, context),
        (error: Error) => callback(error),
      )
    },
  })
  server.prependListener('connection', () => {
    const latest = certificates.fallback()
    if (latest === fallback) return
    fallback = latest
    server.setSecureContext({ ...tlsOptions, ...latest })
  })
  return server
}
