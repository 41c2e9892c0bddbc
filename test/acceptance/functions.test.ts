import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as logs from '@aws-sdk/client-cloudwatch-logs'
import * as lambda from '@aws-sdk/client-lambda'
import { zip } from '../../packages/server/src/functions/zip.fixture.ts'
import { isolated, needs } from '../debian-packages.ts'
import { access, ask, client, create, settings } from './functions.fixture.ts'
import { makeRole, nodeFunction, roleArn } from './roles.fixture.ts'

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
    await makeRole(access, 'logging', ['lambda.amazonaws.com'])
    await access.attachRolePolicy({
      RoleName: 'logging',
      PolicyArn: 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole',
    })
    const code = 'exports.handler = async (event) => console.log(event.said)'
    const silent = await create('nodejs22.x', code)
    const name = await create('nodejs22.x', code, { Role: roleArn('logging') })
    await ask(silent, { said: 'unheard' })
    await ask(name, { said: 'heard' })
    const reader = new logs.CloudWatchLogs(settings)
    const said = async () => {
      const { events = [] } = await reader
        .filterLogEvents({ logGroupName: `/aws/lambda/${name}` })
        .catch(() => ({ events: [] }))
      return events.map(({ message = '' }) => message)
    }
    const deadline = Date.now() + 30_000
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

test('what a function cannot be made of is said in AWS’s words', isolated, async () => {
  const made = nodeFunction('never', '')
  const mandatory =
    'Runtime and Handler are mandatory parameters for functions created with deployment packages.'
  const refused: readonly (readonly [object, string, RegExp | string])[] = [
    [{ Runtime: undefined }, 'InvalidParameterValueException', mandatory],
    [{ Handler: undefined }, 'InvalidParameterValueException', mandatory],
    [{ Handler: 'a b' }, 'ValidationException', /at 'handler' failed/],
    [{ Role: 'functions' }, 'ValidationException', /^1 validation error .* at 'role' failed/],
    [{ FunctionName: 'a b' }, 'ValidationException', /at 'functionName' failed/],
    [{ Tags: { 'aws:x': 'y' } }, 'InvalidParameterValueException', /reserved/],
    [
      { Tags: Object.fromEntries(Array.from({ length: 51 }, (_, at) => [`t${at}`, ''])) },
      'InvalidParameterValueException',
      /at most 50/,
    ],
  ]
  for (const [other, name, message] of refused)
    await assert.rejects(client.createFunction({ ...made, ...other }), { name, message })
  const fn = await create('nodejs22.x', 'exports.handler = async () => 1')
  const Resource = `arn:aws:lambda:us-east-1:000000000000:function:${fn}`
  await assert.rejects(client.tagResource({ Resource: `${Resource}:1`, Tags: { a: 'b' } }), {
    message:
      'Tags on function aliases and versions are not supported. Please specify either a function ARN.',
  })
  await assert.rejects(
    client.invoke({ FunctionName: fn, Payload: Buffer.alloc(6 * 1024 * 1024 + 1, '1') }),
    { name: 'RequestTooLargeException', message: /^Request must be smaller than 6291456 bytes/ },
  )
})

test('who may ask a function is decided by policies, its own among them', isolated, async () => {
  const name = await create('nodejs22.x', 'exports.handler = async () => 1')
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
  const letIn = (user: string) =>
    client.addPermission({
      FunctionName: name,
      StatementId: 'asker',
      Action: 'lambda:InvokeFunction',
      Principal: `arn:aws:iam::000000000000:user/${user}`,
    })
  await assert.rejects(letIn('nobody'), {
    name: 'InvalidParameterValueException',
    message: 'The provided principal was invalid. Please check the principal and try again.',
  })
  await letIn('asker')
  assert.equal((await asked()).StatusCode, 200)
  const { Policy } = await client.getPolicy({ FunctionName: name })
  assert.match(Policy!, /"Sid":"asker".*user\/asker/)
  await client.removePermission({ FunctionName: name, StatementId: 'asker' })
  await assert.rejects(asked(), { name: 'AccessDeniedException' })
  await assert.rejects(client.getPolicy({ FunctionName: name }), {
    name: 'ResourceNotFoundException',
  })
  // Whoever takes the name later is not meant.
  await letIn('asker')
  await access.deleteAccessKey({ UserName: 'asker', AccessKeyId: AccessKey!.AccessKeyId! })
  await access.deleteUser({ UserName: 'asker' })
  await access.createUser({ UserName: 'asker' })
  assert.match((await client.getPolicy({ FunctionName: name })).Policy!, /"AIDA/)
  // A role that Lambda may not take is no function's.
  await assert.rejects(
    client.createFunction(nodeFunction('untrusted', '', 'nobody')),
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
