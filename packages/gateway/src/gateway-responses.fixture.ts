/** What is asked, and of what API, for each answer that the gateway makes itself; and that answer, to the byte. */
import { createHash } from 'node:crypto'
import { type CallOptions, mock, owner } from './call.fixture.ts'
import { UpstreamError } from './ports.ts'
import type { DeploymentSnapshot, SnapshotMethod } from './snapshot.ts'

const http = (more: Partial<SnapshotMethod['methodIntegration']> = {}): SnapshotMethod => ({
  ...mock,
  methodIntegration: { type: 'HTTP', httpMethod: 'GET', uri: 'http://backend.test/', ...more },
})
const failing = (code: UpstreamError['code']) => () => {
  throw new UpstreamError(code, 'no answer')
}
const iam: SnapshotMethod = { ...mock, authorizationType: 'AWS_IAM' }
const custom: SnapshotMethod = { ...mock, authorizationType: 'CUSTOM', authorizerId: 'a' }
const authorizers: NonNullable<DeploymentSnapshot['authorizers']> = {
  a: {
    id: 'a',
    name: 'a',
    type: 'TOKEN',
    identitySource: 'method.request.header.Authorization',
    authorizerUri: `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:${owner}:function:f/invocations`,
  },
}
export const requestValidators = {
  v: { id: 'v', name: 'v', validateRequestBody: true, validateRequestParameters: true },
}
export const validated: SnapshotMethod = { ...mock, requestValidatorId: 'v' }
const denying = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Deny', Principal: '*', Action: '*', Resource: '*' }],
})
const elsewhere = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: '*', Action: '*', Resource: 'arn:aws:s3:::b' }],
})
const denied = (who: string, suffix = '') =>
  `{"Message":"User: ${who} is not authorized to perform: execute-api:Invoke on resource: arn:aws:execute-api:us-east-1:********1234:abcdefghij/prod/GET/${suffix}"}`
const saying = (Effect: 'Allow' | 'Deny', Resource: string): CallOptions => ({
  headers: ['Authorization', 'x'],
  invokeFunction: async () => ({
    payload: Buffer.from(
      JSON.stringify({
        principalId: 'me',
        policyDocument: {
          Version: '2012-10-17',
          Statement: { Effect, Action: 'execute-api:Invoke', Resource },
        },
      }),
    ),
  }),
})
const proxied = (more: Partial<SnapshotMethod['methodIntegration']> = {}): SnapshotMethod => ({
  ...mock,
  methodIntegration: {
    type: 'AWS_PROXY',
    httpMethod: 'POST',
    uri: authorizers['a']!.authorizerUri!,
    ...more,
  },
})
const hashed = (header: string) => createHash('sha256').update(header).digest('base64')
const signedAs = (accessKeyId: string, scope: string): CallOptions => ({
  headers: [
    'X-Amz-Date',
    '20260102T030405Z',
    'Authorization',
    `AWS4-HMAC-SHA256 Credential=${accessKeyId}/20260102/${scope}/aws4_request, SignedHeaders=host;x-amz-date, Signature=${'0'.repeat(64)}`,
  ],
})
const plan = { id: 'plan', methods: {}, throttle: { rateLimit: 1, burstLimit: 1 } }
const withKey: CallOptions = {
  headers: ['x-api-key', 'k'],
  findKey: () => ({
    keyId: 'k',
    plan: { ...plan, quota: { limit: 1, period: 'DAY' as const, offset: 0 } },
  }),
}

export interface Row {
  readonly method: SnapshotMethod
  readonly more?: Partial<DeploymentSnapshot>
  readonly options?: CallOptions
  readonly status: number
  readonly errorType: string
  readonly body: string | RegExp
}

const internal = {
  status: 500,
  errorType: 'InternalServerErrorException',
  body: '{"message": "Internal server error"}',
} as const

/** Each as recorded from AWS or written in its documentation: a space after the colon is part of it. */
export const rows: Readonly<Record<string, Row>> = {
  'ACCESS_DENIED of an anonymous caller': {
    method: mock,
    more: { policy: denying },
    status: 403,
    errorType: 'AccessDeniedException',
    body: `{"Message":"User: anonymous is not authorized to perform: execute-api:Invoke on resource: arn:aws:execute-api:us-east-1:********1234:abcdefghij/prod/GET/ with an explicit deny"}`,
  },
  'ACCESS_DENIED of an anonymous caller whom nothing allows': {
    method: mock,
    more: { policy: elsewhere },
    status: 403,
    errorType: 'AccessDeniedException',
    body: denied('anonymous'),
  },
  'ACCESS_DENIED of a caller with IAM, explicitly': {
    method: iam,
    more: { policy: denying },
    options: { signedBy: owner },
    status: 403,
    errorType: 'AccessDeniedException',
    body: denied('arn:aws:iam::********1234:root', ' with an explicit deny'),
  },
  'ACCESS_DENIED of a caller of another account': {
    method: iam,
    options: { signedBy: '999999995678' },
    status: 403,
    errorType: 'AccessDeniedException',
    body: denied('arn:aws:iam::********5678:root'),
  },
  'ACCESS_DENIED by an authorizer': {
    method: custom,
    more: { authorizers },
    options: saying('Deny', '*'),
    status: 403,
    errorType: 'AccessDeniedException',
    body: '{"Message":"User is not authorized to access this resource with an explicit deny"}',
  },
  'ACCESS_DENIED of what an authorizer does not speak of': {
    method: custom,
    more: { authorizers },
    options: saying('Allow', 'arn:aws:execute-api:*:*:*/prod/GET/other'),
    status: 403,
    errorType: 'AccessDeniedException',
    body: '{"Message":"User is not authorized to access this resource"}',
  },
  'API_CONFIGURATION_ERROR of a template that cannot be read': {
    method: http({ requestTemplates: { 'application/json': '#if(' } }),
    ...internal,
  },
  'API_CONFIGURATION_ERROR of a header that may not be mapped': {
    method: http({
      requestParameters: { 'integration.request.header.Content-Length': "'1'" },
    }),
    options: { upstream: () => ({ status: 200, headers: [], body: new Uint8Array() }) },
    ...internal,
  },
  'API_CONFIGURATION_ERROR of a function that may not be asked': {
    method: proxied(),
    options: { invokeFunction: failing('NOT_PERMITTED') },
    ...internal,
  },
  'API_CONFIGURATION_ERROR of a function that is asked with GET': {
    method: proxied({ httpMethod: 'GET' }),
    ...internal,
  },
  'API_CONFIGURATION_ERROR of an integration response without its method response': {
    method: { ...mock, methodResponses: {} },
    ...internal,
  },
  'AUTHORIZER_CONFIGURATION_ERROR of an answer that is no policy': {
    method: custom,
    more: { authorizers },
    options: {
      headers: ['Authorization', 'x'],
      invokeFunction: async () => ({ payload: Buffer.from('1'), functionError: undefined }),
    },
    status: 500,
    errorType: 'AuthorizerConfigurationException',
    body: '{"message":null}',
  },
  'AUTHORIZER_CONFIGURATION_ERROR of a function that may not be asked': {
    method: custom,
    more: { authorizers },
    options: { headers: ['Authorization', 'x'], invokeFunction: failing('NOT_PERMITTED') },
    status: 500,
    errorType: 'AuthorizerConfigurationException',
    body: '{"message":null}',
  },
  'AUTHORIZER_FAILURE of a function that is asked too often': {
    method: custom,
    more: { authorizers },
    options: { headers: ['Authorization', 'x'], invokeFunction: failing('THROTTLED') },
    status: 500,
    errorType: 'AuthorizerFailureException',
    body: '{"message":null}',
  },
  'BAD_REQUEST_BODY of a body that does not fit': {
    method: { ...validated, requestModels: { 'application/json': 'M' } },
    more: {
      requestValidators,
      models: {
        M: { id: 'M', name: 'M', contentType: 'application/json', schema: '{"type":"array"}' },
      },
    },
    status: 400,
    errorType: 'BadRequestException',
    body: '{"message": "Invalid request body"}',
  },
  'BAD_REQUEST_BODY of a body that a mapping cannot read': {
    method: http({
      requestParameters: { 'integration.request.header.x': 'method.request.body.a' },
    }),
    options: { body: '{"a":' },
    status: 400,
    errorType: 'BadRequestException',
    body: '{"message": "Invalid JSON in request body"}',
  },
  'BAD_REQUEST_PARAMETERS of what is required and lacking': {
    method: {
      ...validated,
      requestParameters: {
        'method.request.querystring.qs1': true,
        'method.request.path.issuer': true,
        'method.request.header.x-header-param': true,
      },
    },
    more: { requestValidators },
    status: 400,
    errorType: 'BadRequestException',
    body: '{"message": "Missing required request parameters: [x-header-param, issuer, qs1]"}',
  },
  'DEFAULT_5XX of a function whose answer is none': {
    method: proxied(),
    options: { invokeFunction: async () => ({ payload: Buffer.from('"text"') }) },
    ...internal,
    status: 502,
  },
  'DEFAULT_5XX of a function that fails': {
    method: proxied(),
    options: {
      invokeFunction: async () => ({ payload: Buffer.from('{}'), functionError: 'Unhandled' }),
    },
    ...internal,
    status: 502,
  },
  'EXPIRED_TOKEN of a session that is over': {
    method: iam,
    options: { signedBy: owner, identify: () => 'expired token' },
    status: 403,
    errorType: 'ExpiredTokenException',
    body: '{"message":"The security token included in the request is expired"}',
  },
  'INTEGRATION_FAILURE of a backend that is not there': {
    method: http(),
    options: { upstream: failing('UNREACHABLE') },
    status: 504,
    errorType: 'InternalServerErrorException',
    body: '{"message": "Network error communicating with endpoint"}',
  },
  'INTEGRATION_FAILURE of a function that is asked too often': {
    method: proxied(),
    options: { invokeFunction: failing('THROTTLED') },
    ...internal,
  },
  'INTEGRATION_TIMEOUT of a backend that says nothing': {
    method: http(),
    options: { upstream: failing('TIMEOUT') },
    status: 504,
    errorType: 'InternalServerErrorException',
    body: '{"message": "Endpoint request timed out"}',
  },
  'INVALID_API_KEY of a call without one': {
    method: { ...mock, apiKeyRequired: true },
    status: 403,
    errorType: 'ForbiddenException',
    body: '{"message":"Forbidden"}',
  },
  'INVALID_API_KEY of a key that no plan of this stage has': {
    method: { ...mock, apiKeyRequired: true },
    options: { headers: ['x-api-key', 'k'], findKey: () => undefined },
    status: 403,
    errorType: 'ForbiddenException',
    body: '{"message":"Forbidden"}',
  },
  'INVALID_SIGNATURE of a header that is no signature': {
    method: iam,
    options: { headers: ['Authorization', 'Bearer x'] },
    status: 403,
    errorType: 'IncompleteSignatureException',
    body: `{"message":"Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): '${hashed('Bearer x')}'."}`,
  },
  'INVALID_SIGNATURE of a header without its parts': {
    method: iam,
    options: { headers: ['Authorization', 'AWS4-HMAC-SHA256 a=b'] },
    status: 403,
    errorType: 'IncompleteSignatureException',
    body: `{"message":"Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. (Hashed with SHA-256 and encoded with Base64) Authorization=${hashed('AWS4-HMAC-SHA256 a=b')}"}`,
  },
  'INVALID_SIGNATURE of a signature that is another': {
    method: iam,
    options: signedAs('AKIDEXAMPLE', 'us-east-1/execute-api'),
    status: 403,
    errorType: 'InvalidSignatureException',
    body: /^\{"message":"The request signature we calculated does not match the signature you provided\. Check your AWS Secret Access Key and signing method\. Consult the service documentation for details\.\\n\\nThe Canonical String for this request should have been\\n'GET\\n\/prod\/\\n.*'\\n\\nThe String-to-Sign should have been\\n'AWS4-HMAC-SHA256\\n20260102T030405Z\\n20260102\/us-east-1\/execute-api\/aws4_request\\n[0-9a-f]{64}'\\n"\}$/,
  },
  'INVALID_SIGNATURE of a signature for another region': {
    method: iam,
    options: signedAs('AKIDEXAMPLE', 'ap-northeast-1/execute-api'),
    status: 403,
    errorType: 'InvalidSignatureException',
    body: `{"message":"Credential should be scoped to a valid region, not 'ap-northeast-1'. "}`,
  },
  'INVALID_SIGNATURE of a signature for another service': {
    method: iam,
    options: signedAs('AKIDEXAMPLE', 'us-east-1/s3'),
    status: 403,
    errorType: 'InvalidSignatureException',
    body: `{"message":"Credential should be scoped to correct service: 'execute-api'. "}`,
  },
  'INVALID_SIGNATURE of a signature that is too old': {
    method: iam,
    options: { signedBy: owner, at: Date.UTC(2026, 0, 2, 2, 58, 5) },
    status: 403,
    errorType: 'InvalidSignatureException',
    body: '{"message":"Signature expired: 20260102T025805Z is now earlier than 20260102T025905Z (20260102T030405Z - 5 min.)"}',
  },
  'INVALID_SIGNATURE of a signature from the future': {
    method: iam,
    options: { signedBy: owner, at: Date.UTC(2026, 0, 2, 3, 10, 5) },
    status: 403,
    errorType: 'InvalidSignatureException',
    body: '{"message":"Signature not yet current: 20260102T031005Z is still later than 20260102T030905Z (20260102T030405Z + 5 min.)"}',
  },
  'INVALID_SIGNATURE of an unknown access key': {
    method: iam,
    options: signedAs('AKIDNOBODY', 'us-east-1/execute-api'),
    status: 403,
    errorType: 'UnrecognizedClientException',
    body: '{"message":"The security token included in the request is invalid."}',
  },
  'MISSING_AUTHENTICATION_TOKEN of an unsigned call': {
    method: iam,
    status: 403,
    errorType: 'MissingAuthenticationTokenException',
    body: '{"message":"Missing Authentication Token"}',
  },
  'MISSING_AUTHENTICATION_TOKEN of a path that is not there': {
    method: mock,
    options: { path: '/nowhere' },
    status: 403,
    errorType: 'MissingAuthenticationTokenException',
    body: '{"message":"Missing Authentication Token"}',
  },
  'MISSING_AUTHENTICATION_TOKEN of a method that is not there': {
    method: mock,
    options: { method: 'POST' },
    status: 403,
    errorType: 'MissingAuthenticationTokenException',
    body: '{"message":"Missing Authentication Token"}',
  },
  'QUOTA_EXCEEDED of a key whose plan is used up': {
    method: { ...mock, apiKeyRequired: true },
    options: { ...withKey, draw: (draws) => draws.findIndex((draw) => 'count' in draw) },
    status: 429,
    errorType: 'LimitExceededException',
    body: '{"message":"Limit Exceeded"}',
  },
  'RESOURCE_NOT_FOUND of a signed call to nowhere': {
    method: iam,
    options: { path: '/nowhere', signedBy: owner },
    status: 404,
    errorType: 'NotFoundException',
    body: '{"message":"Not Found"}',
  },
  'THROTTLED of a key that calls too often': {
    method: { ...mock, apiKeyRequired: true },
    options: { ...withKey, draw: (draws) => draws.findIndex((draw) => 'bucket' in draw) },
    status: 429,
    errorType: 'TooManyRequestsException',
    body: '{"message":"Too Many Requests"}',
  },
  'UNAUTHORIZED of a call without a token': {
    method: custom,
    more: { authorizers },
    status: 401,
    errorType: 'UnauthorizedException',
    body: '{"message":"Unauthorized"}',
  },
  'UNAUTHORIZED by the one word of a function': {
    method: custom,
    more: { authorizers },
    options: {
      headers: ['Authorization', 'x'],
      invokeFunction: async () => ({
        payload: Buffer.from('{"errorMessage":"Unauthorized"}'),
        functionError: 'Unhandled',
      }),
    },
    status: 401,
    errorType: 'UnauthorizedException',
    body: '{"message":"Unauthorized"}',
  },
  'UNSUPPORTED_MEDIA_TYPE of a body that nothing is there for': {
    method: http({ passthroughBehavior: 'NEVER' }),
    status: 415,
    errorType: 'BadRequestException',
    body: '{"message": "Unsupported Media Type"}',
  },
  'no integration response for what the backend said': {
    method: http(),
    options: { upstream: () => ({ status: 200, headers: [], body: new Uint8Array() }) },
    ...internal,
  },
}
