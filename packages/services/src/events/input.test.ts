import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type InputRules, inputFor, whyNoInput } from './input.ts'

const event = {
  version: '0',
  id: 'e1',
  'detail-type': 'T',
  source: 's',
  account: '1',
  time: '2026-01-01T00:00:00Z',
  region: 'us-east-1',
  resources: ['r0', 'r1'],
  detail: { name: 'say "hi"', count: 3, inner: { a: [1, 2] }, 'a b': true },
} as const
const rule = { arn: 'arn:rule', name: 'rule', receivedAt: Date.UTC(2026, 0, 1) }

const cases: readonly (readonly [string, InputRules, string])[] = [
  ['the event as it is', {}, JSON.stringify(event)],
  ['something constant', { input: '{"a":1}' }, '{"a":1}'],
  ['a part', { inputPath: '$.detail.inner' }, '{"a":[1,2]}'],
  ['a part by its quoted name', { inputPath: "$.detail['a b']" }, 'true'],
  ['a member of a list', { inputPath: '$.resources[1]' }, '"r1"'],
  ['what is not there', { inputPath: '$.detail.gone' }, 'null'],
  [
    'values in a JSON template',
    {
      transformer: {
        paths: { name: '$.detail.name', count: '$.detail.count', inner: '$.detail.inner' },
        template: '{"name": <name>, "count": <count>, "inner": <inner>}',
      },
    },
    '{"name": "say \\"hi\\"", "count": 3, "inner": {"a":[1,2]}}',
  ],
  [
    'values inside quotes',
    {
      transformer: {
        paths: { name: '$.detail.name', count: '$.detail.count', inner: '$.detail.inner' },
        template: '{"text": "<name> has <count> of <inner>"}',
      },
    },
    '{"text": "say \\"hi\\" has 3 of {a:[1,2]}"}',
  ],
  [
    'a template of text',
    { transformer: { paths: { count: '$.detail.count' }, template: '"There are <count>"' } },
    '"There are 3"',
  ],
  [
    'what is not there, in a template',
    { transformer: { paths: { gone: '$.gone' }, template: '{"a": <gone>, "b": "<gone>"}' } },
    '{"a": "", "b": ""}',
  ],
  [
    'what EventBridge knows',
    {
      transformer: {
        paths: {},
        template:
          '{"rule": <aws.events.rule-name>, "arn": "<aws.events.rule-arn>", "at": <aws.events.event.ingestion-time>}',
      },
    },
    '{"rule": "rule", "arn": "arn:rule", "at": "2026-01-01T00:00:00.000Z"}',
  ],
  [
    'the event itself',
    { transformer: { paths: {}, template: '{"e": <aws.events.event.json>}' } },
    `{"e": ${JSON.stringify(event)}}`,
  ],
]
for (const [what, rules, expected] of cases)
  test(`a target gets ${what}`, () => {
    assert.equal(whyNoInput(rules, 't'), undefined)
    assert.equal(inputFor(rules, event, rule), expected)
  })

test('rules that could never make an input are refused', () => {
  const transformer = (template: string, paths = {}) => ({ transformer: { template, paths } })
  const refused: readonly (readonly [InputRules, RegExp])[] = [
    [{ input: '{}', inputPath: '$' }, /^Only one of Input, InputPath, or InputTransformer/],
    [{ input: 'text' }, /^JSON syntax error in input for target t/],
    [{ inputPath: 'detail' }, /^Invalid JSON path/],
    [{ inputPath: '$.a[' }, /^Invalid JSON path/],
    [transformer('{"a": <b>}'), /contains invalid placeholder b\./],
    [transformer('{"a": <b>', { b: '$.b' }), /^Invalid InputTemplate for target t/],
    [transformer('words', {}), /^Invalid InputTemplate for target t/],
    [transformer('{}', { aws: '$.b' }), /reserved key aws/],
    [transformer('{}', { a: 'b' }), /^Invalid JSON path/],
  ]
  for (const [rules, expected] of refused) assert.match(whyNoInput(rules, 't') ?? '', expected)
})
