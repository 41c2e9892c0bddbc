import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as iam from '@aws-sdk/client-iam'
import * as lambda from '@aws-sdk/client-lambda'
import type { ZipEntry } from '../../packages/server/src/functions/zip.fixture.ts'
import { isolated } from '../debian-packages.ts'
import { ask, client, create, server } from './functions.fixture.ts'
import { makeRole, nodeFunction, roleArn } from './roles.fixture.ts'
import { serve, settingsOf, temporaryFolder } from './server.fixture.ts'

const failures: readonly (readonly [string, string, object, RegExp])[] = [
  [
    'throws',
    `exports.handler = async () => { throw new TypeError('bad') }`,
    {},
    /"errorType":"TypeError","errorMessage":"bad"/,
  ],
  [
    'loops',
    'exports.handler = async () => { for (;;); }',
    { Timeout: 1 },
    /Task timed out after 1.00 seconds/,
  ],
  [
    'ends',
    'exports.handler = async () => { process.exit(3) }',
    {},
    /Runtime exited with error: exit status 3/,
  ],
  ['is not there', 'exports.other = 1', {}, /Runtime.HandlerNotFound/],
  ['has no such module', `require('nowhere')`, {}, /Runtime.ImportModuleError/],
  [
    'takes all memory',
    'exports.handler = async () => { const all = []; for (;;) { all.push(Buffer.alloc(1 << 20, 1)); await 1 } }',
    { Timeout: 30 },
    /Runtime exited with error|heap/,
  ],
]
for (const [what, code, more, expected] of failures)
  test(`a function that ${what} says so, and the server goes on`, isolated, async () => {
    const name = await create('nodejs22.x', code, more)
    const { payload, error } = await ask(name)
    assert.equal(error, 'Unhandled')
    assert.match(JSON.stringify(payload), expected)
    assert.ok(await client.getFunction({ FunctionName: name }))
  })

test('a hostile function reaches nothing that is not its own', isolated, async () => {
  const name = await create(
    'nodejs22.x',
    `const fs = require('node:fs'), net = require('node:net'), { execSync } = require('node:child_process')
     const tried = (work) => { try { return String(work()).slice(0, 300) } catch (error) { return error.code ?? 'refused' } }
     const connect = (host, port) => new Promise((done) => {
       const socket = net.connect({ host, port, timeout: 1000 }, () => { socket.destroy(); done('connected') })
       socket.on('error', (error) => done(error.code)); socket.on('timeout', () => { socket.destroy(); done('timeout') })
     })
     exports.handler = async ({ data, home }) => ({
       data: tried(() => fs.readdirSync(data)), home: tried(() => fs.readdirSync(home)),
       shadow: tried(() => fs.readFileSync('/etc/shadow')), write: tried(() => fs.writeFileSync('/usr/x', 'x')),
       own: tried(() => fs.writeFileSync('/var/task/x', 'x')), root: tried(() => fs.writeFileSync('/x', 'x')),
       shared: tried(() => fs.writeFileSync('/dev/shm/x', 'x')), tmp: tried(() => fs.writeFileSync('/tmp/x', 'x')),
       others: tried(() => fs.readdirSync('/proc').filter((each) => Number(each) > 0).length < 10),
       environment: Object.keys(process.env).filter((each) => /SEKISHO|SECRET_OF/.test(each)),
       outside: await connect('198.51.100.1', 80), ssh: await connect('127.0.0.1', 22),
       operator: await fetch(process.env.AWS_ENDPOINT_URL + '/_sekisho/accounts').then(({ status }) => status),
       processes: tried(() => { const all = []; for (let at = 0; at < 3000; at++) all.push(require('node:child_process').spawn('sleep', ['9']).pid); return all.filter(Boolean).length < 1100 }),
     })`,
    { Timeout: 30, MemorySize: 1024 },
  )
  const { payload } = await ask(name, { data: server.data, home: process.env['HOME'] ?? '/root' })
  const { processes: _, ...seen } = payload
  assert.deepEqual(seen, {
    data: 'ENOENT',
    home: 'ENOENT',
    shadow: 'ENOENT',
    write: 'EROFS',
    own: 'EROFS',
    root: 'EROFS',
    shared: 'EROFS',
    tmp: 'undefined',
    others: 'true',
    environment: [],
    outside: 'ENETUNREACH',
    ssh: 'ECONNREFUSED',
    operator: 403,
  })
  assert.equal(payload.processes, 'true')
  assert.ok(await client.listFunctions({}))
})

test('archives that leave their folder are no functions', isolated, async () => {
  const hostile: readonly (readonly ZipEntry[])[] = [
    [{ name: '../evil', content: 'x' }],
    [{ name: '/etc/evil', content: 'x' }],
    [{ name: 'a\\..\\evil', content: 'x' }],
    [{ name: 'link', content: '../../etc/passwd', mode: 0o120777 }],
  ]
  for (const files of hostile) {
    const refusal = await create('nodejs22.x', files)
      .then((name) => ask(name))
      .then(
        ({ error, payload }) => `${error} ${JSON.stringify(payload)}`,
        (error) => error.name,
      )
    assert.match(refusal, /InvalidParameterValue|InvalidZipFile/)
  }
  await assert.rejects(
    client.createFunction({
      FunctionName: 'no-zip',
      Runtime: 'nodejs22.x',
      Role: roleArn('functions'),
      Handler: 'index.handler',
      Code: { ZipFile: Buffer.from('no archive') },
    }),
    { name: 'InvalidParameterValueException' },
  )
})

test('without isolation, functions run as who started the server', async () => {
  using place = temporaryFolder()
  const unsafe = await serve(place.path, '--functions', 'unsafe')
  try {
    const own = settingsOf(unsafe)
    await makeRole(new iam.IAM(own), 'functions', ['lambda.amazonaws.com'])
    const there = new lambda.Lambda(own)
    const code = `const { STS } = require('@aws-sdk/client-sts')
      exports.handler = async () => [process.getuid(), (await new STS({}).getCallerIdentity({})).Arn]`
    await there.createFunction({ ...nodeFunction('f', code), Timeout: 20 })
    const { Payload } = await there.invoke({ FunctionName: 'f' })
    assert.deepEqual(JSON.parse(Payload!.transformToString()), [
      process.getuid?.(),
      'arn:aws:sts::000000000000:assumed-role/functions/f',
    ])
  } finally {
    await unsafe.stop()
  }
})
