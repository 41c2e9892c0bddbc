/** Certificates that somebody might show, and truststores that they might be held against. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import {
  clientCertificateOf,
  readTruststore,
  whyUntrusted,
} from '../../packages/gateway/src/client-certificates.ts'
import { needs, programOf } from '../debian-packages.ts'

const folder = mkdtempSync(join(tmpdir(), 'sekisho-clients-'))
after(() => rmSync(folder, { recursive: true }))

interface Wanted {
  readonly issuer?: string
  readonly extensions?: string
  readonly digest?: string
  readonly key?: readonly string[]
  readonly subject?: string
}
const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'] as const
const authority = 'basicConstraints=critical,CA:TRUE'
const client = 'basicConstraints=CA:FALSE\nextendedKeyUsage=clientAuth'

/** Made by OpenSSL, which is nobody's reading of ours. */
function made(name: string, wanted: Wanted = {}): string {
  const { issuer, extensions = client, digest = 'sha256', key = ec, subject = name } = wanted
  const at = (file: string) => join(folder, file)
  const openssl = (...args: readonly string[]) =>
    execFileSync(programOf('openssl'), args, { stdio: 'pipe' })
  writeFileSync(at(`${name}.cnf`), `${extensions}\n`)
  openssl(
    ...['req', '-new', '-nodes', ...key, '-keyout', at(`${name}.key`)],
    ...['-subj', `/C=JP/O=Office/CN=${subject}`, '-out', at(`${name}.csr`)],
  )
  openssl(
    ...['x509', '-req', '-in', at(`${name}.csr`), '-days', '30', `-${digest}`],
    ...['-extfile', at(`${name}.cnf`), '-out', at(`${name}.pem`), '-set_serial', '0x0102'],
    ...(issuer === undefined
      ? ['-signkey', at(`${name}.key`)]
      : ['-CA', at(`${issuer}.pem`), '-CAkey', at(`${issuer}.key`)]),
  )
  return readFileSync(at(`${name}.pem`), 'utf8')
}

describe('mutual TLS', needs('openssl'), () => {
  const root = made('root', { extensions: authority })
  const middle = made('middle', { issuer: 'root', extensions: authority })
  const short = made('short', { extensions: `${authority},pathlen:0` })
  const below = made('below', { issuer: 'short', extensions: authority })
  const narrow = made('narrow', {
    extensions: `${authority}\nnameConstraints=critical,permitted;DNS:example.com`,
  })
  made('second', { issuer: 'middle', extensions: authority })
  made('third', { issuer: 'second', extensions: authority })
  const chain = ['second', 'third'].map((name) => readFileSync(join(folder, `${name}.pem`), 'utf8'))
  const self = made('self')
  const leaf = made('leaf', { issuer: 'middle' })
  /** Says that it is the root, and has another key. */
  const impostor = made('impostor', { extensions: authority, subject: 'root' })

  /** A while after all are made. */
  const now = Date.now() + 3_600_000
  const noIssuer = 'could not find issuer for certificate'
  const rows: readonly (readonly [
    string,
    string,
    readonly string[],
    string | undefined,
    number?,
  ])[] = [
    [
      'issued by an authority of the truststore',
      made('direct', { issuer: 'root' }),
      [root],
      undefined,
    ],
    ['whose whole chain is in the truststore', leaf, [root, middle], undefined],
    ['whose issuer is in the truststore without its root', leaf, [middle], noIssuer],
    ['whose root alone is in the truststore', leaf, [root], noIssuer],
    ['with an empty truststore', leaf, [], noIssuer],
    ['that has signed itself and is in the truststore', self, [self], undefined],
    ['that has signed itself', self, [root], noIssuer],
    ['of an impostor', made('tricked', { issuer: 'impostor' }), [root], noIssuer],
    [
      'of an impostor beside the true one',
      made('both', { issuer: 'impostor' }),
      [impostor, root],
      undefined,
    ],
    [
      'issued by a certificate that is no authority',
      made('child', { issuer: 'leaf' }),
      [root, middle, leaf],
      noIssuer,
    ],
    [
      'under an authority that may have none below it',
      made('deep', { issuer: 'below' }),
      [short, below],
      noIssuer,
    ],
    [
      'of an authority for some names alone',
      made('named', { issuer: 'narrow' }),
      [narrow],
      noIssuer,
    ],
    ['in a chain of five', made('fifth', { issuer: 'third' }), [root, middle, ...chain], noIssuer],
    [
      'in a chain of four',
      made('fourth', { issuer: 'second' }),
      [root, middle, ...chain],
      undefined,
    ],
    [
      'for servers',
      made('server', { issuer: 'root', extensions: 'extendedKeyUsage=serverAuth' }),
      [root],
      'the certificate is not for clients',
    ],
    [
      'signed with SHA-1',
      made('sha1', { issuer: 'root', digest: 'sha1' }),
      [root],
      'the certificate uses an insecure signature algorithm',
    ],
    [
      'with a short RSA key',
      made('rsa', { issuer: 'root', key: ['-newkey', 'rsa:1024'] }),
      [root],
      'the key of the certificate is too weak or of another kind',
    ],
    [
      'with an RSA key',
      made('rsa2', { issuer: 'root', key: ['-newkey', 'rsa:2048'] }),
      [root],
      undefined,
    ],
    [
      'that has expired',
      leaf,
      [root, middle],
      'the certificate has expired',
      now + 31 * 86_400_000,
    ],
    [
      'that is not valid yet',
      leaf,
      [root, middle],
      'the certificate is not valid yet',
      now - 86_400_000,
    ],
  ]

  for (const [what, pem, store, expected, at = now] of rows)
    test(`a client's certificate ${what} is ${expected === undefined ? 'trusted' : 'not'}`, () => {
      const truststore = readTruststore(store.join('\n'), at)
      assert.equal(whyUntrusted(new X509Certificate(pem), truststore, at), expected)
    })

  test('what cannot count in a truststore is told', () => {
    const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'
    const { certificates, warnings } = readTruststore(`${root}${broken}\n`, now + 31 * 86_400_000)
    assert.equal(certificates.length, 1)
    assert.deepEqual(warnings, [
      'C=JP,O=Office,CN=root: the certificate has expired',
      'One of the certificates cannot be read.',
    ])
  })

  test('a certificate is told as OpenSSL prints it', () => {
    const { subjectDN, issuerDN, serialNumber, validity, clientCertPem } = clientCertificateOf(
      new X509Certificate(leaf),
    )
    assert.deepEqual(
      [subjectDN, issuerDN, serialNumber],
      ['C=JP,O=Office,CN=leaf', 'C=JP,O=Office,CN=middle', '258'],
    )
    assert.match(validity.notAfter, /^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4} GMT$/)
    assert.match(clientCertPem, /^-----BEGIN CERTIFICATE-----\n/)
  })
})
