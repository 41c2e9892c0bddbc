/** A server with two accounts, and who calls it: importing this starts it for the tests of that file. */
import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import * as gateway from '@aws-sdk/client-api-gateway'
import * as iam from '@aws-sdk/client-iam'
import * as sts from '@aws-sdk/client-sts'
import { signRequest } from '@sekisho/sigv4'
import { rootKeyOf, type Serving, sekisho, serve, temporaryFolder } from './server.fixture.ts'

export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
}

const folder = temporaryFolder()
export let server: Serving
export let root: Credentials
export let other: Credentials & { readonly accountId: string }
export const first = '000000000000'
export const region = 'us-east-1'

before(async () => {
  server = await serve(folder.path)
  root = rootKeyOf(server)
  other = JSON.parse(
    sekisho(['account', 'create', 'other', '--data', server.data, '--json']).stdout,
  )
})
after(async () => {
  await server[Symbol.asyncDispose]()
  folder[Symbol.dispose]()
})

export const settings = (credentials: Credentials) => ({
  endpoint: server.endpoint,
  region,
  credentials: credentials as { accessKeyId: string; secretAccessKey: string },
  maxAttempts: 1,
})
export const iamOf = (credentials: Credentials) => new iam.IAM(settings(credentials))
export const stsOf = (credentials: Credentials) => new sts.STS(settings(credentials))

export async function userWithKey(name: string, as: Credentials = root): Promise<Credentials> {
  const client = iamOf(as)
  await client.createUser({ UserName: name })
  const { AccessKey } = await client.createAccessKey({ UserName: name })
  return { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! }
}

export const document = (...statements: readonly object[]) =>
  JSON.stringify({ Version: '2012-10-17', Statement: statements })
export const allow = (action: string | readonly string[], more: object = {}) => ({
  Effect: 'Allow',
  Action: action,
  Resource: '*',
  ...more,
})
export const trusting = (principal: object, more: object = {}) =>
  document({ Effect: 'Allow', Principal: principal, Action: 'sts:AssumeRole', ...more })

export async function assume(
  as: Credentials,
  RoleArn: string,
  more: Partial<sts.AssumeRoleCommandInput> = {},
): Promise<Credentials> {
  const answer = await stsOf(as).assumeRole({ RoleArn, RoleSessionName: 'session', ...more })
  const { AccessKeyId, SecretAccessKey, SessionToken } = answer.Credentials!
  return {
    accessKeyId: AccessKeyId!,
    secretAccessKey: SecretAccessKey!,
    sessionToken: SessionToken,
  }
}

export const refusedAs = (name: string, message?: RegExp) => (error: Error) => {
  assert.equal(error.name, name)
  if (message) assert.match(error.message, message)
  return true
}

export async function apiWith(
  policy: string | undefined,
  authorizationType: string,
): Promise<string> {
  const client = new gateway.APIGateway(settings(root))
  const { id: restApiId, rootResourceId } = await client.createRestApi({ name: 'api', policy })
  const key = { restApiId: restApiId!, resourceId: rootResourceId!, httpMethod: 'GET' }
  await client.putMethod({ ...key, authorizationType })
  await client.putMethodResponse({ ...key, statusCode: '200' })
  const requestTemplates = { 'application/json': '{"statusCode": 200}' }
  await client.putIntegration({ ...key, type: 'MOCK', requestTemplates })
  await client.putIntegrationResponse({ ...key, statusCode: '200' })
  await client.createDeployment({ restApiId: restApiId!, stageName: 'prod' })
  return restApiId!
}

export async function invoke(apiId: string, as?: Credentials): Promise<readonly [number, string]> {
  const rawPath = `/_aws/execute-api/${apiId}/prod/`
  const { host } = new URL(server.endpoint)
  const signed = as
    ? signRequest({ method: 'GET', rawPath, rawQuery: '', headers: ['Host', host] }, as, {
        region,
        service: 'execute-api',
        now: new Date(),
      })
    : []
  const headers = signed.flatMap((name, at) => (at % 2 === 0 ? [[name, signed[at + 1]!]] : []))
  const answer = await fetch(server.endpoint + rawPath, {
    headers: headers.filter(([name]) => name !== 'Host') as [string, string][],
  })
  return [answer.status, await answer.text()]
}
