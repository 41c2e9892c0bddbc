/** A new key with a certificate of its own making: what backends know this gateway by. */
import { generateKeyPair } from 'node:crypto'
import { promisify } from 'node:util'
import type { CertifiedKey } from '@sekisho/services'
import { newSerial } from './authority.ts'
import { issueCertificate } from './x509.ts'

/** RSA, as backends of API Gateway expect it. */
export async function selfSigned(
  commonName: string,
  notBefore: Date,
  notAfter: Date,
): Promise<CertifiedKey> {
  const keys = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 })
  const name = { commonName }
  const certificate = issueCertificate({
    subject: name,
    issuer: name,
    publicKey: keys.publicKey,
    signedBy: keys,
    serial: newSerial(),
    notBefore,
    notAfter,
    use: 'client',
  })
  const privateKey = keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  return { certificate, privateKey }
}
