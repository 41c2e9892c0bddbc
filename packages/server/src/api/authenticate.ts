/** Who sent this call to an AWS API? */
import { AwsError } from '@sekisho/protocols'
import { type Identities, type Identity, identityOfRoot, type Nobody } from '@sekisho/services'
import {
  answerTo,
  checkClaim,
  type ErrorFamily,
  findSignature,
  type HttpMessage,
  type SignatureClaim,
  SignatureError,
  serviceRules,
  sha256,
  unverifiedPayload,
  type VerifiedPayload,
  verifySignature,
} from '@sekisho/sigv4'
import type { IamMode } from '../config-settings.ts'
import type { Caller } from './caller.ts'

export interface AuthenticateOptions {
  readonly identities: Identities
  readonly mode: IamMode
  /** Whose callers are who sign with a key that is no account's number, where any key is accepted. */
  readonly firstAccountId: () => string
  /** That clients are told of who sign for none. */
  readonly region: string
}

export interface Authenticated extends Caller {
  /** What is known of the body. */
  readonly payload: VerifiedPayload
}

/**
 * @param body  `streamed`: it is read later, and compared then with what is known of it
 * @throws AwsError  as services of this family word it
 */
export async function authenticate(
  message: HttpMessage,
  body: Uint8Array | 'streamed',
  claim: SignatureClaim | undefined,
  family: ErrorFamily,
  signingName: string,
  /** By which sessions end; signatures are judged by the machine's time. */
  now: Date,
  { identities, mode, firstAccountId, region }: AuthenticateOptions,
): Promise<Authenticated> {
  try {
    if (claim === undefined) throw new SignatureError('missingAuthentication', {})
    checkRegion(claim, region)
    const rules = serviceRules(signingName)
    const signedBy = new Date()
    const isBelieved = mode === 'off' && !mayBeForced(message, claim, signingName)
    // A link ends when it says, in every mode.
    if (!isBelieved || claim.form === 'presigned') checkClaim(claim, { now: signedBy, rules })
    const { accessKeyId, sessionToken } = claim
    const identity = await identities.find(accessKeyId, sessionToken, now.getTime())
    if (isBelieved)
      return {
        identity: typeof identity === 'string' ? anyone(claim, firstAccountId()) : identity,
        region: claim.region,
        payload: unverifiedPayload(message),
      }
    if (typeof identity === 'string') throw faultOf(identity, claim)
    const payload = verifySignature(message, claim, {
      secretAccessKey: identity.secretAccessKey,
      now: signedBy,
      bodySha256: body === 'streamed' ? body : () => sha256(body),
      rules,
    })
    return { identity, region: claim.region, payload }
  } catch (error) {
    throw error instanceof SignatureError ? refusal(error, family) : error
  }
}

/** What form the body has of a request that nobody signed. @throws AwsError */
export function unsignedPayload(message: HttpMessage, family: ErrorFamily): VerifiedPayload {
  try {
    return unverifiedPayload(message)
  } catch (error) {
    throw error instanceof SignatureError ? refusal(error, family) : error
  }
}

/** @throws AwsError  what claims to be a signature is none, or there are two */
export function claimOf(message: HttpMessage): SignatureClaim | SignatureError | undefined {
  try {
    return findSignature(message)
  } catch (error) {
    if (error instanceof SignatureError) return error
    throw error
  }
}

export function refusal(error: SignatureError, family: ErrorFamily): AwsError {
  const { code, message, status, fields } = answerTo(error, family)
  return new AwsError(code, message, status, fields)
}

/**
 * Could a web page make its reader's browser send this? It can have a presigned link followed, but neither send a header nor
 * use another method than POST without being asked first; and who follows a link to an object only reads it.
 */
function mayBeForced({ method }: HttpMessage, { form }: SignatureClaim, service: string): boolean {
  return form === 'presigned' && (service !== 's3' || method === 'POST')
}

/** Any region that has a region's form lives here; its name becomes part of ARNs. */
function checkRegion({ region, form }: SignatureClaim, expected: string): void {
  if (!/^[a-z]{2}(-[a-z]+)+-\d{1,2}$/.test(region))
    throw new SignatureError('wrongScope', { form, region: { given: region, expected } })
}

/** Where any credentials are accepted, a key id that nobody has may name an account by its twelve digits. */
function anyone({ accessKeyId }: SignatureClaim, firstAccountId: string): Identity {
  return identityOfRoot(/^\d{12}$/.test(accessKeyId) ? accessKeyId : firstAccountId, '')
}

function faultOf(nobody: Nobody, { accessKeyId, sessionToken = '' }: SignatureClaim) {
  switch (nobody) {
    case 'unknown':
      return new SignatureError('unknownAccessKey', { accessKeyId })
    case 'invalid token':
      return new SignatureError('invalidToken', { token: sessionToken })
    case 'expired token':
      return new SignatureError('expiredToken', { token: sessionToken })
  }
}
