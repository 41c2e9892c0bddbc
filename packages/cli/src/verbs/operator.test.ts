import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { test } from 'node:test'
import { Terminal } from '../terminal.fixture.ts'

const record = {
  time: '2026-11-20T00:00:00.000Z',
  requestId: '11111111-2222-3333-4444-555555555555',
  road: 'execute-api',
  method: 'GET',
  path: '/api/',
  sourceIp: '127.0.0.12',
  principal: 'anonymous',
  action: 'execute-api:Invoke',
  resource: 'arn:aws:execute-api:us-east-1:000000000000:abcde12345/api/GET/',
  outcome: 'explicit-deny',
  status: 403,
  statement: 'resource policy Statement[1]',
}
const account = {
  accountId: '111111111111',
  name: 'staging',
  accessKeyId: 'AKIAEXAMPLE',
  secretAccessKey: 'secret',
}

/** Plays the server's part: answers by method and path, remembers what it was asked. */
async function operator(terminal: Terminal, way: 'socket' | 'token') {
  const asked: string[] = []
  const answers: Readonly<Record<string, readonly [number, unknown]>> = {
    'GET /_sekisho/log?denied=1&api=abcde12345&limit=5': [200, record],
    'GET /_sekisho/apis': [
      200,
      { undeployedPolicies: [{ apiId: 'abcde12345', stageName: 'api' }] },
    ],
    'GET /_sekisho/accounts': [200, [account]],
    'POST /_sekisho/accounts': [200, account],
    'POST /_sekisho/accounts/staging/rotate-key': [200, account],
    'GET /_sekisho/clock': [200, { now: '2030-01-31T00:00:00.000Z' }],
    'POST /_sekisho/clock': [200, { now: '2030-02-01T00:00:00.000Z' }],
    'POST /_sekisho/reset': [403, { message: 'start the server with `--allow-reset`' }],
    [`GET /_sekisho/explain/${record.requestId}`]: [
      200,
      { record, notes: [{ note: 'raw-path', path: '/api/' }, { note: 'no-policy-asked' }] },
    ],
  }
  const server = createServer((request, response) => {
    const question = `${request.method} ${request.url}`
    asked.push(question)
    const isTrusted = way === 'socket' || request.headers.authorization === 'Bearer token'
    const [status, body] = isTrusted ? (answers[question] ?? [404, { message: 'no' }]) : [401, {}]
    response.writeHead(status).end(`${JSON.stringify(body)}\n`)
  })
  const { promise, resolve } = Promise.withResolvers<void>()
  if (way === 'socket') server.listen(join(terminal.cwd, 'operator.sock'), resolve)
  else server.listen(0, '127.0.0.1', resolve)
  await promise
  const place = server.address()
  const port = typeof place === 'object' ? place!.port : 4566
  terminal.write('operator-token', 'token\n')
  terminal.write(
    'config',
    `[default]\nregion = eu-west-1\nendpoint_url = http://127.0.0.1:${port}\n`,
  )
  terminal.write(
    'credentials',
    "[default]\naws_access_key_id = AKIA1\naws_secret_access_key = it's\n\n[staging]\naws_access_key_id = AKIA2\naws_secret_access_key = other\n",
  )
  return { asked, port, [Symbol.dispose]: () => void server.close() }
}

for (const way of ['socket', 'token'] as const)
  test(`the operator is asked by ${way}`, async () => {
    using terminal = new Terminal({ LANG: 'C' })
    using server = await operator(terminal, way)
    const ask = (...args: string[]) => terminal.sekisho(...args, '--data', '.')
    assert.deepEqual(await ask('log', '--denied', '--api', 'abcde12345', '--limit', '5'), {
      exitCode: 0,
      stdout: `${record.time}  ${record.requestId}  GET  /api/  127.0.0.12  anonymous  explicit-deny (403)  resource policy Statement[1]\n`,
      stderr:
        'sekisho: the policy of API abcde12345 changed after its last deployment: stage api still serves the older one\n',
    })
    assert.deepEqual(await ask('account', 'list'), {
      exitCode: 0,
      stdout: '111111111111  AKIAEXAMPLE  staging\n',
      stderr: '',
    })
    const created = await ask('account', 'create', 'staging', '--json')
    assert.deepEqual(JSON.parse(created.stdout), account)
    assert.equal((await ask('account', 'rotate-key', 'staging')).exitCode, 0)
    for (const args of [['now'], ['set', '2030-01-31'], ['advance', '1d12h']])
      assert.match((await ask('clock', ...args)).stdout, /^2030-0\d-\d\dT00:00:00\.000Z\n$/)
    for (const args of [[], ['set'], ['set', 'noon'], ['advance', '1'], ['now', 'x'], ['stop']])
      assert.equal((await ask('clock', ...args)).exitCode, 2, args.join(' '))
    assert.deepEqual(await ask('reset'), {
      exitCode: 1,
      stdout: '',
      stderr: 'sekisho: start the server with `--allow-reset`\n',
    })
    const { stdout } = await ask('explain', record.requestId)
    assert.match(stdout, /^GET \/api\/ from 127\.0\.0\.12 ended with explicit-deny \(403\)\.\n/)
    assert.match(stdout, /--strict-paths/)
    assert.match(stdout, /No policy was asked/)
    assert.match((await ask('explain', record.requestId, '--lang', 'ja')).stdout, /[ぁ-ん]/)
    assert.equal(server.asked.includes('POST /_sekisho/reset'), true)
  })

test('an answer that is cut off, or no answer of a Sekisho, ends with 3', async () => {
  using terminal = new Terminal()
  const answer = { cut: true }
  const server = createServer((request, response) => {
    if (request.url === '/_sekisho/apis') response.end('{"undeployedPolicies":[]}')
    else if (!answer.cut) response.end('<html>')
    else {
      response.writeHead(200, { 'content-length': 10_000 })
      response.write(`${JSON.stringify(record)}\n\n`, () => response.destroy())
    }
  })
  await new Promise<void>((resolve) => server.listen(join(terminal.cwd, 'operator.sock'), resolve))
  const log = await terminal.sekisho('log', '--json', '--data', '.')
  assert.deepEqual(log, {
    exitCode: 3,
    stdout: `${JSON.stringify(record)}\n`,
    stderr: 'sekisho: the server ended before its answer did\n',
  })
  answer.cut = false
  const list = await terminal.sekisho('account', 'list', '--data', '.')
  assert.equal(list.exitCode, 3)
  assert.equal(list.stderr, 'sekisho: what answers there is no Sekisho\n')
  server.close()
})

test('env prints shell-quoted exports of the key asked for', async () => {
  using terminal = new Terminal()
  using server = await operator(terminal, 'token')
  assert.deepEqual(await terminal.sekisho('env', '--data', '.'), {
    exitCode: 0,
    stdout: `unset AWS_PROFILE AWS_SESSION_TOKEN
export AWS_ENDPOINT_URL='http://127.0.0.1:${server.port}'
export AWS_ACCESS_KEY_ID='AKIA1'
export AWS_SECRET_ACCESS_KEY='it'\\''s'
export AWS_REGION='eu-west-1'
export AWS_DEFAULT_REGION='eu-west-1'
`,
    stderr: '',
  })
  const other = await terminal.sekisho('env', '--json', '--account', 'staging', '--data', '.')
  assert.equal(JSON.parse(other.stdout).AWS_ACCESS_KEY_ID, 'AKIA2')
  assert.equal((await terminal.sekisho('env', '--account', 'no', '--data', '.')).exitCode, 2)
})

test('exec ends as the command ends, and points it here and nowhere else', async () => {
  using terminal = new Terminal({ PATH: '/usr/bin:/bin', AWS_PROFILE: 'work', AWS_PAGER: 'cat' })
  using server = await operator(terminal, 'token')
  const check = `test "$AWS_ENDPOINT_URL" = http://127.0.0.1:${server.port} &&
    test "$AWS_ACCESS_KEY_ID" = AKIA2 && test -z "$AWS_PROFILE" && test "$AWS_PAGER" = cat && exit 7`
  const exec = (...args: string[]) => terminal.sekisho('exec', '--data', '.', ...args)
  assert.equal((await exec('--profile', 'staging', '--', 'sh', '-c', check)).exitCode, 7)
  assert.equal((await exec('--', 'sh', '-c', 'kill -TERM $$')).exitCode, 143)
  assert.equal((await exec('--', './absent')).exitCode, 2)
  assert.equal((await exec('--')).exitCode, 2)
})

test('without a server the answer is 3, and says where one was looked for', async () => {
  using terminal = new Terminal({ SEKISHO_DATA: 'elsewhere' })
  for (const args of [['log'], ['account', 'list'], ['explain', 'x'], ['reset'], ['env']]) {
    const { exitCode, stderr } = await terminal.sekisho(...args)
    assert.equal(exitCode, 3, args.join(' '))
    assert.match(stderr, /no server serves `.*elsewhere`/)
  }
})

test('the data folder is found as `start` finds it', async () => {
  using terminal = new Terminal()
  terminal.write('sekisho.config.json', { data: 'configured' })
  assert.match((await terminal.sekisho('log')).stderr, /`.*configured`/)
  assert.match((await terminal.sekisho('log', '--data', 'given')).stderr, /`.*given`/)
  terminal.write('sekisho.config.json', '{')
  assert.equal((await terminal.sekisho('log')).exitCode, 2)
})
