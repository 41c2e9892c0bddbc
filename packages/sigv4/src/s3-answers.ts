/** What does Amazon S3 answer to a signature it refuses? */
import type { ErrorAnswer } from './answers.ts'
import type { FaultDetails, SignatureFault, SignatureForm } from './signature-error.ts'

const malformedHeader = 'The authorization header is malformed; '
const malformedCredential = 'Error parsing the X-Amz-Credential parameter; '
const credentialForm = `the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".`
const mismatch =
  'The request signature we calculated does not match the signature you provided. Check your key and signing method.'
const contentSha256Values =
  'x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD, STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER or a valid sha256 value.'

/**
 * S3's own code, status and message of each fault.
 *
 * @see Amazon S3 API Reference, "Error responses"; wordings as observed by S3-compatible servers
 */
export const s3Answers: {
  readonly [Fault in SignatureFault]: (details: FaultDetails[Fault]) => ErrorAnswer
} = {
  missingAuthentication: () => answer('AccessDenied', 403, 'Access Denied'),
  bothForms: () =>
    answer(
      'InvalidArgument',
      400,
      'Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified',
      { ArgumentName: 'Authorization' },
    ),
  repeatedHeader: ({ name }) =>
    answer('InvalidRequest', 400, `Found more than one '${name}' as HTTP header.`),
  unsupportedAlgorithm: ({ form, algorithm }) =>
    form === 'presigned'
      ? badQuery('X-Amz-Algorithm only supports "AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256"')
      : answer('InvalidArgument', 400, 'Unsupported Authorization Type', {
          ArgumentName: 'Authorization',
          ArgumentValue: algorithm,
        }),
  signatureV4a: () =>
    answer(
      'NotImplemented',
      501,
      'Asymmetric signatures (AWS4-ECDSA-P256-SHA256) are not supported here: sign with AWS4-HMAC-SHA256.',
    ),
  signatureV2: () =>
    answer(
      'InvalidRequest',
      400,
      'The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.',
    ),
  malformedPart: ({ header, part }) =>
    header.startsWith('AWS4-')
      ? answer(
          'AuthorizationHeaderMalformed',
          400,
          `${malformedHeader}the authorization component "${part}" is malformed.`,
        )
      : unsupportedType(header),
  incompleteHeader: ({ header, missing }) => {
    if (!header.startsWith('AWS4-')) return unsupportedType(header)
    const parts = missing.filter((part) => part !== 'Date')
    if (parts.length === 0) {
      return answer(
        'AccessDenied',
        403,
        'AWS authentication requires a valid Date or x-amz-date header',
      )
    }
    return answer(
      'AuthorizationHeaderMalformed',
      400,
      parts.length === 1
        ? `${malformedHeader}missing ${parts[0]}.`
        : `${malformedHeader}the authorization header requires three components: Credential, SignedHeaders, and Signature.`,
    )
  },
  incompleteQuery: () =>
    badQuery(
      'Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.',
    ),
  malformedExpires: ({ fault }) => badQuery(expiresSentences[fault]),
  hostNotSigned: () => notSigned(['host']),
  headersNotSigned: ({ names }) => notSigned(names),
  malformedDate: ({ form }) =>
    form === 'presigned'
      ? badQuery(`X-Amz-Date must be in the ISO8601 Long Format "yyyyMMdd'T'HHmmss'Z'"`)
      : answer(
          'AccessDenied',
          403,
          'AWS authentication requires a valid Date or x-amz-date header',
        ),
  malformedCredential: ({ form }) => badCredential(form, credentialForm),
  expired: (moments) =>
    moments.form === 'presigned'
      ? answer('AccessDenied', 403, 'Request has expired', {
          'X-Amz-Expires': String(moments.expires ?? moments.windowSeconds),
          Expires: extended(moments.signedAt, moments.windowSeconds),
          ServerTime: extended(moments.now, 0),
        })
      : skewed(moments),
  notYetCurrent: (moments) =>
    moments.form === 'presigned'
      ? answer('AccessDenied', 403, 'Request is not valid yet', {
          'X-Amz-Date': moments.signedAt,
          ServerTime: extended(moments.now, 0),
        })
      : skewed(moments),
  wrongScope: ({ form, region, service, terminator, date }) => {
    if (date) {
      const text = `Invalid credential date "${date.scope}". This date is not the same as X-Amz-Date: "${date.signed}".`
      return form === 'presigned' ? badQuery(text) : badCredential(form, text)
    }
    if (region) {
      const text = `the region '${region.given}' is wrong; expecting '${region.expected}'`
      return badCredential(form, text, { Region: region.expected })
    }
    if (service) {
      const text = `incorrect service "${service.given}". This endpoint belongs to "${service.expected}".`
      return badCredential(form, text)
    }
    const text = `incorrect terminal "${terminator ?? ''}". This endpoint uses "aws4_request".`
    return badCredential(form, text)
  },
  unknownAccessKey: ({ accessKeyId }) =>
    answer(
      'InvalidAccessKeyId',
      403,
      'The AWS Access Key Id you provided does not exist in our records.',
      { AWSAccessKeyId: accessKeyId },
    ),
  invalidToken: ({ token }) =>
    answer('InvalidToken', 400, 'The provided token is malformed or otherwise invalid.', {
      'Token-0': token,
    }),
  expiredToken: ({ token }) =>
    answer('ExpiredToken', 400, 'The provided token has expired.', { 'Token-0': token }),
  mismatch: ({ accessKeyId, stringToSign, provided, canonicalRequest }) =>
    answer('SignatureDoesNotMatch', 403, mismatch, {
      AWSAccessKeyId: accessKeyId,
      StringToSign: stringToSign,
      SignatureProvided: provided,
      StringToSignBytes: bytes(stringToSign),
      CanonicalRequest: canonicalRequest,
      CanonicalRequestBytes: bytes(canonicalRequest),
    }),
  missingContentSha256: () =>
    answer('InvalidRequest', 400, 'Missing required header for this request: x-amz-content-sha256'),
  invalidContentSha256: ({ given }) =>
    answer('InvalidArgument', 400, contentSha256Values, {
      ArgumentName: 'x-amz-content-sha256',
      ArgumentValue: given,
    }),
  contentSha256Mismatch: ({ claimed, computed }) =>
    answer(
      'XAmzContentSHA256Mismatch',
      400,
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
      { ClientComputedContentSHA256: claimed, S3ComputedContentSHA256: computed },
    ),
  malformedEscape: () => answer('InvalidURI', 400, "Couldn't parse the specified URI."),
  tooLarge: ({ limit }) =>
    answer(
      'RequestHeaderSectionTooLarge',
      400,
      'Your request header section exceeds the maximum allowed size.',
      { MaxSizeAllowed: String(limit) },
    ),
  chunkMismatch: ({ stringToSign, provided }) =>
    answer('SignatureDoesNotMatch', 403, mismatch, {
      StringToSign: stringToSign,
      SignatureProvided: provided,
      StringToSignBytes: bytes(stringToSign),
    }),
  malformedChunk: () => answer('IncompleteBody', 400, 'The request body terminated unexpectedly'),
  missingDecodedLength: () =>
    answer('MissingContentLength', 411, 'You must provide the Content-Length HTTP header.'),
  smallChunk: ({ chunk, sizeBytes }) =>
    answer(
      'InvalidChunkSizeError',
      403,
      'Only the last chunk is allowed to have a size less than 8192 bytes',
      { Chunk: String(chunk), BadChunkSize: String(sizeBytes) },
    ),
  malformedTrailer: () =>
    answer(
      'MalformedTrailerError',
      400,
      'The request contained trailing data that was not well-formed or did not conform to our published schema.',
    ),
}

const expiresSentences = {
  number: 'X-Amz-Expires should be a number',
  negative: 'X-Amz-Expires must be non-negative',
  tooLarge:
    'X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds',
} satisfies Record<FaultDetails['malformedExpires']['fault'], string>

function answer(
  code: string,
  status: number,
  message: string,
  fields?: Readonly<Record<string, string>>,
): ErrorAnswer {
  return fields === undefined ? { code, status, message } : { code, status, message, fields }
}

function badQuery(message: string, fields?: Readonly<Record<string, string>>): ErrorAnswer {
  return answer('AuthorizationQueryParametersError', 400, message, fields)
}

function badCredential(
  form: SignatureForm,
  text: string,
  fields?: Readonly<Record<string, string>>,
): ErrorAnswer {
  return form === 'presigned'
    ? badQuery(malformedCredential + text, fields)
    : answer('AuthorizationHeaderMalformed', 400, malformedHeader + text, fields)
}

/** S3 answers so to `Authorization: Bearer …`; the value is not repeated, it may be a secret. */
function unsupportedType(header: string): ErrorAnswer {
  return answer('InvalidArgument', 400, 'Unsupported Authorization Type', {
    ArgumentName: 'Authorization',
    ArgumentValue: header.split(' ', 1)[0] ?? '',
  })
}

function notSigned(names: readonly string[]): ErrorAnswer {
  return answer(
    'AccessDenied',
    403,
    'There were headers present in the request which were not signed',
    { HeadersNotSigned: names.join(', ') },
  )
}

function skewed({ signedAt, now, windowSeconds }: FaultDetails['expired']): ErrorAnswer {
  return answer(
    'RequestTimeTooSkewed',
    403,
    'The difference between the request time and the current time is too large.',
    {
      RequestTime: signedAt,
      ServerTime: extended(now, 0),
      MaxAllowedSkewMilliseconds: String(windowSeconds * 1000),
    },
  )
}

/** `20150830T123600Z` plus seconds as `2015-08-30T12:36:00Z`. */
function extended(amzDate: string, plusSeconds: number): string {
  const iso = amzDate.replace(/^(\d{4})(\d{2})(\d{2}T\d{2})(\d{2})(\d{2}Z)$/, '$1-$2-$3:$4:$5')
  return new Date(Date.parse(iso) + plusSeconds * 1000).toISOString().replace('.000Z', 'Z')
}

/** `41 57 53 …` */
function bytes(text: string): string {
  return Buffer.from(text, 'latin1')
    .toString('hex')
    .replace(/..(?=.)/g, '$& ')
}
