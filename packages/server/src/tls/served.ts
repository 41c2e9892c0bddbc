/** What does this server serve HTTPS with, if its settings ask for it? */
import { isIP } from 'node:net'
import type { Config } from '../config.ts'
import type { Domains } from '../domains.ts'
import type { FrontDoor } from '../front-door.ts'
import { type Authority, openAuthority } from './authority.ts'
import { type Certificates, openCertificates } from './certificates.ts'

export interface ServedTls {
  readonly authority: Authority
  readonly certificates: Certificates
}

/** @returns undefined: HTTP alone. @throws ConfigError  a certificate's files cannot be used */
export function openServedTls(
  config: Config,
  frontDoor: FrontDoor,
  domains: Pick<Domains, 'find'>,
  onFailure: (error: unknown) => void,
): ServedTls | undefined {
  if (!config.tls) return undefined
  const authority = openAuthority(config.data, Date.now())
  const everyAddress = ['0.0.0.0', '::']
  const own = everyAddress.includes(config.host) ? [] : [config.host]
  const certificates = openCertificates({
    files: config['tls-certificates'],
    authority,
    ownNames: [...new Set(['localhost', '127.0.0.1', '::1', ...own, ...config['host-names']])],
    isServed(host) {
      if (isIP(host) !== 0) return false
      const road = frontDoor.roadOf({ host, rawPath: '/', localAddress: '' })
      if (road.road !== 'domain') return road.road !== 'misdirected'
      if (road.otherwise.road !== 'misdirected') return true
      const found = domains.find(host)
      return found instanceof Promise ? found.then(Boolean) : found !== undefined
    },
    onFailure,
  })
  return { authority, certificates }
}
