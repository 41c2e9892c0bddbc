import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compilePolicy } from '@sekisho/policy'
import { type Conditions, checkReadConditions, checkWriteConditions } from './conditions.ts'
import { isAsked } from './events.ts'
import { readRules } from './lifecycle.ts'
import { expirationOf, noncurrentExpirationOf } from './lifecycle-rules.ts'
import { checkBucketName } from './names.ts'
import { fitsItsResources, isAction, isConditionKey } from './policy-actions.ts'
import { isPublicPolicy } from './public-policy.ts'
import { readRange } from './ranges.ts'
import type { LifecycleRule } from './records.ts'

/** @see RFC 9110, "Range"; Amazon S3 API Reference, "GetObject" */
const ranges: readonly (readonly [string | undefined, number, string])[] = [
  [undefined, 10, 'whole'],
  ['bytes=0-0', 10, '0-1'],
  ['bytes=2-', 10, '2-10'],
  ['bytes=2-99', 10, '2-10'],
  ['bytes=-3', 10, '7-10'],
  ['bytes=-30', 10, '0-10'],
  ['bytes=-0', 10, 'InvalidRange'],
  ['bytes=10-', 10, 'InvalidRange'],
  ['bytes=0-', 0, 'InvalidRange'],
  ['bytes=5-2', 10, 'whole'],
  ['bytes=0-1,3-4', 10, 'whole'],
  ['lines=0-1', 10, 'whole'],
  ['bytes=-', 10, 'whole'],
]
for (const [header, size, expected] of ranges)
  test(`${header} of ${size} bytes is ${expected}`, () => {
    let found: string
    try {
      const range = readRange(header, size)
      found = range ? `${range.start}-${range.end}` : 'whole'
    } catch (error) {
      found = (error as { code: string }).code
    }
    assert.equal(found, expected)
  })

const seen = { etag: 'abc', modifiedAt: Date.UTC(2026, 0, 2, 3, 4, 5) }
const at = new Date(seen.modifiedAt)
const before = new Date(seen.modifiedAt - 1_000)

/** @see Amazon S3 API Reference, "GetObject" (conditional requests) */
const reads: readonly (readonly [string, Conditions, string])[] = [
  ['the same', { IfMatch: '"abc"' }, 'ok'],
  ['one of several', { IfMatch: '"x", "abc"' }, 'ok'],
  ['another', { IfMatch: '"x"' }, 'PreconditionFailed'],
  ['not the same', { IfNoneMatch: 'abc' }, 'NotModified'],
  ['not another', { IfNoneMatch: '"x"' }, 'ok'],
  ['not modified since', { IfModifiedSince: at }, 'NotModified'],
  ['modified since', { IfModifiedSince: before }, 'ok'],
  ['unmodified since', { IfUnmodifiedSince: at }, 'ok'],
  ['modified after all', { IfUnmodifiedSince: before }, 'PreconditionFailed'],
  ['the same, whatever the date', { IfMatch: '"abc"', IfUnmodifiedSince: before }, 'ok'],
  ['not another, whatever the date', { IfNoneMatch: '"x"', IfModifiedSince: at }, 'ok'],
]
for (const [name, conditions, expected] of reads)
  test(`a read that asks for ${name}: ${expected}`, () => {
    assert.equal(
      codeOf(() => checkReadConditions(conditions, seen, [])),
      expected,
    )
  })

const writes: readonly (readonly [Conditions, typeof seen | undefined, string])[] = [
  [{ IfNoneMatch: '*' }, undefined, 'ok'],
  [{ IfNoneMatch: '*' }, seen, 'PreconditionFailed'],
  [{ IfNoneMatch: '"abc"' }, seen, 'NotImplemented'],
  [{ IfMatch: '"abc"' }, seen, 'ok'],
  [{ IfMatch: '"x"' }, seen, 'PreconditionFailed'],
  [{ IfMatch: '"abc"' }, undefined, 'NoSuchKey'],
]
for (const [conditions, found, expected] of writes)
  test(`a write with ${JSON.stringify(conditions)} on ${found ? 'something' : 'nothing'}: ${expected}`, () => {
    assert.equal(
      codeOf(() => checkWriteConditions(conditions, found, 'key')),
      expected,
    )
  })

function codeOf(check: () => void): string {
  try {
    check()
    return 'ok'
  } catch (error) {
    return (error as { code: string }).code
  }
}

/** @see Amazon S3 User Guide, "General purpose bucket naming rules" */
const names: Readonly<Record<string, boolean>> = {
  abc: true,
  'my.bucket-1': true,
  ab: false,
  Upper: false,
  under_score: false,
  '-abc': false,
  'abc-': false,
  'a..b': false,
  '192.168.5.4': false,
  'xn--abc': false,
  'abc-s3alias': false,
  ['a'.repeat(64)]: false,
}
for (const [name, isGood] of Object.entries(names))
  test(`\`${name}\` is ${isGood ? 'a' : 'no'} name for a bucket`, () => {
    assert.equal(
      codeOf(() => checkBucketName(name)),
      isGood ? 'ok' : 'InvalidBucketName',
    )
  })

/** @see Amazon S3 User Guide, "Blocking public access to your Amazon S3 storage", "The meaning of public" */
const policies: readonly (readonly [boolean, object])[] = [
  [true, { Principal: '*' }],
  [true, { Principal: { AWS: '*' } }],
  [false, { Principal: { AWS: '111111111111' } }],
  [false, { Principal: { Service: 'cloudfront.amazonaws.com' } }],
  [true, { NotPrincipal: { AWS: '111111111111' } }],
  [false, { Principal: '*', Condition: { IpAddress: { 'aws:SourceIp': '203.0.113.0/24' } } }],
  [true, { Principal: '*', Condition: { IpAddress: { 'aws:SourceIp': '0.0.0.0/1' } } }],
  [true, { Principal: '*', Condition: { NotIpAddress: { 'aws:SourceIp': '203.0.113.0/24' } } }],
  [false, { Principal: '*', Condition: { StringEquals: { 'aws:SourceVpce': 'vpce-1' } } }],
  [true, { Principal: '*', Condition: { StringLike: { 'aws:SourceVpce': 'vpce-*' } } }],
  [true, { Principal: '*', Condition: { StringEqualsIfExists: { 'aws:SourceVpce': 'vpce-1' } } }],
  [true, { Principal: '*', Condition: { StringEquals: { 'aws:Referer': 'secret' } } }],
  [true, { Principal: '*', Condition: { Bool: { 'aws:SecureTransport': 'true' } } }],
  [
    false,
    {
      Principal: '*',
      Condition: { ArnLike: { 'aws:SourceArn': 'arn:aws:sns:us-east-1:111111111111:*' } },
    },
  ],
  [
    true,
    { Principal: '*', Condition: { ArnLike: { 'aws:SourceArn': 'arn:aws:sns:us-east-1:*:*' } } },
  ],
]
for (const [isPublic, said] of policies)
  test(`${JSON.stringify(said)} is ${isPublic ? '' : 'not '}public`, () => {
    const statement = {
      Effect: 'Allow',
      Action: 's3:GetObject',
      Resource: 'arn:aws:s3:::b/*',
      ...said,
    }
    const text = JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
    const { document } = compilePolicy(text, { type: 'resource', name: 'policy' })
    assert.equal(isPublicPolicy(document), isPublic)
  })

const rule = (more: Partial<LifecycleRule>): LifecycleRule => ({
  id: 'rule',
  isEnabled: true,
  filter: {},
  form: 'filter',
  ...more,
})
const object = { key: 'log/1', modifiedAt: Date.UTC(2014, 0, 15, 10, 30), size: 100 }

test('an age is rounded up to the next midnight', () => {
  const found = expirationOf(object, [rule({ days: 3 })])
  assert.equal(new Date(found!.at).toISOString(), '2014-01-19T00:00:00.000Z')
})

test('the earliest rule that holds decides, and one that is off never does', () => {
  const rules = [
    rule({ id: 'other', days: 1, filter: { prefix: 'tmp/' } }),
    rule({ id: 'off', days: 1, isEnabled: false }),
    rule({ id: 'tagged', days: 1, filter: { tags: { a: 'b' } } }),
    rule({ id: 'large', days: 1, filter: { largerThan: 100 } }),
    rule({ id: 'late', days: 9 }),
    rule({ id: 'log', days: 5, filter: { prefix: 'log/', smallerThan: 101 } }),
  ]
  assert.equal(expirationOf(object, rules)?.ruleId, 'log')
  assert.equal(expirationOf({ ...object, tags: { a: 'b' } }, rules)?.ruleId, 'tagged')
  assert.equal(expirationOf({ ...object, isMarker: true }, rules), undefined)
})

test('of the versions that are no longer current, the newest ones may be kept', () => {
  const rules = [rule({ noncurrentDays: 1, newerNoncurrent: 2 })]
  assert.equal(noncurrentExpirationOf(object, 0, 1, rules), undefined)
  assert.equal(noncurrentExpirationOf(object, 0, 2, rules), 2 * 86_400_000)
})

const asked: readonly (readonly [string, string, boolean])[] = [
  ['s3:ObjectCreated:*', 'in/a.txt', true],
  ['s3:ObjectCreated:Put', 'in/a.txt', true],
  ['s3:ObjectCreated:Copy', 'in/a.txt', false],
  ['s3:ObjectRemoved:*', 'in/a.txt', false],
  ['s3:ObjectCreated:*', 'out/a.txt', false],
  ['s3:ObjectCreated:*', 'in/a.bin', false],
]
for (const [event, key, isTold] of asked)
  test(`who asks for ${event} of in/*.txt is ${isTold ? '' : 'not '}told of a Put of ${key}`, () => {
    const rule = { events: [event], prefix: 'in/', suffix: '.txt' }
    assert.equal(isAsked(rule, 'ObjectCreated:Put', key), isTold)
  })

const bucketAndObjects = ['arn:aws:s3:::b', 'arn:aws:s3:::b/*']
const fitting: readonly (readonly [
  action: string | string[],
  resource: string | string[],
  boolean,
])[] = [
  ['s3:GetObject', 'arn:aws:s3:::b/*', true],
  ['s3:GetObject', 'arn:aws:s3:::b', false],
  ['s3:getobject', 'arn:aws:s3:::b*', true],
  ['s3:ListBucket', 'arn:aws:s3:::b', true],
  ['s3:ListBucket', 'arn:aws:s3:::b/*', false],
  ['s3:ListBucket', '*', true],
  [['s3:GetObject', 's3:ListBucket'], bucketAndObjects, true],
  [['s3:GetObject', 's3:ListBucket'], 'arn:aws:s3:::b/*', false],
  ['s3:*', 'arn:aws:s3:::b', true],
  ['s3:Get*', 'arn:aws:s3:::b', true],
  ['s3:OfTomorrow', 'arn:aws:s3:::b', true],
]
for (const [Action, Resource, expected] of fitting)
  test(`${Action} ${expected ? 'fits' : 'does not fit'} ${Resource}`, () => {
    const statement = { Effect: 'Deny', Principal: '*', Action, Resource }
    const text = JSON.stringify({ Version: '2012-10-17', Statement: statement })
    const { document } = compilePolicy(text, { type: 'resource', name: 'p' })
    assert.equal(document.statements.every(fitsItsResources), expected)
  })

test('an action or a condition key that S3 does not know means nothing', () => {
  const actions = ['*', 's3:*', 's3:Get*', 's3:GetObject', 'S3:getobject', 's3:ListAllMyBuckets']
  assert.deepEqual(actions.filter(isAction), actions)
  assert.deepEqual(['s3:GetObjekt', 'ec2:Get*', 's3:'].filter(isAction), [])
  const keys = [
    'aws:SourceIp',
    's3:prefix',
    's3:x-amz-acl',
    's3:ExistingObjectTag/team',
    's3:VersionId',
  ]
  assert.deepEqual(keys.filter(isConditionKey), keys)
  assert.deepEqual(['s3:prefixes', 's3:ExistingObjectTag', 's3:'].filter(isConditionKey), [])
})

test('so many newer versions are one or more, up to a hundred', () => {
  const ids = { text: () => '', uuid: () => 'id' }
  const read = (NewerNoncurrentVersions: number) =>
    readRules(
      [
        {
          Status: 'Enabled',
          Filter: {},
          NoncurrentVersionExpiration: { NoncurrentDays: 1, NewerNoncurrentVersions },
        },
      ],
      ids,
    )[0]?.newerNoncurrent
  assert.deepEqual([read(1), read(100)], [1, 100])
  for (const count of [-1, 0, 101, 1.5])
    assert.throws(() => read(count), { code: 'InvalidArgument' }, String(count))
})
