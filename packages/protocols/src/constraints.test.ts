import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AwsError } from './aws-error.ts'
import { modelOf } from './clients.fixture.ts'
import { type Constraints, validateInput } from './constraints.ts'
import type { Values } from './protocol.ts'
import type { ServiceName } from './services.ts'

const none = { prefix: '', code: 'ValidationError' }
const opEnum = { enum: ['add', 'remove', 'move', 'test', 'replace', 'copy'] }
const endpointConstraints = {
  'endpointConfiguration.types': { enum: ['PRIVATE', 'EDGE', 'REGIONAL'] },
  'endpointConfiguration.ipAddressType': { enum: ['ipv4', 'dualstack'] },
}

interface Row {
  readonly claim: string
  readonly service: ServiceName
  readonly operation: string
  readonly input: Values
  readonly constraints: Constraints
  readonly options?: { readonly prefix: string; readonly code: string }
  readonly expected: string
}

/** Messages as AWS worded them. */
const rows: readonly Row[] = [
  {
    claim: 'a member that must be there, recorded from CloudFront',
    service: 'cloudfront',
    operation: 'CreateInvalidation',
    input: { DistributionId: 'E1' },
    constraints: {},
    options: { prefix: '', code: 'MalformedXML' },
    expected:
      "MalformedXML: 1 validation error detected: Value null at 'invalidationBatch' failed to satisfy constraint: Member must not be null",
  },
  {
    claim: 'an enumeration in the body, recorded from API Gateway',
    service: 'apigateway',
    operation: 'PutIntegration',
    input: { restApiId: 'a', resourceId: 'b', httpMethod: 'GET', type: 'HTTPS_PROXY' },
    constraints: { type: { enum: ['HTTP', 'MOCK', 'AWS_PROXY', 'HTTP_PROXY', 'AWS'] } },
    options: { prefix: 'putIntegrationInput', code: 'ValidationException' },
    expected:
      "ValidationException: 1 validation error detected: Value 'HTTPS_PROXY' at 'putIntegrationInput.type' failed to satisfy constraint: Member must satisfy enum value set: [HTTP, MOCK, AWS_PROXY, HTTP_PROXY, AWS]",
  },
  {
    claim: 'a pattern of a label, recorded from API Gateway',
    service: 'apigateway',
    operation: 'PutIntegrationResponse',
    input: { restApiId: 'a', resourceId: 'b', httpMethod: 'GET', statusCode: 'wrong' },
    constraints: { statusCode: { pattern: /[1-5]\d\d/ } },
    options: { prefix: 'putIntegrationResponseInput', code: 'ValidationException' },
    expected:
      "ValidationException: 1 validation error detected: Value 'wrong' at 'statusCode' failed to satisfy constraint: Member must satisfy regular expression pattern: [1-5]\\d\\d",
  },
  {
    claim: 'members of a list count from one, recorded from API Gateway',
    service: 'apigateway',
    operation: 'UpdateGatewayResponse',
    input: { restApiId: 'a', responseType: 'THROTTLED', patchOperations: [{ op: 'wrong-op' }] },
    constraints: { 'patchOperations.*.op': opEnum },
    options: { prefix: 'updateGatewayResponseInput', code: 'ValidationException' },
    expected:
      "ValidationException: 1 validation error detected: Value 'wrong-op' at 'updateGatewayResponseInput.patchOperations.1.member.op' failed to satisfy constraint: Member must satisfy enum value set: [add, remove, move, test, replace, copy]",
  },
  {
    claim: 'every violation is listed, recorded from API Gateway',
    service: 'apigateway',
    operation: 'CreateRestApi',
    input: { name: 'x', endpointConfiguration: { types: ['wrong'], ipAddressType: 'wrong' } },
    constraints: endpointConstraints,
    options: { prefix: 'createRestApiInput', code: 'ValidationException' },
    expected:
      "ValidationException: 2 validation errors detected: Value '[wrong]' at 'createRestApiInput.endpointConfiguration.types' failed to satisfy constraint: Member must satisfy constraint: [Member must satisfy enum value set: [PRIVATE, EDGE, REGIONAL]]; Value 'wrong' at 'createRestApiInput.endpointConfiguration.ipAddressType' failed to satisfy constraint: Member must satisfy enum value set: [ipv4, dualstack]",
  },
  {
    claim: 'a name of STS, recorded there',
    service: 'sts',
    operation: 'AssumeRole',
    input: { RoleArn: 'arn', RoleSessionName: 'a b' },
    constraints: { RoleSessionName: { pattern: /[\w+=,.@-]*/ } },
    expected:
      "ValidationError: 1 validation error detected: Value 'a b' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*",
  },
  {
    claim: 'lengths and ranges',
    service: 'sts',
    operation: 'AssumeRole',
    input: { RoleArn: 'short', RoleSessionName: 'x'.repeat(65), DurationSeconds: 899 },
    constraints: {
      RoleArn: { minLength: 20, maxLength: 2048 },
      RoleSessionName: { minLength: 2, maxLength: 64 },
      DurationSeconds: { min: 900, max: 43200 },
    },
    expected: `ValidationError: 3 validation errors detected: Value 'short' at 'roleArn' failed to satisfy constraint: Member must have length greater than or equal to 20; Value '${'x'.repeat(65)}' at 'roleSessionName' failed to satisfy constraint: Member must have length less than or equal to 64; Value '899' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900`,
  },
  {
    claim: 'what a model calls sensitive is not repeated',
    service: 'iam',
    operation: 'CreateLoginProfile',
    input: { UserName: 'x', Password: 'hunter2' },
    constraints: { Password: { minLength: 8 } },
    expected:
      "ValidationError: 1 validation error detected: Value at 'password' failed to satisfy constraint: Member must have length greater than or equal to 8",
  },
  {
    claim: 'what is missing within a list',
    service: 'iam',
    operation: 'TagRole',
    input: { RoleName: 'r', Tags: [{ Key: 'a', Value: 'b' }, { Key: 'c' }] },
    constraints: {},
    expected:
      "ValidationError: 1 validation error detected: Value null at 'tags.2.member.value' failed to satisfy constraint: Member must not be null",
  },
  {
    claim: 'nothing in a list',
    service: 'organizations',
    operation: 'UntagResource',
    input: { ResourceId: 'r', TagKeys: ['a', null] },
    constraints: {},
    expected:
      "ValidationError: 1 validation error detected: Value '[a, null]' at 'tagKeys' failed to satisfy constraint: Member must satisfy constraint: [Member must not be null]",
  },
  {
    claim: 'a label that is missing has no input’s name before it',
    service: 'apigateway',
    operation: 'UntagResource',
    input: { resourceArn: 'arn' },
    constraints: {},
    options: { prefix: 'untagResourceInput', code: 'ValidationException' },
    expected:
      "ValidationException: 1 validation error detected: Value null at 'tagKeys' failed to satisfy constraint: Member must not be null",
  },
]

for (const { claim, service, operation, input, constraints, options = none, expected } of rows)
  test(`${service}.${operation}: ${claim}`, async () => {
    const model = (await modelOf(service)).operations.get(operation)!
    assert.throws(
      () => validateInput(model, input, constraints, options),
      (error: AwsError) => {
        assert.ok(error instanceof AwsError)
        assert.equal(`${error.code}: ${error.message}`, expected)
        assert.equal(error.status, 400)
        return true
      },
    )
  })

test('patterns match the whole value, alternatives too', async () => {
  const model = (await modelOf('apigateway')).operations.get('PutIntegrationResponse')!
  const check = (statusCode: string, pattern: RegExp) => () =>
    validateInput(
      model,
      { restApiId: 'a', resourceId: 'b', httpMethod: 'GET', statusCode },
      { statusCode: { pattern } },
      none,
    )
  assert.throws(check('2000', /[1-5]\d\d/))
  assert.throws(check('200\n', /[1-5]\d\d/))
  assert.throws(check('200x', /200|300/))
  assert.doesNotThrow(check('300', /200|300/))
  assert.doesNotThrow(check('300', /^[1-5]\d\d$/))
})

test('what is not given is not checked', async () => {
  const model = (await modelOf('apigateway')).operations.get('CreateRestApi')!
  assert.doesNotThrow(() => validateInput(model, { name: 'x' }, endpointConstraints, none))
})
