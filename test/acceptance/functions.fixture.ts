/** A server that runs functions: importing this starts it for the tests of that file. */
import { after, before } from 'node:test'
import * as iam from '@aws-sdk/client-iam'
import * as lambda from '@aws-sdk/client-lambda'
import { type ZipEntry, zip } from '../../packages/server/src/functions/zip.fixture.ts'
import { allowing, makeRole, roleArn } from './roles.fixture.ts'
import { type Serving, serve, settingsOf, temporaryFolder } from './server.fixture.ts'

const folder = temporaryFolder()
export let server: Serving
export let settings: ReturnType<typeof settingsOf>
export let client: lambda.Lambda
export let access: iam.IAM

before(async () => {
  server = await serve(folder.path)
  settings = settingsOf(server)
  client = new lambda.Lambda(settings)
  access = new iam.IAM(settings)
  await makeRole(access, 'functions', ['lambda.amazonaws.com'], allowing('apigateway:GET'))
})
after(async () => {
  await server.stop()
  folder[Symbol.dispose]()
})

let count = 0
export async function create(
  Runtime: string,
  files: readonly ZipEntry[] | string,
  more: Partial<lambda.CreateFunctionCommandInput> = {},
): Promise<string> {
  const FunctionName = `function-${++count}`
  const name = Runtime.startsWith('python') ? 'app.py' : 'index.js'
  await client.createFunction({
    FunctionName,
    Runtime: Runtime as lambda.Runtime,
    Role: roleArn('functions'),
    Handler: Runtime.startsWith('python') ? 'app.handler' : 'index.handler',
    Code: { ZipFile: zip(typeof files === 'string' ? [{ name, content: files }] : files) },
    ...more,
  })
  return FunctionName
}

export async function ask(FunctionName: string, event: unknown = {}) {
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
