/** SigV4a: signatures that hold in many regions, made with a key pair that both sides derive from the secret. */
import { createECDH, createHmac, createPublicKey, type KeyObject, verify } from 'node:crypto'
import { asymmetric, type SignatureClaim } from './claim.ts'
import { sha256 } from './signature.ts'

/** As SigV4's, without a region. */
export function asymmetricStringToSign(
  { amzDate, date, service }: Pick<SignatureClaim, 'amzDate' | 'date' | 'service'>,
  canonicalRequest: string,
): string {
  return `${asymmetric}\n${amzDate}\n${date}/${service}/aws4_request\n${sha256(canonicalRequest)}`
}

/** @param signature  in hex, as DER */
export function isSignedBy(key: KeyObject, text: string, signature: string): boolean {
  // The longest of two numbers of 33 bytes each, with what tells their lengths.
  if (!/^(?:[0-9a-f]{2}){8,72}$/.test(signature)) return false
  return verify('sha256', Buffer.from(text, 'latin1'), key, Buffer.from(signature, 'hex'))
}

/** Finds public keys; at most `limit` of them are remembered. */
export function createPublicKeys(limit = 1_024): typeof derivePublicKey {
  const known = new Map<string, { readonly secretAccessKey: string; readonly key: KeyObject }>()
  return (accessKeyId, secretAccessKey) => {
    const found = known.get(accessKeyId)
    // A rotated secret makes the remembered key worthless: derive again.
    if (found?.secretAccessKey === secretAccessKey) return found.key
    const key = derivePublicKey(accessKeyId, secretAccessKey)
    if (known.size >= limit) known.clear()
    known.set(accessKeyId, { secretAccessKey, key })
    return key
  }
}

const curve = 'prime256v1'
const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n

/**
 * The public half of the pair that belongs to a secret access key.
 *
 * @see NIST SP 800-108, key derivation in counter mode; FIPS 186-4, B.4.2 (candidates that are too large are passed over)
 */
export function derivePublicKey(accessKeyId: string, secretAccessKey: string): KeyObject {
  for (let counter = 1; counter <= 254; counter++) {
    const input = Buffer.concat([
      Buffer.from([0, 0, 0, 1]),
      Buffer.from(`${asymmetric}\0${accessKeyId}`, 'latin1'),
      Buffer.from([counter, 0, 0, 1, 0]),
    ])
    const candidate = createHmac('sha256', `AWS4A${secretAccessKey}`).update(input).digest('hex')
    const number = BigInt(`0x${candidate}`)
    if (number > order - 2n) continue
    const pair = createECDH(curve)
    pair.setPrivateKey((number + 1n).toString(16).padStart(64, '0'), 'hex')
    const point = pair.getPublicKey()
    const jwk = {
      kty: 'EC',
      crv: 'P-256',
      x: point.toString('base64url', 1, 33),
      y: point.toString('base64url', 33),
    }
    return createPublicKey({ key: jwk, format: 'jwk' })
  }
  throw new Error('no key pair can be derived from this secret')
}
