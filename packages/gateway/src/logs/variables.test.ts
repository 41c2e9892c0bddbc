import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type CallOptions,
  call,
  mock,
  nowMs,
  owner,
  petMethod,
  petModels,
  snapshotOf,
} from '../call.fixture.ts'
import { type FunctionAnswer, UpstreamError } from '../ports.ts'
import type { DeploymentSnapshot, SnapshotMethod, StageSettings } from '../snapshot.ts'

interface Scenario {
  readonly method?: SnapshotMethod
  readonly snapshot?: Partial<DeploymentSnapshot>
  readonly options?: CallOptions
}

const requestId = '3d2b9f4e-0000-4000-8000-000000000000'
const keyValue = 'abcdefghijklmnopqrstuvwxyz'
const answers =
  (body: unknown, more: Partial<FunctionAnswer> = {}) =>
  async () => ({
    payload: Buffer.from(JSON.stringify(body)),
    ...more,
  })
const allowing = (Resource: string) => ({
  Version: '2012-10-17',
  Statement: { Effect: 'Allow', Action: 'execute-api:Invoke', Resource },
})
const functionAt = (name: string) =>
  `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:${owner}:function:${name}/invocations`
const http: SnapshotMethod = {
  ...mock,
  methodIntegration: {
    type: 'HTTP_PROXY',
    httpMethod: 'GET',
    uri: 'http://backend.example/',
    integrationResponses: {},
  },
}
const authorizers = {
  a: {
    id: 'a',
    name: 'door',
    type: 'TOKEN',
    authorizerUri: functionAt('door'),
    identitySource: 'method.request.header.Auth',
    authorizerResultTtlInSeconds: 0,
  },
} as const

const scenarios = {
  /** Signed, with an API key, by a domain of its own over TLS, into a canary, to a backend that answers. */
  whole: {
    method: { ...http, authorizationType: 'AWS_IAM', apiKeyRequired: true },
    options: {
      signedBy: owner,
      callerKeys: new Map<string, string | readonly string[]>([
        ['aws:principalorgid', 'o-a1b2c3d4e5'],
        ['cognito-identity.amazonaws.com:aud', 'us-east-1:pool'],
        ['cognito-identity.amazonaws.com:sub', 'us-east-1:them'],
        [
          'cognito-identity.amazonaws.com:amr',
          ['authenticated', 'login.example', 'login.example:them'],
        ],
      ]),
      headers: ['x-api-key', keyValue, 'User-Agent', 'curl/8'],
      findKey: () => ({ keyId: 'key1', plan: { id: 'plan', methods: {} } }),
      upstream: () => ({
        status: 201,
        headers: ['x-amzn-RequestId', 'theirs'],
        body: Buffer.from('cat'),
      }),
      stage: {
        tracingEnabled: true,
        isCanary: true,
        canarySettings: { percentTraffic: 100, deploymentId: 'dep123' },
      } as Partial<StageSettings>,
      received: {
        domainName: 'api.example.com',
        customDomain: { basePath: 'v1' },
        tls: { version: 'TLSv1.3', cipherSuite: 'TLS_AES_128_GCM_SHA256' },
        vpcEndpoint: { id: 'vpce-1a2b', vpcId: 'vpc-3c4d' },
        clientCertificate: {
          clientCertPem: 'PEM',
          subjectDN: 'CN=client',
          issuerDN: 'CN=office',
          serialNumber: '258',
          validity: {
            notBefore: 'Jan  1 00:00:00 2026 GMT',
            notAfter: 'Jan  1 00:00:00 2027 GMT',
          },
        },
      },
    },
  },
  /** A function lets in, and another one answers. */
  functions: {
    method: {
      ...mock,
      authorizationType: 'CUSTOM',
      authorizerId: 'a',
      methodIntegration: {
        type: 'AWS_PROXY',
        httpMethod: 'POST',
        uri: functionAt('pets'),
        integrationResponses: {},
      },
    },
    snapshot: { authorizers },
    options: {
      headers: ['Auth', 'friend'],
      invokeFunction: async (asked) =>
        asked.functionName.endsWith('door')
          ? answers(
              { principalId: 'me', policyDocument: allowing('*'), context: { size: 7 } },
              { requestId: 'at the door' },
            )()
          : answers({ statusCode: 404, body: 'no cat' }, { requestId: 'theirs' })(),
    },
  },
  'a failed function': {
    method: {
      ...mock,
      methodIntegration: { type: 'AWS_PROXY', httpMethod: 'POST', uri: functionAt('pets') },
    },
    options: {
      invokeFunction: answers({}, { functionError: 'Unhandled', requestId: 'theirs' }),
    },
  },
  'no friend': {
    method: { ...mock, authorizationType: 'CUSTOM', authorizerId: 'a' },
    snapshot: { authorizers },
    options: {
      headers: ['Auth', 'foe'],
      invokeFunction: answers({ principalId: 'me', policyDocument: allowing('arn:aws:x') }),
    },
  },
  'no token': {
    method: { ...mock, authorizationType: 'CUSTOM', authorizerId: 'a' },
    snapshot: { authorizers },
  },
  unsigned: { method: { ...mock, authorizationType: 'AWS_IAM' } },
  invalid: { method: petMethod, snapshot: petModels },
  unreachable: {
    method: http,
    options: {
      upstream: () => {
        throw new UpstreamError('TIMEOUT', 'too slow')
      },
    },
  },
} satisfies Record<string, Scenario>

/**
 * All variables of the page, by how a call has to go for them to have a value.
 *
 * @see API Gateway Developer Guide, "Variables for access logging for API Gateway"
 */
const rows: readonly (readonly [string, keyof typeof scenarios, string])[] = [
  ['accountId', 'whole', owner],
  ['apiId', 'whole', 'abcdefghij'],
  ['authenticate.error', 'unsigned', 'Missing Authentication Token'],
  ['authenticate.latency', 'whole', '0'],
  ['authenticate.status', 'whole', '200'],
  ['authenticate.status', 'unsigned', '403'],
  ['authenticate.status', 'functions', '-'],
  ['authorize.error', 'no friend', 'User is not authorized to access this resource'],
  ['authorize.latency', 'whole', '0'],
  ['authorize.status', 'whole', '200'],
  ['authorize.status', 'no friend', '403'],
  ['authorize.status', 'no token', '-'],
  ['authorizer.claims', 'functions', '-'],
  ['authorizer.error', 'no token', 'Unauthorized'],
  ['authorizer.integrationLatency', 'functions', '0'],
  ['authorizer.integrationStatus', 'functions', '200'],
  ['authorizer.latency', 'functions', '0'],
  ['authorizer.principalId', 'functions', 'me'],
  ['authorizer.requestId', 'functions', 'at the door'],
  ['authorizer.size', 'functions', '7'],
  ['authorizer.status', 'functions', '200'],
  ['authorizer.status', 'no friend', '200'],
  ['authorizer.status', 'no token', '401'],
  ['awsEndpointRequestId', 'whole', 'theirs'],
  ['cipherSuite', 'whole', 'TLS_AES_128_GCM_SHA256'],
  ['customDomain.basePathMatched', 'whole', 'v1'],
  ['deploymentId', 'whole', 'dep123'],
  ['domainName', 'whole', 'api.example.com'],
  ['domainPrefix', 'whole', 'api'],
  ['endpointType', 'whole', 'REGIONAL'],
  ['error.message', 'unsigned', 'Missing Authentication Token'],
  ['error.messageString', 'unsigned', '"Missing Authentication Token"'],
  ['error.responseType', 'unsigned', 'MISSING_AUTHENTICATION_TOKEN'],
  ['error.validationErrorString', 'invalid', '[object has missing required properties (["name"])]'],
  ['extendedRequestId', 'whole', 'AbCdEfGhIjKlMnO='],
  ['httpMethod', 'whole', 'GET'],
  ['identity.accountId', 'whole', owner],
  ['identity.apiKey', 'whole', '********************uvwxyz'],
  ['identity.apiKeyId', 'whole', 'key1'],
  ['identity.caller', 'whole', owner],
  ['identity.clientCert.clientCertPem', 'whole', 'PEM'],
  ['identity.clientCert.issuerDN', 'whole', 'CN=office'],
  ['identity.clientCert.serialNumber', 'whole', '258'],
  ['identity.clientCert.subjectDN', 'whole', 'CN=client'],
  ['identity.clientCert.validity.notAfter', 'whole', 'Jan  1 00:00:00 2027 GMT'],
  ['identity.clientCert.validity.notBefore', 'whole', 'Jan  1 00:00:00 2026 GMT'],
  ['identity.cognitoAuthenticationProvider', 'whole', 'login.example,login.example:them'],
  ['identity.cognitoAuthenticationType', 'whole', 'authenticated'],
  ['identity.cognitoIdentityId', 'whole', 'us-east-1:them'],
  ['identity.cognitoIdentityPoolId', 'whole', 'us-east-1:pool'],
  ['identity.principalOrgId', 'whole', 'o-a1b2c3d4e5'],
  ['identity.sourceIp', 'whole', '11.22.33.44'],
  ['identity.user', 'whole', owner],
  ['identity.userAgent', 'whole', 'curl/8'],
  ['identity.userArn', 'whole', `arn:aws:iam::${owner}:root`],
  ['identity.vpcId', 'whole', 'vpc-3c4d'],
  ['identity.vpceId', 'whole', 'vpce-1a2b'],
  ['integration.error', 'unreachable', 'too slow'],
  ['integration.integrationStatus', 'whole', '201'],
  ['integration.integrationStatus', 'functions', '200'],
  ['integration.latency', 'whole', '0'],
  ['integration.requestId', 'whole', 'theirs'],
  ['integration.requestId', 'functions', 'theirs'],
  ['integration.requestId', 'a failed function', 'theirs'],
  ['integration.integrationStatus', 'a failed function', '200'],
  ['integration.status', 'a failed function', '-'],
  ['integration.responseTransferMode', 'whole', 'BUFFERED'],
  ['integration.status', 'whole', '201'],
  ['integration.status', 'functions', '404'],
  ['integration.timeToAllHeaders', 'whole', '0'],
  ['integration.timeToFirstContent', 'whole', '0'],
  ['integrationLatency', 'whole', '0'],
  ['integrationStatus', 'functions', '200'],
  ['isCanaryRequest', 'whole', 'true'],
  ['path', 'whole', '/prod/'],
  ['protocol', 'whole', 'HTTP/1.1'],
  ['requestId', 'whole', requestId],
  ['requestTime', 'whole', '02/Jan/2026:03:04:05 +0000'],
  ['requestTimeEpoch', 'whole', String(nowMs)],
  ['resourceId', 'whole', 'res0'],
  ['resourcePath', 'whole', '/'],
  ['responseLatency', 'whole', '0'],
  ['responseLength', 'whole', '3'],
  ['stage', 'whole', 'prod'],
  ['status', 'functions', '404'],
  ['status', 'unreachable', '504'],
  ['tlsVersion', 'whole', 'TLSv1.3'],
  [
    'xrayTraceId',
    'whole',
    'Root=1-695735a5-3d2b9f4e0000400080000000;Parent=8000000000000000;Sampled=1',
  ],
  // No web ACL stands before an API here.
  ['waf.error', 'whole', '-'],
  ['waf.latency', 'whole', '-'],
  ['waf.status', 'whole', '-'],
  ['wafResponseCode', 'whole', '-'],
  ['webaclArn', 'whole', '-'],
  // No routing rules.
  ['customDomain.routingRuleIdMatched', 'whole', '-'],
]

for (const [variable, name, expected] of rows)
  test(`$context.${variable} of a call that is ${name}`, async () => {
    const { method = mock, snapshot, options }: Scenario = scenarios[name]
    const lines: string[] = []
    await call(snapshotOf({ '/': { GET: method } }, snapshot), {
      ...options,
      stage: {
        ...options?.stage,
        logRoleArn: `arn:aws:iam::${owner}:role/logs`,
        accessLogSettings: {
          destinationArn: `arn:aws:logs:us-east-1:${owner}:log-group:access`,
          format: `[$context.${variable}]`,
        },
      },
      journal: { write: (_log, _of, line) => lines.push(line) },
    })
    assert.deepEqual(lines, [`[${expected}]`])
  })
