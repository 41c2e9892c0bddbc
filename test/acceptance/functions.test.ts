import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import * as logs from '@aws-sdk/client-cloudwatch-logs'
import * as iam from '@aws-sdk/client-iam'
import * as lambda from '@aws-sdk/client-lambda'
import { type ZipEntry, zip } from '../../packages/server/src/functions/zip.fixture.ts'
import { needs } from '../debian-packages.ts'
import { type Serving, sekisho, serve, temporaryFolder } from './server.fixture.ts'

const isolated = process.platform === 'linux' ? needs('bubblewrap') : { skip: 'needs Linux' }
const folder = temporaryFolder()
let server: Serving
let client: lambda.Lambda
let settings: { endpoint: string; region: string; credentials: never; maxAttempts: number }
const role = 'arn:aws:iam::000000000000:role/functions'

const trust =
  '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}'

before(async () => {
  server = await serve(folder.path)
  const given = JSON.parse(sekisho(['env', '--data', server.data, '--json']).stdout)
  settings = {
    endpoint: server.endpoint,
    region: 'us-east-1',
    credentials: {
      accessKeyId: given.AWS_ACCESS_KEY_ID,
      secretAccessKey: given.AWS_SECRET_ACCESS_KEY,
    } as never,
    maxAttempts: 1,
  }
  client = new lambda.Lambda(settings)
  const access = new iam.IAM(settings)
  await access.createRole({
    RoleName: 'functions',
    AssumeRolePolicyDocument: trust,
  })
  await access.putRolePolicy({
    RoleName: 'functions',
    PolicyName: 'own',
    PolicyDocument:
      '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"apigateway:GET","Resource":"*"}]}',
  })
})
after(async () => {
  await server.stop()
  folder[Symbol.dispose]()
})

let count = 0
async function create(
  Runtime: string,
  files: readonly ZipEntry[] | string,
  more: Partial<lambda.CreateFunctionCommandInput> = {},
): Promise<string> {
  const FunctionName = `function-${++count}`
  const name = Runtime.startsWith('python') ? 'app.py' : 'index.js'
  await client.createFunction({
    FunctionName,
    Runtime: Runtime as lambda.Runtime,
    Role: role,
    Handler: Runtime.startsWith('python') ? 'app.handler' : 'index.handler',
    Code: { ZipFile: zip(typeof files === 'string' ? [{ name, content: files }] : files) },
    ...more,
  })
  return FunctionName
}

async function ask(FunctionName: string, event: unknown = {}) {
  const { Payload, FunctionError, LogResult } = await client.invoke({
    FunctionName,
    Payload: JSON.stringify(event),
    LogType: 'Tail',
  })
  return {
    payload: JSON.parse(Payload!.transformToString()),
    error: FunctionError,
    log: Buffer.from(LogResult ?? '', 'base64').toString(),
  }
}

test(
  'a Node function acts as its role, on this server, with the SDK at hand',
  isolated,
  async () => {
    const name = await create(
      'nodejs22.x',
      `const { APIGateway } = require('@aws-sdk/client-api-gateway')
     const { STS } = require('@aws-sdk/client-sts')
     const { IAM } = require('@aws-sdk/client-iam')
     exports.handler = async (event, context) => {
       console.log('asked', event.name)
       const apis = await new APIGateway({}).getRestApis({})
       const refused = await new IAM({}).listUsers({}).catch((error) => error.name)
       return { hello: event.name, arn: (await new STS({}).getCallerIdentity({})).Arn,
         apis: apis.items.length, refused, variable: process.env.GREETING, name: context.functionName }
     }`,
      { Environment: { Variables: { GREETING: 'hi' } }, Timeout: 20, MemorySize: 512 },
    )
    const { payload, error, log } = await ask(name, { name: 'you' })
    assert.equal(error, undefined, JSON.stringify(payload))
    assert.deepEqual(payload, {
      hello: 'you',
      arn: `arn:aws:sts::000000000000:assumed-role/functions/${name}`,
      apis: 0,
      refused: 'AccessDenied',
      variable: 'hi',
      name,
    })
    assert.match(log, /^START RequestId: [\w-]{36} Version: \$LATEST\n/)
    assert.match(log, /\tINFO\tasked you\n/)
    assert.match(log, /REPORT RequestId: .*\tMemory Size: 512 MB\t/)
  },
)

test('a Python function has boto3, on this server', {
  ...isolated,
  ...needs('python3-boto3'),
}, async () => {
  const name = await create(
    'python3.12',
    `import boto3, logging
def handler(event, context):
    print("asked", event)
    return {"arn": boto3.client("sts").get_caller_identity()["Arn"], "left": context.get_remaining_time_in_millis() > 0}
`,
    { Timeout: 20, MemorySize: 512 },
  )
  const { payload, error, log } = await ask(name, { a: 1 })
  assert.equal(error, undefined, JSON.stringify(payload))
  assert.deepEqual(payload, {
    arn: `arn:aws:sts::000000000000:assumed-role/functions/${name}`,
    left: true,
  })
  assert.match(log, /asked \{'a': 1\}/)
})

test(
  'what a function writes is in CloudWatch Logs, as far as its role allows',
  isolated,
  async () => {
    const access = new iam.IAM(settings)
    await access.createRole({
      RoleName: 'logging',
      AssumeRolePolicyDocument:
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}',
    })
    await access.attachRolePolicy({
      RoleName: 'logging',
      PolicyArn: 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole',
    })
    const code = 'exports.handler = async (event) => console.log(event.said)'
    const silent = await create('nodejs22.x', code)
    const name = await create('nodejs22.x', code, { Role: role.replace('functions', 'logging') })
    await ask(silent, { said: 'unheard' })
    await ask(name, { said: 'heard' })
    const reader = new logs.CloudWatchLogs(settings)
    const said = async () => {
      const { events = [] } = await reader
        .filterLogEvents({ logGroupName: `/aws/lambda/${name}` })
        .catch(() => ({ events: [] }))
      return events.map(({ message = '' }) => message)
    }
    const deadline = Date.now() + 10_000
    while (!(await said()).some((line) => line.startsWith('REPORT')) && Date.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 100))
    const lines = await said()
    assert.deepEqual(
      lines.map(
        (line) => /^[A-Z_]+(?= )|heard/.exec(line.split('\t').at(-1)!)?.[0] ?? line.split(' ')[0],
      ),
      ['INIT_START', 'START', 'heard', 'END', 'REPORT'],
    )
    assert.ok(lines.every((line) => line.endsWith('\n')))
    const { logGroups } = await reader.describeLogGroups({ logGroupNamePrefix: '/aws/lambda/' })
    assert.deepEqual(
      logGroups?.map(({ logGroupName }) => logGroupName),
      [`/aws/lambda/${name}`],
    )
  },
)

test('any program that speaks the Runtime API is a function', isolated, async () => {
  const content = `#!/bin/sh
API="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation"
while true; do
  EVENT=$(curl -sS -D /tmp/head "$API/next")
  ID=$(sed -n 's/^Lambda-Runtime-Aws-Request-Id: *\\([0-9a-f-]*\\).*/\\1/p' /tmp/head)
  curl -sS "$API/$ID/response" -d "{\\"echo\\": $EVENT}" > /dev/null
done
`
  const name = await create('provided.al2023', [{ name: 'bootstrap', content, mode: 0o100755 }])
  assert.deepEqual((await ask(name, { a: 1 })).payload, { echo: { a: 1 } })
})

test('a program of the Runtime API streams, and says why it cannot begin', isolated, async () => {
  const api = 'http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime'
  const streams = await create('provided.al2023', [
    {
      name: 'bootstrap',
      mode: 0o100755,
      content: `#!/bin/sh
while true; do
  curl -sS -D /tmp/head "${api}/invocation/next" > /dev/null
  ID=$(sed -n 's/^Lambda-Runtime-Aws-Request-Id: *\\([0-9a-f-]*\\).*/\\1/p' /tmp/head)
  (echo '{"piece":'; sleep 0.1; echo '1}') | curl -sS -X POST -H 'Lambda-Runtime-Function-Response-Mode: streaming' -H 'Transfer-Encoding: chunked' -T - "${api}/invocation/$ID/response" > /dev/null
done
`,
    },
  ])
  assert.deepEqual((await ask(streams)).payload, { piece: 1 })
  assert.deepEqual((await ask(streams)).payload, { piece: 1 })
  const broken = await create('provided.al2023', [
    {
      name: 'bootstrap',
      mode: 0o100755,
      content: `#!/bin/sh
curl -sS -X POST -H 'Lambda-Runtime-Function-Error-Type: Runtime.NoConfig' -d '{"errorMessage":"no configuration","errorType":"NoConfig"}' "${api}/init/error" > /dev/null
exit 1
`,
    },
  ])
  const { payload, error, log } = await ask(broken)
  assert.equal(error, 'Unhandled')
  assert.equal(payload.errorMessage, 'no configuration')
  assert.match(log, /Phase: init\tStatus: error/)
})

test('an answer in pieces comes as a stream of events', isolated, async () => {
  const name = await create(
    'nodejs22.x',
    `exports.handler = awslambda.streamifyResponse(async (event, stream) => {
      stream.write('first ')
      await new Promise((done) => setTimeout(done, 50))
      stream.write('second')
      if (event.breaks) throw new TypeError('broken')
      stream.end()
    })`,
  )
  const told = async (event: unknown) => {
    const { EventStream } = await client.invokeWithResponseStream({
      FunctionName: name,
      Payload: JSON.stringify(event),
      LogType: 'Tail',
    })
    let text = ''
    let end: lambda.InvokeWithResponseStreamCompleteEvent | undefined
    for await (const { PayloadChunk, InvokeComplete } of EventStream!) {
      text += PayloadChunk ? Buffer.from(PayloadChunk.Payload!).toString() : ''
      end = InvokeComplete ?? end
    }
    return { text, end: end! }
  }
  const whole = await told({})
  assert.deepEqual([whole.text, whole.end.ErrorCode], ['first second', undefined])
  assert.match(Buffer.from(whole.end.LogResult!, 'base64').toString(), /REPORT RequestId/)
  const broken = await told({ breaks: true })
  assert.equal(broken.text, 'first second')
  assert.equal(broken.end.ErrorCode, 'Unhandled')
  assert.equal(JSON.parse(broken.end.ErrorDetails!).errorType, 'TypeError')
})

test('runtimes that are not here are refused, with those that are', async () => {
  await assert.rejects(
    create('ruby3.3', [{ name: 'f.rb', content: '' }]),
    /ruby3.3.*not supported by Sekisho; supported here: nodejsNN.x, python3.N, provided/,
  )
})

test('without isolation, functions run as who started the server', async () => {
  using place = temporaryFolder()
  const unsafe = await serve(place.path, '--functions', 'unsafe')
  try {
    const given = JSON.parse(sekisho(['env', '--data', unsafe.data, '--json']).stdout)
    const own = {
      ...settings,
      endpoint: unsafe.endpoint,
      credentials: {
        accessKeyId: given.AWS_ACCESS_KEY_ID,
        secretAccessKey: given.AWS_SECRET_ACCESS_KEY,
      },
    }
    await new iam.IAM(own).createRole({
      RoleName: 'functions',
      AssumeRolePolicyDocument: trust,
    })
    const there = new lambda.Lambda(own)
    const code = `const { STS } = require('@aws-sdk/client-sts')
      exports.handler = async () => [process.getuid(), (await new STS({}).getCallerIdentity({})).Arn]`
    await there.createFunction({
      FunctionName: 'f',
      Runtime: 'nodejs22.x',
      Role: role,
      Handler: 'index.handler',
      Timeout: 20,
      Code: { ZipFile: zip([{ name: 'index.js', content: code }]) },
    })
    const { Payload } = await there.invoke({ FunctionName: 'f' })
    assert.deepEqual(JSON.parse(Payload!.transformToString()), [
      process.getuid?.(),
      'arn:aws:sts::000000000000:assumed-role/functions/f',
    ])
  } finally {
    await unsafe.stop()
  }
})

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
       own: tried(() => fs.writeFileSync('/var/task/x', 'x')), tmp: tried(() => fs.writeFileSync('/tmp/x', 'x')),
       others: tried(() => fs.readdirSync('/proc').filter((each) => Number(each) > 0).length < 10),
       environment: Object.keys(process.env).filter((each) => /SEKISHO|SECRET_OF/.test(each)),
       outside: await connect('198.51.100.1', 80), ssh: await connect('127.0.0.1', 22),
       operator: await fetch(process.env.AWS_ENDPOINT_URL + '/_sekisho/accounts').then(({ status }) => status),
       processes: tried(() => { const all = []; for (let at = 0; at < 3000; at++) all.push(require('node:child_process').spawn('sleep', ['9']).pid); return all.filter(Boolean).length < 1100 }),
     })`,
    { Timeout: 30, MemorySize: 1024 },
  )
  const { payload } = await ask(name, { data: folder.path, home: process.env['HOME'] ?? '/root' })
  const { processes: _, ...seen } = payload
  assert.deepEqual(seen, {
    data: 'ENOENT',
    home: 'ENOENT',
    shadow: 'ENOENT',
    write: 'EROFS',
    own: 'EROFS',
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
      Role: role,
      Handler: 'index.handler',
      Code: { ZipFile: Buffer.from('no archive') },
    }),
    { name: 'InvalidParameterValueException' },
  )
})

test('code and configuration change, and the next call runs the new ones', isolated, async () => {
  const name = await create('nodejs22.x', 'exports.handler = async () => `${process.env.AA} 1`')
  assert.equal((await ask(name)).payload, 'undefined 1')
  await client.updateFunctionConfiguration({
    FunctionName: name,
    Environment: { Variables: { AA: 'x', A1: 'y' } },
  })
  await client.updateFunctionCode({
    FunctionName: name,
    ZipFile: zip([
      { name: 'index.js', content: 'exports.handler = async () => `${process.env.AA} 2`' },
    ]),
  })
  await lambda.waitUntilFunctionUpdatedV2({ client, maxWaitTime: 10 }, { FunctionName: name })
  assert.equal((await ask(name)).payload, 'x 2')
  await client.deleteFunction({
    FunctionName: `arn:aws:lambda:us-east-1:000000000000:function:${name}`,
  })
  await assert.rejects(ask(name), { name: 'ResourceNotFoundException' })
})

test('who may ask a function is decided by policies, its own among them', isolated, async () => {
  const name = await create('nodejs22.x', 'exports.handler = async () => 1')
  const access = new iam.IAM(settings)
  await access.createUser({ UserName: 'asker' })
  const { AccessKey } = await access.createAccessKey({ UserName: 'asker' })
  const asker = new lambda.Lambda({
    ...settings,
    credentials: {
      accessKeyId: AccessKey!.AccessKeyId!,
      secretAccessKey: AccessKey!.SecretAccessKey!,
    },
  })
  const asked = () => asker.invoke({ FunctionName: name })
  await assert.rejects(asked(), { name: 'AccessDeniedException' })
  await client.addPermission({
    FunctionName: name,
    StatementId: 'asker',
    Action: 'lambda:InvokeFunction',
    Principal: 'arn:aws:iam::000000000000:user/asker',
  })
  assert.equal((await asked()).StatusCode, 200)
  const { Policy } = await client.getPolicy({ FunctionName: name })
  assert.match(Policy!, /"Sid":"asker"/)
  await client.removePermission({ FunctionName: name, StatementId: 'asker' })
  await assert.rejects(asked(), { name: 'AccessDeniedException' })
  await assert.rejects(client.getPolicy({ FunctionName: name }), {
    name: 'ResourceNotFoundException',
  })
  // A role that Lambda may not take is no function's.
  await assert.rejects(
    client.createFunction({
      FunctionName: 'untrusted',
      Runtime: 'nodejs22.x',
      Role: 'arn:aws:iam::000000000000:role/nobody',
      Handler: 'index.handler',
      Code: { ZipFile: zip([{ name: 'index.js', content: '' }]) },
    }),
    /The role defined for the function cannot be assumed by Lambda/,
  )
})

test('many at once are answered, each once', isolated, async () => {
  const name = await create(
    'nodejs22.x',
    'exports.handler = async ({ at }) => { await new Promise((done) => setTimeout(done, 20)); return at }',
  )
  const answers = await Promise.all(
    Array.from({ length: 40 }, async (_, at) => (await ask(name, { at })).payload),
  )
  assert.deepEqual(
    answers,
    answers.map((_, at) => at),
  )
})
