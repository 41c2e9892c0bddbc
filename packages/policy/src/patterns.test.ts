import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { addressSet, isAddress, parseBlock } from './address.ts'
import { compileArnPattern, matchesArn } from './arn-pattern.ts'
import { readDate } from './operators/date.ts'
import { compilePattern, matchesWhole, splitWildcards } from './wildcard.ts'

const seed = Number(process.env['SEKISHO_TEST_SEED'] ?? 20_261_120)

test(`wildcards match as the naive regular expression does (seed ${seed})`, () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', '/', ':', '\n'), maxLength: 9 })
  const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '/', '*', '*', '?'), maxLength: 7 })
  fc.assert(
    fc.property(pattern, word, (wild, text) => {
      const source = wild.replaceAll('*', '[^]*').replaceAll('?', '[^]')
      assert.equal(matchesWhole(compilePattern(wild), text), new RegExp(`^${source}$`).test(text))
    }),
    { seed, numRuns: 20_000 },
  )
})

const arns: readonly (readonly [pattern: string, arn: string, matches: boolean])[] = [
  ['*', 'anything', true],
  ['arn:aws:s3:::bucket', 'arn:aws:s3:::bucket', true],
  ['arn:aws:s3:::bucket', 'arn:aws:s3:::bucket/key', false],
  ['arn:aws:s3:::b*', 'arn:aws:s3:::b/x/y', true],
  ['arn:aws:s3:::b?', 'arn:aws:s3:::b', false],
  ['arn:aws:sns:*:111111111111:t', 'arn:aws:sns:us-east-1:111111111111:t', true],
  ['arn:aws:sns:*:t', 'arn:aws:sns:us-east-1:111111111111:t', false],
  ['arn:aws:*:t', 'arn:aws:sns:us-east-1:111111111111:t', false],
  ['arn:*:s3:::b', 'arn:aws:s3:::b', true],
  ['arn:aws:logs:*:*:log-group:*', 'arn:aws:logs:eu-west-1:1:log-group:a:log-stream:b', true],
  ['ARN:aws:s3:::b', 'arn:aws:s3:::b', false],
  ['arn:aws:s3:::b', 'arn:aws:s3::b', false],
  ['arn:aws:execute-api:*:*:*/*/GET/*', 'arn:aws:execute-api:r:1:a/p/GET/', true],
  ['arn:aws:execute-api:*:*:*/*/GET/*', 'arn:aws:execute-api:r:1:a/p/GET', false],
]
for (const [pattern, arn, matches] of arns)
  test(`${pattern} ${matches ? 'matches' : 'does not match'} ${arn}`, () => {
    assert.equal(matchesArn(compileArnPattern(splitWildcards(pattern)), arn), matches)
  })

const addresses: readonly (readonly [text: string, isAddress: boolean])[] = [
  ['0.0.0.0', true],
  ['255.255.255.255', true],
  ['256.0.0.1', false],
  ['1.2.3', false],
  ['1.2.3.4.5', false],
  ['01.2.3.4', false],
  ['1.2.3.4 ', false],
  ['0x1.2.3.4', false],
  ['::', true],
  ['::1', true],
  ['1::', true],
  ['1:2:3:4:5:6:7:8', true],
  ['1:2:3:4:5:6:7', false],
  ['1:2:3:4:5:6:7:8:9', false],
  ['1:2:3:4:5:6:7::', true],
  ['1:2:3:4:5:6:7:8::', false],
  ['1::2::3', false],
  [':::', false],
  [':1', false],
  ['1:', false],
  ['12345::', false],
  ['g::', false],
  ['::ffff:1.2.3.4', true],
  ['1:2:3:4:5:6:1.2.3.4', true],
  ['1:2:3:4:5:6:7:1.2.3.4', false],
  ['::1.2.3.4:5', false],
  ['fe80::1%eth0', false],
  ['', false],
]
for (const [text, is] of addresses)
  test(`\`${text}\` is ${is ? 'an' : 'no'} address`, () => assert.equal(isAddress(text), is))

const blocks: readonly (readonly [block: string, address: string, found: string])[] = [
  ['11.22.33.44', '11.22.33.44', 'inside'],
  ['11.22.33.44/32', '11.22.33.45', 'outside'],
  ['203.0.113.77/24', '203.0.113.0', 'inside'],
  ['203.0.113.77/24', '203.0.114.0', 'outside'],
  ['0.0.0.0/0', '255.255.255.255', 'inside'],
  ['0.0.0.0/0', '::1', 'outside'],
  ['128.0.0.0/1', '127.255.255.255', 'outside'],
  ['128.0.0.0/1', '255.0.0.1', 'inside'],
  ['::/0', '1.2.3.4', 'outside'],
  ['::/0', 'ffff::', 'inside'],
  ['2001:DB8::/32', '2001:db8:ffff::1', 'inside'],
  ['2001:db8::/33', '2001:db8:8000::', 'outside'],
  ['2001:db8::1', '2001:0DB8:0:0:0:0:0:1', 'inside'],
  ['11.22.33.44', '::ffff:11.22.33.44', 'inside'],
  ['::ffff:11.22.33.0/120', '11.22.33.44', 'inside'],
  ['11.22.33.44', 'unknown', 'no address'],
]
for (const [block, address, found] of blocks)
  test(`${address} is ${found} of ${block}`, () => {
    assert.equal(addressSet([parseBlock(block)!]).find(address), found)
  })

test(`many blocks answer as each of them would (seed ${seed})`, () => {
  const octet = fc.constantFrom(0, 1, 127, 128, 255)
  const address = fc.tuple(octet, octet, octet, octet).map((octets) => octets.join('.'))
  const block = fc.tuple(address, fc.integer({ min: 0, max: 32 })).map((each) => each.join('/'))
  fc.assert(
    fc.property(fc.array(block, { maxLength: 12 }), address, (texts, asked) => {
      const each = texts.map((text) => addressSet([parseBlock(text)!]).find(asked))
      const expected = each.includes('inside') ? 'inside' : 'outside'
      assert.equal(addressSet(texts.map((text) => parseBlock(text)!)).find(asked), expected)
    }),
    { seed, numRuns: 5_000 },
  )
})

const dates: readonly (readonly [text: string, iso: string | undefined])[] = [
  ['2024', '2024-01-01T00:00:00.000Z'],
  ['2024-02', '2024-02-01T00:00:00.000Z'],
  ['2024-02-29', '2024-02-29T00:00:00.000Z'],
  ['2023-02-29', undefined],
  ['2024-01-01T09:00:00+09:00', '2024-01-01T00:00:00.000Z'],
  ['2024-01-01T00:00Z', '2024-01-01T00:00:00.000Z'],
  ['2024-01-01T00:00:00.25Z', '2024-01-01T00:00:00.250Z'],
  ['2024-01-01T00:00:00', undefined],
  ['1700000000', '2023-11-14T22:13:20.000Z'],
  ['Tue, 14 Nov 2023', undefined],
  ['2024-00-01', undefined],
]
for (const [text, iso] of dates)
  test(`the date \`${text}\` is ${iso ?? 'none'}`, () => {
    const value = readDate(text)
    assert.equal(value === undefined ? undefined : new Date(value).toISOString(), iso)
  })
