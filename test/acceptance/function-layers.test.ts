import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import * as iam from '@aws-sdk/client-iam'
import * as lambda from '@aws-sdk/client-lambda'
import { S3 } from '@aws-sdk/client-s3'
import { zip } from '../../packages/server/src/functions/zip.fixture.ts'
import { isolated } from '../debian-packages.ts'
import { allowing, makeRole, roleArn } from './roles.fixture.ts'
import { type Serving, serve, settingsOf, temporaryFolder } from './server.fixture.ts'

const folder = temporaryFolder()
let server: Serving
let client: lambda.Lambda
let buckets: S3

before(async () => {
  server = await serve(folder.path)
  const settings = settingsOf(server)
  client = new lambda.Lambda(settings)
  buckets = new S3(settings)
  const access = new iam.IAM(settings)
  await makeRole(
    access,
    'functions',
    ['lambda.amazonaws.com'],
    allowing(['logs:*', 's3:PutObject']),
  )
})
after(async () => {
  await server.stop()
  folder[Symbol.dispose]()
})

const publish = async (LayerName: string, name: string, content: string) =>
  client.publishLayerVersion({
    LayerName,
    Content: { ZipFile: zip([{ name, content }]) },
    CompatibleRuntimes: ['nodejs22.x', 'python3.12'],
  })

async function ask(FunctionName: string): Promise<unknown> {
  const { Payload } = await client.invoke({ FunctionName })
  return JSON.parse(Payload!.transformToString())
}

test('functions find what their layers bring, and keep it', isolated, async () => {
  const first = await publish('shared', 'nodejs/node_modules/greet/index.js', 'module.exports = 1')
  assert.equal(first.Version, 1)
  const second = await publish('shared', 'nodejs/node_modules/greet/index.js', 'module.exports = 2')
  const other = await publish('other', 'file.txt', 'text')
  const Layers = [first.LayerVersionArn!, other.LayerVersionArn!]
  const made = await client.createFunction({
    FunctionName: 'layered',
    Runtime: 'nodejs22.x',
    Role: roleArn('functions'),
    Handler: 'index.handler',
    Code: {
      ZipFile: zip([
        {
          name: 'index.js',
          content: `exports.handler = async () => [require('greet'), require('node:fs').readFileSync('/opt/file.txt', 'utf8')]`,
        },
      ]),
    },
    Layers,
  })
  assert.deepEqual(
    made.Layers?.map(({ Arn }) => Arn),
    Layers,
  )
  assert.deepEqual(await ask('layered'), [1, 'text'])
  await client.updateFunctionConfiguration({
    FunctionName: 'layered',
    Layers: [second.LayerVersionArn!, other.LayerVersionArn!],
  })
  for (const VersionNumber of [1, 2])
    await client.deleteLayerVersion({ LayerName: 'shared', VersionNumber })
  assert.deepEqual(await ask('layered'), [2, 'text'])
  await assert.rejects(client.getLayerVersion({ LayerName: 'shared', VersionNumber: 2 }), {
    name: 'ResourceNotFoundException',
  })
  await assert.rejects(
    client.updateFunctionConfiguration({
      FunctionName: 'layered',
      Layers: [first.LayerVersionArn!],
    }),
    /Layer version .*:1 does not exist/,
  )
  const { Layers: listed } = await client.listLayers({ CompatibleRuntime: 'python3.12' })
  assert.deepEqual(
    listed?.map(({ LayerName }) => LayerName),
    ['other'],
  )
})

test('Python finds what lies in python/ of a layer', isolated, async () => {
  const { LayerVersionArn } = await publish('modules', 'python/shared_module.py', 'answer = 42\n')
  await client.createFunction({
    FunctionName: 'python',
    Runtime: 'python3.12',
    Role: roleArn('functions'),
    Handler: 'app.handler',
    Code: {
      ZipFile: zip([
        {
          name: 'app.py',
          content:
            'import shared_module\ndef handler(event, context):\n    return shared_module.answer\n',
        },
      ]),
    },
    Layers: [LayerVersionArn!],
  })
  assert.equal(await ask('python'), 42)
})

test('code comes from a bucket, and failures go to one', isolated, async () => {
  await buckets.createBucket({ Bucket: 'code' })
  const put = (content: string) =>
    buckets.putObject({
      Bucket: 'code',
      Key: 'a/f.zip',
      Body: zip([{ name: 'index.js', content }]),
    })
  await put('exports.handler = async () => 1')
  const code = { S3Bucket: 'code', S3Key: 'a/f.zip' }
  await client.createFunction({
    FunctionName: 'stored',
    Runtime: 'nodejs22.x',
    Role: roleArn('functions'),
    Handler: 'index.handler',
    Code: code,
  })
  assert.equal(await ask('stored'), 1)
  await put(`exports.handler = async () => { throw new Error('no') }`)
  await client.updateFunctionCode({ FunctionName: 'stored', ...code })
  await client.putFunctionEventInvokeConfig({
    FunctionName: 'stored',
    MaximumRetryAttempts: 0,
    DestinationConfig: { OnFailure: { Destination: 'arn:aws:s3:::code' } },
  })
  await client.invoke({ FunctionName: 'stored', InvocationType: 'Event', Payload: '{"at":7}' })
  let key: string | undefined
  while (key === undefined) {
    const { Contents = [] } = await buckets.listObjectsV2({ Bucket: 'code', Prefix: 'aws/lambda/' })
    key = Contents[0]?.Key
  }
  const { Body } = await buckets.getObject({ Bucket: 'code', Key: key })
  assert.deepEqual(JSON.parse(await Body!.transformToString()).requestPayload, { at: 7 })
  await assert.rejects(
    client.updateFunctionCode({ FunctionName: 'stored', S3Bucket: 'code', S3Key: 'none' }),
    /Error occurred while GetObject. S3 Error Code: NoSuchKey/,
  )
})

test('a version of a layer is given to others by its policy', async () => {
  await publish('given', 'x', 'x')
  const at = { LayerName: 'given', VersionNumber: 1 }
  await assert.rejects(client.getLayerVersionPolicy(at), { name: 'ResourceNotFoundException' })
  await client.addLayerVersionPermission({
    ...at,
    StatementId: 'all',
    Action: 'lambda:GetLayerVersion',
    Principal: '*',
  })
  const { Policy } = await client.getLayerVersionPolicy(at)
  assert.equal(JSON.parse(Policy!).Statement[0].Principal, '*')
  await client.removeLayerVersionPermission({ ...at, StatementId: 'all' })
})

test('the link to a function brings its code, and nothing else', async () => {
  const code = zip([{ name: 'index.js', content: 'exports.handler = async () => 1' }])
  await client.createFunction({
    FunctionName: 'linked',
    Runtime: 'nodejs22.x',
    Role: roleArn('functions'),
    Handler: 'index.handler',
    Code: { ZipFile: code },
  })
  const { Code } = await client.getFunction({ FunctionName: 'linked' })
  const answer = await fetch(Code!.Location!)
  assert.equal(answer.status, 200)
  assert.deepEqual(Buffer.from(await answer.arrayBuffer()), Buffer.from(code))
  const [, until] = /code\/(\d+)\//.exec(Code!.Location!)!
  const later = Code!.Location!.replace(until!, String(Number(until) + 1))
  assert.equal((await fetch(later)).status, 403)
})
