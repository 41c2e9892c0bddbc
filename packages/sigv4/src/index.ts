/** AWS Signature Version 4: who signed this request? */
export { answerTo, type ErrorAnswer, type ErrorFamily } from './answers.ts'
export {
  canonicalHeaders,
  canonicalPath,
  canonicalQuery,
  canonicalRequest,
} from './canonical-request.ts'
export { type ChunkDecoder, createChunkDecoder } from './chunk-decoder.ts'
export { type ChunkLink, signChunk, signTrailers } from './chunk-signature.ts'
export { findSignature, type SignatureClaim } from './claim.ts'
export { formatAmzDate } from './dates.ts'
export { limits } from './limits.ts'
export type { HttpMessage } from './message.ts'
export { type ServiceRules, serviceRules } from './rules.ts'
export { type Credentials, presign, type SignOptions, signRequest } from './sign.ts'
export { emptySha256, sha256 } from './signature.ts'
export {
  type FaultDetails,
  SignatureError,
  type SignatureFault,
  type SignatureForm,
} from './signature-error.ts'
export {
  createSigningKeys,
  deriveSigningKey,
  type Scope,
  type SigningKey,
  type SigningKeys,
  scopeText,
} from './signing-key.ts'
export {
  type ChunkedPayload,
  checkClaim,
  unverifiedPayload,
  type VerifiedPayload,
  type VerifyOptions,
  verifySignature,
} from './verify.ts'
