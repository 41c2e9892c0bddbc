/** Where clients find this server. */
import type { Config } from './config.ts'

/** `http://127.0.0.1:4566` */
export function endpointOf({ host, tls }: Pick<Config, 'host' | 'tls'>, port: number): string {
  // An address of every interface is none to call.
  const callable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `${tls ? 'https' : 'http'}://${callable.includes(':') ? `[${callable}]` : callable}:${port}`
}
