import assert from 'node:assert/strict'
import { test } from 'node:test'
import type * as ApiGateway from '@aws-sdk/client-api-gateway'
import type * as CloudFront from '@aws-sdk/client-cloudfront'
import type * as Iam from '@aws-sdk/client-iam'
import type * as S3 from '@aws-sdk/client-s3'
import type { ErrorName, Input, OperationName, Output } from './operations.ts'

type Equal<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false
type Has<Union, Member> = Member extends Union ? true : false

/** Checked by the compiler: a line that is not `true` does not compile. */
const claims = {
  requiredMembersAreThere: true satisfies Equal<
    Input<typeof Iam, 'CreateRole'>['RoleName'],
    string
  >,
  optionalMembersMayBeMissing: true satisfies Equal<
    Input<typeof Iam, 'CreateRole'>['Path'],
    string | undefined
  >,
  outputsHaveNoMetadata: true satisfies Equal<
    Has<keyof Output<typeof Iam, 'GetRole'>, '$metadata'>,
    false
  >,
  operationsAreNamed: true satisfies Has<OperationName<typeof ApiGateway>, 'CreateRestApi'>,
  misspeltOperationsAreNot: true satisfies Equal<
    Has<OperationName<typeof Iam>, 'GetPolicyVersions'>,
    false
  >,
  errorsWithASuffix: true satisfies Has<ErrorName<typeof ApiGateway>, 'NotFoundException'>,
  errorsOfS3: true satisfies Has<ErrorName<typeof S3>, 'NoSuchBucket'>,
  errorsOfCloudFront: true satisfies Has<ErrorName<typeof CloudFront>, 'NoSuchDistribution'>,
  clientsBaseClassIsNone: true satisfies Equal<
    Has<ErrorName<typeof S3>, 'S3ServiceException'>,
    false
  >,
  commandsAreNone: true satisfies Equal<Has<ErrorName<typeof S3>, 'GetObjectCommand'>, false>,
}

test('operations and errors are read off the clients’ types', () => {
  assert.ok(Object.values(claims).every(Boolean))
})
