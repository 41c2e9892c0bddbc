import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Terminal } from '../terminal.fixture.ts'

const api = 'arn:aws:execute-api:us-east-1:111111111111:abcde12345/api/GET/'
const onlyOneAddress = {
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', Principal: '*', Action: 'execute-api:Invoke', Resource: '*' },
    {
      Effect: 'Deny',
      Principal: '*',
      Action: 'execute-api:Invoke',
      Resource: '*',
      Condition: { NotIpAddress: { 'aws:SourceIp': ['11.22.33.44/32'] } },
    },
  ],
}

const question = ['--action', 'execute-api:Invoke', '--resource', api]
const from = (address: string) => ['--context', `aws:SourceIp=${address}`]

test('a request is decided by policy files alone', async () => {
  using terminal = new Terminal()
  terminal.write('policy.json', onlyOneAddress)
  const ask = (...args: string[]) =>
    terminal.sekisho('simulate', ...question, '--resource-policy', 'policy.json', ...args)
  assert.deepEqual(await ask(...from('11.22.33.44')), {
    exitCode: 0,
    stdout: 'allowed\n',
    stderr: '',
  })
  assert.deepEqual(await ask(...from('11.22.33.45')), {
    exitCode: 1,
    stdout: 'explicitDeny with an explicit deny in a resource-based policy\n',
    stderr: '',
  })
})

test("API Gateway's short forms stand for the API that is called", async () => {
  using terminal = new Terminal()
  terminal.write('policy.json', {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: '*',
        Action: 'execute-api:Invoke',
        Resource: 'execute-api:/*/GET/',
      },
    ],
  })
  const ask = (resource: string) =>
    terminal.sekisho(
      'simulate',
      ...['--action', 'execute-api:Invoke', '--resource', resource],
      ...['--resource-policy', 'policy.json'],
    )
  assert.equal((await ask(api)).exitCode, 0)
  assert.equal((await ask(api.replace('GET', 'POST'))).exitCode, 1)
  const elsewhere = await ask('arn:aws:s3:::bucket')
  assert.equal(elsewhere.exitCode, 2)
  assert.match(elsewhere.stderr, /policy\.json:8:19: `execute-api:\/\*\/GET\/` is no ARN/)
})

test('the explanation names the statement and the address compared, in two languages', async () => {
  using terminal = new Terminal({ LANG: 'ja_JP.UTF-8' })
  terminal.write('policy.json', onlyOneAddress)
  const ask = (...args: string[]) =>
    terminal.sekisho(
      'simulate',
      ...question,
      ...from('192.0.2.1'),
      ...['--resource-policy', 'policy.json', '--explain', ...args],
    )
  const english = await ask('--lang', 'en')
  assert.match(english.stdout, /Statement\[1\]/)
  assert.match(english.stdout, /192\.0\.2\.1/)
  const japanese = await ask()
  assert.match(japanese.stdout, /192\.0\.2\.1/)
  assert.match(japanese.stdout, /[ぁ-ん]/)
  const { trace } = JSON.parse((await ask('--json')).stdout)
  assert.equal(trace.policies[0].statements[1].applies, true)
  assert.equal((await ask('--lang', 'tlh')).exitCode, 2)
})

test('a file of cases: mismatches one a line, then the count', async () => {
  using terminal = new Terminal()
  const decisionCase = (id: string, expect: string) =>
    JSON.stringify({
      id,
      request: {
        principal: 'anonymous',
        action: 'execute-api:Invoke',
        resource: api,
        resourceAccount: '111111111111',
        context: { 'aws:SourceIp': '11.22.33.44' },
      },
      resourcePolicy: onlyOneAddress,
      expect,
    })
  terminal.write('good.jsonl', `${decisionCase('a', 'allowed')}\n`)
  assert.deepEqual(await terminal.sekisho('simulate', '--cases', 'good.jsonl'), {
    exitCode: 0,
    stdout: '1 passed, 0 failed\n',
    stderr: '',
  })
  terminal.write(
    'bad.jsonl',
    `${decisionCase('a', 'allowed')}\n\n${decisionCase('b', 'implicitDeny')}`,
  )
  assert.deepEqual(await terminal.sekisho('simulate', '--cases', 'bad.jsonl'), {
    exitCode: 1,
    stdout: '{"id":"b","want":"implicitDeny","got":"allowed"}\n1 passed, 1 failed\n',
    stderr: '',
  })
})

const wrongCases = [
  ['{', 'cases.jsonl:2: no JSON'],
  ['[]', 'cases.jsonl:2: a case is a JSON object'],
  ['{"id":"x"}', 'cases.jsonl:2: `/request` must be an object'],
  [
    '{"id":"x","request":{"principal":"anonymous","action":"a:B","resource":"*"},"expect":"yes"}',
    'cases.jsonl:2: `/expect` must be one of allowed, implicitDeny, explicitDeny',
  ],
  [
    '{"id":"x","request":{"principal":"anonymous","action":"a:B","resource":"*"},"expect":"allowed","scps":[{}]}',
    'cases.jsonl:2: `/scps` must hold objects with a list of `policies`',
  ],
  [
    '{"id":"x","request":{"principal":"anonymous","action":"a:B","resource":"*"},"expect":"allowed","identityPolicies":[{"Statement":[{"Effect":"Maybe"}]}]}',
    'cases.jsonl:2: case `x`: ',
  ],
] as const

for (const [line, message] of wrongCases)
  test(`a line that is no case is named: ${message}`, async () => {
    using terminal = new Terminal()
    terminal.write('cases.jsonl', `\n${line}\n`)
    const { exitCode, stderr } = await terminal.sekisho('simulate', '--cases', 'cases.jsonl')
    assert.equal(exitCode, 2)
    assert.ok(stderr.startsWith(`sekisho: ${message}`), stderr)
  })

const wrongUses = [
  [['--action', 'execute-api:Invoke'], '`--resource`'],
  [['--action', 'Invoke', '--resource', '*'], '`--action` cannot be `Invoke`'],
  [[...question, '--principal', 'bob'], '`--principal` cannot be `bob`'],
  [[...question, '--context', 'aws:SourceIp'], '`--context` cannot be `aws:SourceIp`'],
  [[...question, '--resource-account', '12'], '`--resource-account` cannot be `12`'],
  [[...question, '--identity', 'absent.json'], 'cannot read `absent.json`'],
  [[...question, '--identity', 'broken.json'], 'broken.json:1:15: '],
  [[...question, '--cases', 'cases.jsonl'], '`--cases` goes without `--action`'],
  [[...question, 'more'], 'unexpected argument `more`'],
] as const

for (const [args, message] of wrongUses)
  test(`bad input is named: ${message}`, async () => {
    using terminal = new Terminal()
    terminal.write('broken.json', '{"Statement": }')
    const { exitCode, stderr } = await terminal.sekisho('simulate', ...args)
    assert.equal(exitCode, 2)
    assert.ok(stderr.includes(message), stderr)
  })

test('several values of one key make a list', async () => {
  using terminal = new Terminal()
  terminal.write('policy.json', {
    Version: '2012-10-17',
    Statement: {
      Effect: 'Allow',
      Action: '*',
      Resource: '*',
      Condition: { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['a', 'b'] } },
    },
  })
  const ask = (...keys: string[]) =>
    terminal.sekisho(
      'simulate',
      ...['--principal', 'arn:aws:iam::111111111111:user/Ann', '--identity', 'policy.json'],
      ...['--action', 's3:GetObject', '--resource', 'arn:aws:s3:::bucket/key'],
      ...keys.flatMap((key) => ['--context', `aws:TagKeys=${key}`]),
    )
  assert.equal((await ask('a', 'b')).exitCode, 0)
  assert.equal((await ask('a', 'c')).exitCode, 1)
})
