import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PolicyType } from './decision.ts'
import { parsePolicy } from './parse.ts'
import { PolicyError, type PolicyFaultCode } from './policy-error.ts'

type Row = readonly [type: PolicyType, text: string, code: PolicyFaultCode, place: string]

const allow = '"Effect":"Allow","Action":"s3:GetObject"'
const inStatement = (more: string) => `{"Statement":[{${more}}]}`
const identity = (more: string) => inStatement(`${allow},"Resource":"*"${more}`)
const withCondition = (condition: string) => identity(`,"Condition":${condition}`)
const resource = (principal: string) => inStatement(`${allow},"Resource":"*",${principal}`)

/** @see IAM User Guide, "Grammar of the IAM JSON policy language"; a place is a pointer, or line : column where there is none */
const refused: readonly Row[] = [
  ['identity', '', 'INVALID_JSON', '@1:1'],
  ['identity', '{"Statement":[],}', 'INVALID_JSON', '@1:17'],
  ['identity', '{"Statement":[]}\n x', 'INVALID_JSON', '@2:2'],
  ['identity', "{'Statement':[]}", 'INVALID_JSON', '@1:2'],
  ['identity', '{"Statement":[01]}', 'INVALID_JSON', '@1:16'],
  ['identity', '{"Statement":NaN}', 'INVALID_JSON', '@1:14'],
  ['identity', '{"Id":"a\tb"}', 'INVALID_JSON', '@1:9'],
  ['identity', '{"Statement":[],\n "Statement":[]}', 'DUPLICATE_MEMBER', '@2:13'],
  ['identity', '{"Statement":[],"Id":"日本"}', 'INVALID_CHARACTER', '@1:23'],
  ['identity', '[]', 'INVALID_TYPE', '@1:1'],
  ['identity', '{}', 'MISSING_ELEMENT', '@1:1'],
  ['identity', '{"Statement":[],"statement":[]}', 'UNKNOWN_ELEMENT', '/statement'],
  ['identity', '{"Version":"2012-10-18","Statement":[]}', 'INVALID_VERSION', '/Version'],
  ['identity', '{"Version":20121017,"Statement":[]}', 'INVALID_VERSION', '/Version'],
  ['identity', '{"Statement":"x"}', 'INVALID_TYPE', '/Statement'],
  ['identity', identity(',"effect":"Allow"'), 'UNKNOWN_ELEMENT', '/Statement/0/effect'],
  ['identity', inStatement('"Action":"*","Resource":"*"'), 'MISSING_ELEMENT', '/Statement/0'],
  [
    'identity',
    inStatement('"Effect":"allow","Action":"*","Resource":"*"'),
    'INVALID_EFFECT',
    '/Statement/0/Effect',
  ],
  ['identity', inStatement('"Effect":"Allow","Resource":"*"'), 'MISSING_ELEMENT', '/Statement/0'],
  ['identity', inStatement(allow), 'MISSING_ELEMENT', '/Statement/0'],
  ['identity', identity(',"NotAction":"*"'), 'CONFLICTING_ELEMENTS', '/Statement/0'],
  ['identity', identity(',"NotResource":"*"'), 'CONFLICTING_ELEMENTS', '/Statement/0'],
  [
    'identity',
    inStatement('"Effect":"Allow","Action":[],"Resource":"*"'),
    'EMPTY_ELEMENT',
    '/Statement/0/Action',
  ],
  [
    'identity',
    inStatement('"Effect":"Allow","Action":"GetObject","Resource":"*"'),
    'INVALID_ACTION',
    '/Statement/0/Action',
  ],
  [
    'identity',
    inStatement('"Effect":"Allow","Action":"s3:a:b","Resource":"*"'),
    'INVALID_ACTION',
    '/Statement/0/Action',
  ],
  [
    'identity',
    inStatement('"Effect":"Allow","Action":"s3:${aws:username}","Resource":"*"'),
    'INVALID_ACTION',
    '/Statement/0/Action',
  ],
  [
    'identity',
    inStatement('"Effect":"Allow","Action":["s3:*",7],"Resource":"*"'),
    'INVALID_TYPE',
    '/Statement/0/Action/1',
  ],
  [
    'identity',
    inStatement(`${allow},"Resource":"bucket"`),
    'INVALID_RESOURCE',
    '/Statement/0/Resource',
  ],
  [
    'resource',
    inStatement(`${allow},"Principal":"*","Resource":"arn:aws:s3"`),
    'INVALID_RESOURCE',
    '/Statement/0/Resource',
  ],
  [
    'scp',
    inStatement(`${allow},"Resource":"arn:*:s3"`),
    'INVALID_RESOURCE',
    '/Statement/0/Resource',
  ],
  [
    'rcp',
    inStatement('"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:*"'),
    'INVALID_RESOURCE',
    '/Statement/0/Resource',
  ],
  ['identity', identity(',"Principal":"*"'), 'PROHIBITED_ELEMENT', '/Statement/0/Principal'],
  ['boundary', identity(',"NotPrincipal":"*"'), 'PROHIBITED_ELEMENT', '/Statement/0/NotPrincipal'],
  ['session', identity(',"Principal":"*"'), 'PROHIBITED_ELEMENT', '/Statement/0/Principal'],
  ['scp', identity(',"Principal":"*"'), 'PROHIBITED_ELEMENT', '/Statement/0/Principal'],
  ['resource', identity(''), 'MISSING_ELEMENT', '/Statement/0'],
  ['resource', resource('"Principal":"alice"'), 'INVALID_PRINCIPAL', '/Statement/0/Principal'],
  ['resource', resource('"Principal":{}'), 'INVALID_PRINCIPAL', '/Statement/0/Principal'],
  [
    'resource',
    resource(`"Principal":{"CanonicalUser":"${'0'.repeat(64)}"}`),
    'INVALID_PRINCIPAL',
    '/Statement/0/Principal/CanonicalUser',
  ],
  [
    'trust',
    inStatement('"Effect":"Allow","NotPrincipal":{"AWS":"111111111111"},"Action":"sts:AssumeRole"'),
    'PROHIBITED_ELEMENT',
    '/Statement/0/NotPrincipal',
  ],
  ...['*', 's3:GetObject', 'sts:GetCallerIdentity'].map(
    (action) =>
      [
        'trust',
        inStatement(`"Effect":"Allow","Principal":{"AWS":"111111111111"},"Action":"${action}"`),
        'INVALID_ACTION',
        '/Statement/0/Action',
      ] as const,
  ),
  ...(['identity', 'boundary', 'session', 'scp', 'rcp'] as const).map(
    (type) => [type, '{"Id":"a","Statement":[]}', 'PROHIBITED_ELEMENT', '/Id'] as const,
  ),
  [
    'resource',
    resource('"Principal":{"aws":"*"}'),
    'INVALID_PRINCIPAL',
    '/Statement/0/Principal/aws',
  ],
  [
    'resource',
    resource('"Principal":{"AWS":"arn:aws:iam::111111111111:user/*"}'),
    'INVALID_PRINCIPAL',
    '/Statement/0/Principal/AWS',
  ],
  [
    'resource',
    resource('"Principal":{"AWS":"arn:aws:iam::111111111111:group/g"}'),
    'INVALID_PRINCIPAL',
    '/Statement/0/Principal/AWS',
  ],
  [
    'resource',
    resource('"Principal":{"Service":"*"}'),
    'INVALID_PRINCIPAL',
    '/Statement/0/Principal/Service',
  ],
  [
    'resource',
    resource('"Principal":{"Federated":"*"}'),
    'INVALID_PRINCIPAL',
    '/Statement/0/Principal/Federated',
  ],
  [
    'rcp',
    inStatement(
      '"Effect":"Deny","Principal":{"AWS":"111111111111"},"Action":"s3:*","Resource":"*"',
    ),
    'INVALID_PRINCIPAL',
    '/Statement/0/Principal',
  ],
  [
    'rcp',
    inStatement('"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"'),
    'INVALID_EFFECT',
    '/Statement/0/Effect',
  ],
  [
    'rcp',
    inStatement('"Effect":"Deny","Principal":"*","NotAction":"s3:*","Resource":"*"'),
    'PROHIBITED_ELEMENT',
    '/Statement/0/NotAction',
  ],
  [
    'trust',
    inStatement('"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Resource":"*"'),
    'PROHIBITED_ELEMENT',
    '/Statement/0/Resource',
  ],
  [
    'trust',
    inStatement('"Effect":"Allow","Principal":"*","Action":"s3:GetObject"'),
    'INVALID_ACTION',
    '/Statement/0/Action',
  ],
  ['identity', identity(',"Sid":"a b"'), 'INVALID_SID', '/Statement/0/Sid'],
  [
    'identity',
    `{"Statement":[{"Sid":"a",${allow},"Resource":"*"},{"Sid":"a",${allow},"Resource":"*"}]}`,
    'DUPLICATE_SID',
    '/Statement/1/Sid',
  ],
  ['identity', withCondition('[]'), 'INVALID_TYPE', '/Statement/0/Condition'],
  [
    'identity',
    withCondition('{"StringIs":{"a:b":"c"}}'),
    'UNKNOWN_OPERATOR',
    '/Statement/0/Condition/StringIs',
  ],
  [
    'identity',
    withCondition('{"NullIfExists":{"a:b":"true"}}'),
    'UNKNOWN_OPERATOR',
    '/Statement/0/Condition/NullIfExists',
  ],
  [
    'identity',
    withCondition('{"ForSome:Bool":{"a:b":"true"}}'),
    'UNKNOWN_OPERATOR',
    '/Statement/0/Condition/ForSome:Bool',
  ],
  [
    'identity',
    withCondition('{"StringEquals":{"":"x"}}'),
    'INVALID_CONDITION_KEY',
    '/Statement/0/Condition/StringEquals/',
  ],
  [
    'identity',
    withCondition('{"StringEquals":{"a:b":"x","A:B":"y"}}'),
    'DUPLICATE_CONDITION_KEY',
    '/Statement/0/Condition/StringEquals/A:B',
  ],
  [
    'identity',
    withCondition('{"StringEquals":{"a:b":[]}}'),
    'EMPTY_ELEMENT',
    '/Statement/0/Condition/StringEquals/a:b',
  ],
  [
    'identity',
    withCondition('{"StringEquals":{"a:b":null}}'),
    'INVALID_TYPE',
    '/Statement/0/Condition/StringEquals/a:b',
  ],
]

for (const [type, text, code, place] of refused)
  test(`${type} policy ${text} is refused: ${code}`, () => {
    assert.throws(
      () => parsePolicy(text, { type }),
      (error) => {
        assert.ok(error instanceof PolicyError)
        const found = error.faults.map(({ code, pointer, line, column }) => {
          if (pointer !== '') assertStandsAt(text, pointer, column)
          return `${code} ${pointer === '' ? `@${line}:${column}` : pointer}`
        })
        assert.deepEqual(found, [`${code} ${place}`])
        return true
      },
    )
  })

/** Does what the pointer names stand at the column? (The rows are compact JSON of one line.) */
function assertStandsAt(text: string, pointer: string, column: number): void {
  const value = pointer
    .slice(1)
    .split('/')
    .reduce((node, name) => (node as Record<string, unknown>)[name], JSON.parse(text) as unknown)
  assert.ok(text.slice(column - 1).startsWith(JSON.stringify(value)), `${pointer} at ${column}`)
}

/** What its operator cannot read is refused when it is set. */
const badValues: readonly (readonly [operator: string, ...values: string[]])[] = [
  [
    'IpAddress',
    '11.22.33',
    '11.22.33.256',
    '11.22.33.44/33',
    '11.22.33.44/',
    '011.22.33.44',
    '2001:db8::/129',
    '1::2::3',
    'fe80::1%eth0',
    '',
    '*',
  ],
  ['NotIpAddress', '11.22.33.44/-1', '::ffff:11.22.33.44/64'],
  ['NumericEquals', 'ten', '0x10', '1,5', '', '12abc', '1e9999999999'],
  [
    'DateLessThan',
    'today',
    '2024-02-30',
    '2024-13-01',
    '2024-01-01T25:00:00Z',
    '2024-01-01T00:00:00',
    '2024-01-01T00:00:00+24:00',
    '2024-01-01T00:00:00+00:60',
    '',
  ],
  ['Bool', 'yes', '1', ''],
  ['BinaryEquals', '*', 'Q'],
  ['ArnLike', 'bucket', '', 's3:::bucket'],
  ['Null', 'maybe', ''],
]
for (const [operator, ...values] of badValues)
  for (const value of values)
    test(`${operator} \`${value}\` is refused when it is set`, () => {
      const text = withCondition(JSON.stringify({ [operator]: { 'a:b': [value] } }))
      assert.throws(
        () => parsePolicy(text, { type: 'identity' }),
        (error) =>
          error instanceof PolicyError &&
          error.faults.length === 1 &&
          error.faults[0]!.code === 'INVALID_CONDITION_VALUE',
      )
    })

const badVariables = [
  '${',
  '${}',
  "${aws:username, 'x}",
  '${aws:username,x}',
  '${a${b}}',
  "${a, 'x' y}",
]
for (const variable of badVariables)
  test(`the variable ${variable} is refused in 2012 and literal in 2008`, () => {
    const text = (version: string) =>
      `{"Version":"${version}",${withCondition(`{"StringEquals":{"a:b":"${variable}"}}`).slice(1)}`
    assert.throws(() => parsePolicy(text('2012-10-17'), { type: 'identity' }), PolicyError)
    assert.equal(parsePolicy(text('2008-10-17'), { type: 'identity' }).statements.length, 1)
  })

const accepted: readonly (readonly [PolicyType, string])[] = [
  ['identity', '{"Statement":[]}'],
  ['resource', '{"Id":"a","Statement":[]}'],
  ['identity', identity(',"Sid":""')],
  [
    'identity',
    `{"Statement":[{"Sid":"",${allow},"Resource":"*"},{"Sid":"",${allow},"Resource":"*"}]}`,
  ],
  ['identity', `{"Statement":{${allow},"Resource":"arn:aws:s3"}}`],
  ['identity', inStatement('"Effect":"Allow","Action":"s?:*","Resource":"*"')],
  ['identity', inStatement(`${allow},"Resource":"arn:aws:s3:::bucket/a}b:c"`)],
  ['identity', withCondition('{"NumericLessThan":{"a:b":[1,"2.5"]},"Bool":{"c:d":true}}')],
  [
    'resource',
    resource('"Principal":{"AWS":["*","111111111111","AIDAEXAMPLE"],"Service":"s3.amazonaws.com"}'),
  ],
  ['resource', resource('"NotPrincipal":{"AWS":"arn:aws:iam::111111111111:root"}')],
  ['scp', inStatement('"Effect":"Allow","NotAction":"iam:*","NotResource":"arn:aws:s3:::x"')],
  ['rcp', inStatement('"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"')],
  [
    'trust',
    inStatement(
      '"Effect":"Allow","Principal":{"AWS":"111111111111"},"Action":["sts:AssumeRole","sts:TagSession"]',
    ),
  ],
]
for (const [type, text] of accepted)
  test(`${type} policy ${text} is accepted`, () => {
    assert.ok(parsePolicy(text, { type }))
  })

test('every fault is told at once, in the order of the document', () => {
  const text = `{
  "Version": "2012-10-17",
  "Statement": [
    {"Effect": "Permit", "Action": "GetObject", "Resource": "*"},
    {"Effect": "Allow", "Action": "*", "Resource": "*",
     "Condition": {"IpAddress": {"aws:SourceIp": "11.22.33.444"}}}
  ]
}`
  assert.throws(
    () => parsePolicy(text, { type: 'identity' }),
    (error) => {
      assert.deepEqual((error as PolicyError).faults, [
        {
          code: 'INVALID_EFFECT',
          message: '`Effect` must be `Allow` or `Deny`, in this spelling',
          pointer: '/Statement/0/Effect',
          line: 4,
          column: 16,
        },
        {
          code: 'INVALID_ACTION',
          message: '`GetObject` is no action; write `service:Name` or `*`',
          pointer: '/Statement/0/Action',
          line: 4,
          column: 36,
        },
        {
          code: 'INVALID_CONDITION_VALUE',
          message: '`11.22.33.444` is no address and no CIDR block',
          pointer: '/Statement/1/Condition/IpAddress/aws:SourceIp',
          line: 6,
          column: 50,
        },
      ])
      return true
    },
  )
})
