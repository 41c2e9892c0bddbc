import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Terminal } from '../terminal.fixture.ts'

test('a fault is told with its file, line and column', async () => {
  using terminal = new Terminal()
  terminal.write(
    'policy.json',
    '{\n  "Version": "2012-10-17",\n  "Statement": [{ "Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke",\n    "Resource": "*", "Condition": { "IpAdress": { "aws:SourceIp": "10.0.0.0/8" } } }]\n}\n',
  )
  const { exitCode, stdout } = await terminal.sekisho('lint', 'policy.json')
  assert.equal(exitCode, 1)
  assert.match(stdout, /^policy\.json:4:\d+: error UNKNOWN_OPERATOR .*IpAdress/)
  const { stdout: json } = await terminal.sekisho('lint', 'policy.json', '--format', 'json')
  const [finding] = JSON.parse(json)
  assert.equal(finding.file, 'policy.json')
  assert.equal(finding.line, 4)
  assert.match(finding.pointer, /^\/Statement\/0\/Condition/)
})

test('a policy without a fault is silent', async () => {
  using terminal = new Terminal()
  terminal.write('policy.json', {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }],
  })
  assert.deepEqual(await terminal.sekisho('lint', '--type', 'identity', 'policy.json'), {
    exitCode: 0,
    stdout: '',
    stderr: '',
  })
  assert.equal((await terminal.sekisho('lint', 'policy.json')).exitCode, 1)
})

test("API Gateway's short forms are no fault in a resource policy; what is one keeps its place", async () => {
  using terminal = new Terminal()
  const policy = (resource: string) => ({
    Version: '2012-10-17',
    Statement: {
      Effect: 'Allow',
      Principal: { AWS: '111111111111' },
      Action: 'execute-api:Invoke',
      Resource: ['execute-api:/*/GET/a', resource],
    },
  })
  terminal.write('policy.json', policy('execute-api:/*/*/*'))
  assert.equal((await terminal.sekisho('lint', 'policy.json')).exitCode, 0)
  assert.equal((await terminal.sekisho('lint', '--type', 'identity', 'policy.json')).exitCode, 1)
  terminal.write('policy.json', policy('excute-api:/*'))
  const { stdout } = await terminal.sekisho('lint', 'policy.json')
  assert.match(stdout, /^policy\.json:11:7: error INVALID_RESOURCE `excute-api:\/\*`.*\n$/)
})

test('bad usage ends with 2', async () => {
  using terminal = new Terminal()
  for (const args of [[], ['--format', 'sarif', 'x'], ['--type', 'magic', 'x'], ['absent.json']])
    assert.equal((await terminal.sekisho('lint', ...args)).exitCode, 2, args.join(' '))
})
