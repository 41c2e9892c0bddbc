/** Who signed this call? */
import {
  answerTo,
  checkClaim,
  emptySha256,
  findSignature,
  type SignatureClaim,
  SignatureError,
  serviceRules,
  sha256,
  verifySignature,
} from '@sekisho/sigv4'
import { GatewayError } from './gateway-responses.ts'
import type { Matched, Received } from './pass.ts'
import type { CallerFound, CallerIdentity, Ports } from './ports.ts'

export interface Authenticated {
  readonly identity: CallerIdentity
  readonly claim: SignatureClaim
}

/**
 * At once where the caller is known already.
 * @throws GatewayError MISSING_AUTHENTICATION_TOKEN, INVALID_SIGNATURE, EXPIRED_TOKEN
 */
export function authenticate(
  received: Received,
  region: string,
  body: Uint8Array | undefined,
  ports: Ports,
): Authenticated | Promise<Authenticated> {
  const signedBy = ports.machineNowMs()
  const claim = checkedClaim(received, region, signedBy)
  const found = ports.identify(claim.accessKeyId, claim.sessionToken, ports.nowMs())
  const verify = (each: CallerFound) => {
    const authenticated = verified(received, region, body, claim, each, signedBy)
    ports.noteUse?.(claim, authenticated.identity, ports.nowMs())
    return authenticated
  }
  return found instanceof Promise ? found.then(verify) : verify(found)
}

function verified(
  { method, rawPath, rawQuery, headers }: Received,
  region: string,
  body: Uint8Array | undefined,
  claim: SignatureClaim,
  found: CallerFound,
  nowMs: number,
): Authenticated {
  const identity = somebody(found, claim)
  return refusing(() => {
    verifySignature({ method, rawPath, rawQuery, headers }, claim, {
      secretAccessKey: identity.secretAccessKey,
      now: new Date(nowMs),
      bodySha256: () => (body === undefined || body.length === 0 ? emptySha256 : sha256(body)),
      rules: serviceRules('execute-api', region),
    })
    return { identity, claim }
  })
}

/** What can be refused before the body is read: a claim that is none, too old, for another region, of an unknown key. */
export function checkBeforeBody({ received, deployment }: Matched, ports: Ports): void {
  const claim = checkedClaim(received, deployment.snapshot.region, ports.machineNowMs())
  const found = ports.identify(claim.accessKeyId, claim.sessionToken, ports.nowMs())
  // Whoever has to be looked up first is looked at after the body, and so is what goes wrong there.
  if (found instanceof Promise) found.catch(() => {})
  else somebody(found, claim)
}

function checkedClaim(received: Received, region: string, nowMs: number): SignatureClaim {
  return refusing(() => {
    const claim = claimOf(received)
    checkClaim(claim, { now: new Date(nowMs), rules: serviceRules('execute-api', region) })
    return claim
  })
}

/** @throws GatewayError INVALID_SIGNATURE, EXPIRED_TOKEN */
function somebody(
  found: CallerFound,
  { accessKeyId, sessionToken = '' }: SignatureClaim,
): CallerIdentity {
  if (typeof found !== 'string') return found
  throw refusalOf(
    found === 'unknown'
      ? new SignatureError('unknownAccessKey', { accessKeyId })
      : found === 'invalid token'
        ? new SignatureError('invalidToken', { token: sessionToken })
        : new SignatureError('expiredToken', { token: sessionToken }),
  )
}

function refusing<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw error instanceof SignatureError ? refusalOf(error) : error
  }
}

function claimOf({ method, rawPath, rawQuery, headers }: Received): SignatureClaim {
  const claim = findSignature({ method, rawPath, rawQuery, headers })
  if (claim === undefined) throw new GatewayError('MISSING_AUTHENTICATION_TOKEN')
  return claim
}

function refusalOf(error: SignatureError): GatewayError {
  const { code, status, message } = answerTo(error, 'executeApi')
  const type = code === 'ExpiredTokenException' ? 'EXPIRED_TOKEN' : 'INVALID_SIGNATURE'
  return new GatewayError(type, { errorType: code, status, message })
}
