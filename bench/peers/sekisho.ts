/** Sekisho itself, started as a user starts it, with the first example's API deployed to it. */
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { APIGateway } from '@aws-sdk/client-api-gateway'
import type { CloudFront, DefaultCacheBehavior } from '@aws-sdk/client-cloudfront'
import { customOrigin, distributionConfig } from '../../test/distribution.fixture.ts'
import { type Launch, type Started, startServer } from '../lib/processes.ts'

export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

export interface Sekisho extends Started {
  readonly credentials: Credentials
  /** Paths of the deployed methods, ready to be appended to `url`. */
  readonly paths: { readonly mock: string; readonly signed: string; readonly proxy: string }
}

export const region = 'us-east-1'

export function launchOf(port: number, data: string, options: readonly string[] = []): Launch {
  const bin = join(import.meta.dirname, '../../packages/cli/bin/sekisho.mjs')
  return {
    command: process.execPath,
    args: [bin, 'start', '--port', String(port), '--data', data, ...options],
    url: `http://127.0.0.1:${port}/_sekisho/health`,
  }
}

/** @param cidrs  addresses that the resource policy lets in */
export async function startSekisho(
  port: number,
  cidrs: readonly string[],
  upstream: string,
  { options = [], core }: { readonly options?: readonly string[]; readonly core?: string } = {},
): Promise<Sekisho> {
  const data = mkdtempSync(join(tmpdir(), 'sekisho-bench-data-'))
  const server = await startServer({
    ...launchOf(port, data, options),
    ...(core !== undefined && { core }),
  })
  const credentials = readCredentials(join(data, 'credentials'))
  const endpoint = `http://127.0.0.1:${port}`
  const apiId = await deploy(new APIGateway({ endpoint, region, credentials }), cidrs, upstream)
  const base = `/_aws/execute-api/${apiId}/prod`
  return {
    ...server,
    url: endpoint,
    credentials,
    paths: { mock: `${base}/`, signed: `${base}/signed`, proxy: `${base}/proxy` },
  }
}

async function deploy(
  client: APIGateway,
  cidrs: readonly string[],
  upstream: string,
): Promise<string> {
  const statement = { Principal: '*', Action: 'execute-api:Invoke', Resource: 'execute-api:/*/*/*' }
  const policy = {
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', ...statement },
      { Effect: 'Deny', ...statement, Condition: { NotIpAddress: { 'aws:SourceIp': cidrs } } },
    ],
  }
  const { id: restApiId, rootResourceId } = await client.createRestApi({
    name: 'bench',
    policy: JSON.stringify(policy),
  })
  const child = async (pathPart: string) =>
    (await client.createResource({ restApiId: restApiId!, parentId: rootResourceId!, pathPart }))
      .id!
  const mock = async (resourceId: string, authorizationType: string) => {
    const key = { restApiId: restApiId!, resourceId, httpMethod: 'GET' }
    await client.putMethod({ ...key, authorizationType })
    await client.putMethodResponse({ ...key, statusCode: '200' })
    const requestTemplates = { 'application/json': '{"statusCode": 200}' }
    await client.putIntegration({ ...key, type: 'MOCK', requestTemplates })
    const responseTemplates = { 'application/json': '{"hello":"world"}' }
    await client.putIntegrationResponse({ ...key, statusCode: '200', responseTemplates })
  }
  await mock(rootResourceId!, 'NONE')
  await mock(await child('signed'), 'AWS_IAM')
  const proxied = await child('proxy')
  for (const httpMethod of ['GET', 'POST']) {
    const proxy = { restApiId: restApiId!, resourceId: proxied, httpMethod }
    await client.putMethod({ ...proxy, authorizationType: 'NONE' })
    await client.putIntegration({
      ...proxy,
      type: 'HTTP_PROXY',
      integrationHttpMethod: httpMethod,
      uri: upstream,
    })
  }
  await client.createDeployment({ restApiId: restApiId!, stageName: 'prod' })
  return restApiId!
}

/** @returns the path under which a distribution serves what is on this port */
export async function distribute(
  client: CloudFront,
  originPort: number,
  behaviour: Partial<DefaultCacheBehavior> = {},
): Promise<string> {
  const { Distribution } = await client.createDistribution({
    DistributionConfig: distributionConfig(customOrigin(originPort), behaviour),
  })
  return `/_aws/cloudfront/${Distribution?.Id}`
}

export function readCredentials(path: string): Credentials {
  const text = readFileSync(path, 'utf8')
  const value = (key: string) => new RegExp(`^${key}\\s*=\\s*(\\S+)`, 'm').exec(text)?.[1] ?? ''
  return {
    accessKeyId: value('aws_access_key_id'),
    secretAccessKey: value('aws_secret_access_key'),
  }
}
