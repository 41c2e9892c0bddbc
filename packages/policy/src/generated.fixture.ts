/** Policies and requests in great number, from few words, so that most of them meet. */
import fc from 'fast-check'
import type { PolicySet } from './authorize.ts'
import { type CompiledPolicy, compilePolicy } from './compile.ts'
import type { PolicyType } from './decision.ts'
import type { RawPolicy, RawPolicySet, RawRequest, RawStatement } from './reference.fixture.ts'
import type { AuthorizationRequest, ContextValue, Principal } from './request.ts'

const one = '111111111111'
const two = '222222222222'

const principals: readonly Principal[] = [
  { type: 'anonymous' },
  { type: 'root', accountId: one, arn: `arn:aws:iam::${one}:root` },
  { type: 'user', accountId: one, arn: `arn:aws:iam::${one}:user/alice`, userId: 'AIDAALICE' },
  {
    type: 'assumed-role',
    accountId: one,
    arn: `arn:aws:sts::${one}:assumed-role/Reader/job`,
    roleArn: `arn:aws:iam::${one}:role/team/Reader`,
    roleId: 'AROAREADER',
  },
  {
    type: 'assumed-role',
    accountId: one,
    arn: `arn:aws:sts::${one}:assumed-role/AWSServiceRoleForX/job`,
    roleArn: `arn:aws:iam::${one}:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX`,
    roleId: 'AROALINKED',
    isServiceLinked: true,
  },
  {
    type: 'federated-user',
    accountId: one,
    arn: `arn:aws:sts::${one}:federated-user/bob`,
    userArn: `arn:aws:iam::${one}:user/alice`,
    userId: 'AIDAALICE',
  },
  { type: 'federated', provider: 'cognito-identity.amazonaws.com' },
  { type: 'service', service: 'events.amazonaws.com' },
]

const named: readonly string[] = [
  '*',
  one,
  two,
  `arn:aws:iam::${one}:root`,
  `arn:aws:iam::${two}:root`,
  `arn:aws:iam::${one}:user/alice`,
  `arn:aws:iam::${one}:role/team/Reader`,
  `arn:aws:sts::${one}:assumed-role/Reader/job`,
  `arn:aws:sts::${one}:federated-user/bob`,
  'AIDAALICE',
  'AROAREADER',
]

const principalElement = fc.oneof(
  { weight: 2, arbitrary: fc.constant('*' as const) },
  {
    weight: 5,
    arbitrary: fc.record({
      AWS: fc.uniqueArray(fc.constantFrom(...named), { minLength: 1, maxLength: 4 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      AWS: fc.constantFrom(...named),
      Service: fc.constantFrom('events.amazonaws.com', 's3.amazonaws.com'),
      Federated: fc.constant('cognito-identity.amazonaws.com'),
    }),
  },
)

/** Each with the words of a policy and those of a request, some of which cannot be read. */
const families = {
  string: {
    operators: [
      'StringEquals',
      'StringNotEquals',
      'StringEqualsIgnoreCase',
      'StringNotEqualsIgnoreCase',
      'StringLike',
      'StringNotLike',
    ],
    keys: ['aws:username', 'AWS:Referer', 'aws:TagKeys', 'aws:PrincipalTag/team'],
    policy: [
      'alice',
      'Alice',
      'a*',
      '?lice',
      '*',
      '${aws:username}',
      "${aws:PrincipalTag/team, 'red'}",
      '${*}',
      'a${?}*',
      '${aws:TagKeys}',
      'x${$}y',
    ],
    request: ['alice', 'Alice', 'a*', '*', 'a?b', '', 'red', 'x$y', '${aws:username}', 'a\nb'],
  },
  arn: {
    operators: ['ArnEquals', 'ArnNotEquals', 'ArnLike', 'ArnNotLike'],
    keys: ['aws:SourceArn', 'aws:PrincipalArn'],
    policy: [
      `arn:aws:iam::${one}:user/alice`,
      `arn:aws:iam::*:user/*`,
      'arn:aws:s3:::b?cket',
      'arn:*:user/alice',
      '*',
      'arn:aws:iam::*:user/${aws:username}',
    ],
    request: [
      `arn:aws:iam::${one}:user/alice`,
      'arn:aws:s3:::bucket',
      'arn:aws:s3:::a:b:c',
      'bucket',
      '',
    ],
  },
  numeric: {
    operators: [
      'NumericEquals',
      'NumericNotEquals',
      'NumericLessThan',
      'NumericLessThanEquals',
      'NumericGreaterThan',
      'NumericGreaterThanEquals',
    ],
    keys: ['aws:MultiFactorAuthAge', 's3:max-keys'],
    policy: ['10', '10.0', '-1', '20.5'],
    request: ['10', '9.99', '21', '-1', '12abc', '', '0x10'],
  },
  date: {
    operators: [
      'DateEquals',
      'DateNotEquals',
      'DateLessThan',
      'DateLessThanEquals',
      'DateGreaterThan',
      'DateGreaterThanEquals',
    ],
    keys: ['aws:CurrentTime', 'aws:EpochTime'],
    policy: ['2023-11-14T22:13:20Z', '1700000000', '2024-01-01', '2024-01-01T09:00:00+09:00'],
    request: ['2023-11-14T22:13:20Z', '1700000000', '2024-01-01T00:00:00Z', '2024-02-31', 'today'],
  },
  bool: {
    operators: ['Bool'],
    keys: ['aws:SecureTransport', 'aws:ViaAWSService'],
    policy: ['true', 'false', 'TRUE'],
    request: ['true', 'false', 'False', 'yes'],
  },
  binary: {
    operators: ['BinaryEquals'],
    keys: ['x:digest'],
    policy: ['QUJD', 'QQ=='],
    request: ['QUJD', 'QQ==', 'Q*'],
  },
  ip: {
    operators: ['IpAddress', 'NotIpAddress'],
    keys: ['aws:SourceIp', 'aws:VpcSourceIp'],
    policy: [
      '11.22.33.44/32',
      '203.0.113.77/24',
      '0.0.0.0/0',
      '::/0',
      '2001:DB8::/32',
      '10.0.0.1',
      '10.0.0.0/8',
    ],
    request: [
      '11.22.33.44',
      '203.0.113.5',
      '10.0.0.1',
      '::ffff:11.22.33.44',
      '2001:db8::1',
      '11.22.33',
      'unknown',
    ],
  },
  null: {
    operators: ['Null'],
    keys: ['aws:username', 'aws:SourceIp', 'aws:TagKeys'],
    policy: ['true', 'false'],
    request: ['alice'],
  },
} as const

const many = <T>(...values: readonly T[]) =>
  fc.oneof(
    fc.constantFrom(...values),
    fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 3 }),
  )

const conditionBlock = fc
  .constantFrom(...Object.entries(families))
  .chain(([family, { operators, keys, policy }]) =>
    fc.record({
      operator: fc.constantFrom<string>(...operators),
      prefix:
        family === 'null'
          ? fc.constant('')
          : fc.constantFrom('', '', 'ForAllValues:', 'ForAnyValue:'),
      suffix: family === 'null' ? fc.constant('') : fc.constantFrom('', '', 'IfExists'),
      block: fc.dictionary(fc.constantFrom<string>(...keys), many<string>(...policy), {
        minKeys: 1,
        maxKeys: 2,
      }),
    }),
  )
  .map(({ operator, prefix, suffix, block }) => [`${prefix}${operator}${suffix}`, block] as const)

const condition = fc
  .array(conditionBlock, { maxLength: 2 })
  .map((blocks) => Object.fromEntries(blocks))

const actions = many(
  '*',
  's3:*',
  'S3:get*',
  's3:?etObject',
  's3:PutObject',
  'execute-api:Invoke',
  '*:*Object',
)
const resourcesOf = (type: PolicyType) =>
  many(
    '*',
    'arn:aws:s3:::*',
    'arn:aws:s3:::bucket/${aws:username}/*',
    "arn:aws:s3:::bucket/${aws:username, 'key'}",
    'arn:*:s3:*:*:bucket/*',
    'arn:aws:s3:::bucket/k?y',
    'arn:aws:s3:::bucket/a${*}b',
    `arn:aws:execute-api:*:${one}:abc/*/GET/*`,
    ...(type === 'scp' || type === 'rcp' ? [] : ['arn:aws:*:bucket/key', 'arn:*']),
  )

/** The forms with literal braces mean something else in 2008; both readings are compared. */
const versions = fc.constantFrom('2012-10-17', '2012-10-17', '2008-10-17', undefined)

function statement(type: PolicyType): fc.Arbitrary<RawStatement> {
  const hasPrincipal = type === 'resource' || type === 'trust' || type === 'vpcEndpoint'
  const hasNotPrincipal = hasPrincipal && type !== 'trust'
  const trustActions = fc.constantFrom('sts:AssumeRole', 'sts:*', 'sts:TagSession')
  return fc
    .record({
      Effect: fc.constantFrom('Allow', 'Allow', 'Deny'),
      principal: principalElement,
      notPrincipal: fc.integer({ max: 5, min: 0 }).map((each) => hasNotPrincipal && each === 0),
      action: type === 'trust' ? trustActions : actions,
      notAction: fc.integer({ max: 6, min: 0 }).map((each) => each === 0),
      resource: resourcesOf(type),
      notResource: fc.integer({ max: 6, min: 0 }).map((each) => each === 0),
      Condition: condition,
    })
    .map((made) => {
      const isEverybody = made.principal === '*' || [made.principal.AWS].flat().includes('*')
      const negated = made.notPrincipal && !(isEverybody && made.Effect === 'Allow')
      return {
        Effect: made.Effect as 'Allow' | 'Deny',
        ...(hasPrincipal && { [negated ? 'NotPrincipal' : 'Principal']: made.principal }),
        [made.notAction && type !== 'rcp' ? 'NotAction' : 'Action']: made.action,
        ...(type !== 'trust' && { [made.notResource ? 'NotResource' : 'Resource']: made.resource }),
        Condition: made.Condition,
      }
    })
}

const allowEverything: RawStatement = { Effect: 'Allow', Action: '*', Resource: '*' }

export function policy(type: PolicyType): fc.Arbitrary<RawPolicy> {
  return fc
    .record({
      version: versions,
      statements: fc.array(statement(type), { maxLength: 4 }),
      open: fc.boolean(),
    })
    .map(({ version, statements, open }) => {
      const opens = open && ['boundary', 'scp', 'rcp', 'session'].includes(type)
      const own =
        type === 'rcp'
          ? statements.map((each): RawStatement => ({ ...each, Effect: 'Deny', Principal: '*' }))
          : statements
      const first: RawStatement =
        type === 'rcp' ? { ...allowEverything, Principal: '*' } : allowEverything
      return { ...(version && { Version: version }), Statement: opens ? [first, ...own] : own }
    })
}

const rarely = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 2 })
const levels = (type: 'scp' | 'rcp') =>
  fc.array(fc.array(policy(type), { minLength: 1, maxLength: 2 }), { minLength: 1, maxLength: 2 })

export const policySet: fc.Arbitrary<RawPolicySet> = fc
  .record({
    identity: rarely(fc.array(policy('identity'), { maxLength: 2 })),
    boundary: rarely(rarely(policy('boundary'))),
    session: rarely(rarely(fc.array(policy('session'), { maxLength: 2 }))),
    scps: rarely(rarely(levels('scp'))),
    rcps: rarely(rarely(levels('rcp'))),
    resource: rarely(policy('resource')),
    vpcEndpoint: rarely(rarely(rarely(policy('vpcEndpoint')))),
  })
  .map((set) => Object.fromEntries(Object.entries(set).filter(([, each]) => each !== undefined)))

const context: fc.Arbitrary<RawRequest['context']> = fc
  .tuple(
    ...Object.values(families).flatMap(({ keys, request }) =>
      keys.map((key) => {
        const single = fc.constantFrom<string>(...request)
        const value: fc.Arbitrary<ContextValue | undefined> = fc.oneof(
          { weight: 3, arbitrary: fc.constant(undefined) },
          { weight: 6, arbitrary: single },
          { weight: 1, arbitrary: fc.array(single, { maxLength: 3 }) },
        )
        return value.map((each) => [key.toLowerCase(), each] as const)
      }),
    ),
  )
  .map((entries) => {
    const present = entries.filter(
      (entry): entry is [string, ContextValue] => entry[1] !== undefined,
    )
    return Object.fromEntries(present)
  })

export const request: fc.Arbitrary<RawRequest> = fc
  .record({
    principal: fc.constantFrom(...principals),
    action: fc.constantFrom('s3:GetObject', 's3:PutObject', 'execute-api:Invoke'),
    resource: fc.constantFrom(
      'arn:aws:s3:::bucket/key',
      'arn:aws:s3:::bucket/alice/x',
      'arn:aws:s3:::bucket/a*b',
      `arn:aws:execute-api:us-east-1:${one}:abc/prod/GET/`,
      '*',
    ),
    owner: fc.constantFrom(undefined, one, one, two),
    context,
  })
  .map(({ owner, ...made }) => ({ ...made, ...(owner && { resourceAccountId: owner }) }))

export function compileRequest(raw: RawRequest): AuthorizationRequest {
  return { ...raw, context: new Map(Object.entries(raw.context)) }
}

export function compileOne(raw: RawPolicy, type: PolicyType): CompiledPolicy {
  return compilePolicy(JSON.stringify(raw), { type, name: type })
}

export function compileSet(raw: RawPolicySet): PolicySet {
  const { identity, boundary, session, scps, rcps, resource, trust, vpcEndpoint } = raw
  const all = (policies: readonly RawPolicy[], type: PolicyType) =>
    policies.map((each) => compileOne(each, type))
  return {
    ...(identity && { identity: all(identity, 'identity') }),
    ...(boundary && { boundary: compileOne(boundary, 'boundary') }),
    ...(session && { session: all(session, 'session') }),
    ...(scps && { scps: scps.map((level) => all(level, 'scp')) }),
    ...(rcps && { rcps: rcps.map((level) => all(level, 'rcp')) }),
    ...(resource && { resource: compileOne(resource, 'resource') }),
    ...(trust && { trust: compileOne(trust, 'trust') }),
    ...(vpcEndpoint && { vpcEndpoint: compileOne(vpcEndpoint, 'vpcEndpoint') }),
  }
}
