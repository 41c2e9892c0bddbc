/** The functions that are measured, and an API in front of them. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { APIGateway } from '@aws-sdk/client-api-gateway'
import { IAM } from '@aws-sdk/client-iam'
import { Lambda, type Runtime } from '@aws-sdk/client-lambda'
import { zip } from '../../packages/server/src/functions/zip.fixture.ts'
import { versionOf } from '../lib/report.ts'
import { readCredentials, region } from './sekisho.ts'

interface Code {
  readonly runtime: string
  readonly file: {
    readonly name: string
    readonly content: string | Buffer
    readonly mode?: number
  }
}

export interface Deployed {
  readonly lambda: Lambda
  /** Paths of the functions, by name. */
  readonly paths: Readonly<Record<string, string>>
}

const answer = '{"hello":"world"}'

/** Go's is there where a toolchain is. */
function codes(): Readonly<Record<string, Code>> {
  const bootstrap = goBootstrap()
  return {
    node: {
      runtime: 'nodejs22.x',
      file: {
        name: 'index.js',
        content: `exports.handler = async () => ({ statusCode: 200, body: '${answer}' })`,
      },
    },
    python: {
      runtime: 'python3.12',
      file: {
        name: 'index.py',
        content: `def handler(event, context):\n    return {"statusCode": 200, "body": '${answer}'}\n`,
      },
    },
    ...(bootstrap && {
      go: {
        runtime: 'provided.al2023',
        file: { name: 'bootstrap', content: bootstrap, mode: 0o100755 },
      },
    }),
  }
}

function goBootstrap(): Buffer | undefined {
  if (versionOf('go', ['version'], /(go\d)/) === undefined) return undefined
  const path = join(mkdtempSync(join(tmpdir(), 'sekisho-bench-go-')), 'bootstrap')
  execFileSync('go', ['build', '-ldflags=-s -w', '-o', path, '.'], {
    cwd: join(import.meta.dirname, 'go-function'),
    env: { ...process.env, CGO_ENABLED: '0', GOTOOLCHAIN: 'local' },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  return readFileSync(path)
}

export async function deploy(endpoint: string, data: string): Promise<Deployed> {
  const credentials = readCredentials(join(data, 'credentials'))
  const settings = { endpoint, region, credentials }
  await makeRole(new IAM(settings))
  const lambda = new Lambda(settings)
  const api = new APIGateway(settings)
  const { id, rootResourceId } = await api.createRestApi({ name: 'functions' })
  const restApiId = id!
  const all = Object.entries(codes())
  for (const [name, { runtime, file }] of all) {
    const { FunctionArn } = await lambda.createFunction({
      FunctionName: name,
      Runtime: runtime as Runtime,
      Role: 'arn:aws:iam::000000000000:role/bench',
      Handler: 'index.handler',
      MemorySize: 512,
      Code: { ZipFile: zip([file]) },
    })
    await lambda.addPermission({
      FunctionName: name,
      StatementId: 'api',
      Action: 'lambda:InvokeFunction',
      Principal: 'apigateway.amazonaws.com',
    })
    const resource = { restApiId, parentId: rootResourceId!, pathPart: name }
    const { id: resourceId } = await api.createResource(resource)
    const method = { restApiId, resourceId: resourceId!, httpMethod: 'GET' }
    await api.putMethod({ ...method, authorizationType: 'NONE' })
    await api.putIntegration({
      ...method,
      type: 'AWS_PROXY',
      integrationHttpMethod: 'POST',
      uri: `arn:aws:apigateway:${region}:lambda:path/2015-03-31/functions/${FunctionArn}/invocations`,
    })
  }
  await api.createDeployment({ restApiId, stageName: 'prod' })
  const pathOf = (name: string) => `/_aws/execute-api/${restApiId}/prod/${name}`
  return { lambda, paths: Object.fromEntries(all.map(([name]) => [name, pathOf(name)])) }
}

async function makeRole(iam: IAM): Promise<void> {
  await iam.createRole({
    RoleName: 'bench',
    AssumeRolePolicyDocument:
      '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}',
  })
  await iam.putRolePolicy({
    RoleName: 'bench',
    PolicyName: 'logs',
    PolicyDocument:
      '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"logs:*","Resource":"*"}]}',
  })
}
