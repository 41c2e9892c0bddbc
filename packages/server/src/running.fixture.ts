/** A running server and a client for it, for tests from outside. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Credentials, sha256, signRequest } from '@sekisho/sigv4'
import { type Config, readConfig } from './config.ts'
import type { DecisionRecord } from './index.ts'
import { type RunningServer, start } from './server.ts'

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface CallOptions {
  readonly method?: string
  readonly headers?: readonly string[]
  readonly body?: string
  /** The address that the call comes from. */
  readonly from?: string
  readonly host?: string
}

export interface Running extends AsyncDisposable {
  readonly server: RunningServer
  readonly port: number
  readonly data: string
  readonly key: Credentials
  readonly call: (path: string, options?: CallOptions) => Promise<Answer>
  /** Signed for API Gateway's own API. */
  readonly aws: (method: string, path: string, body?: unknown) => Promise<Answer>
  /** Signed for a service, with all its parts to choose. */
  readonly signed: (
    path: string,
    options: CallOptions & { readonly service: string; readonly key?: Credentials },
  ) => Promise<Answer>
  /** Over the operator's socket. */
  readonly operate: (method: string, path: string, body?: unknown) => Promise<Answer>
  /** Bytes as they are; everything that comes back until the end. */
  readonly raw: (bytes: string) => Promise<string>
  readonly token: string
}

export async function run(
  args: readonly string[] = [],
  options: { readonly data?: string; readonly config?: Partial<Config> } = {},
): Promise<Running> {
  const data = options.data ?? (await mkdtemp(join(tmpdir(), 'sekisho-test-')))
  const config = readConfig({
    args: ['--port', '0', '--data', data, '--log-level', 'error', ...args],
    env: {},
    cwd: tmpdir(),
  })
  const server = await start({ ...config, ...options.config })
  const port = Number(new URL(server.endpoint).port)
  const key = keyOf(await readFile(join(data, 'credentials'), 'utf8'))
  const token = (await readFile(join(data, 'operator-token'), 'utf8')).trim()
  const call = (path: string, { host = `127.0.0.1:${port}`, ...rest }: CallOptions = {}) =>
    send({ port, host: '127.0.0.1' }, path, { host, ...rest })
  const signed: Running['signed'] = (path, { service, key: other = key, ...rest }) => {
    const { method = 'GET', body = '', host = `127.0.0.1:${port}`, headers = [] } = rest
    const [rawPath = '', rawQuery = ''] = path.split('?')
    const signature = signRequest(
      { method, rawPath, rawQuery, headers: ['Host', host, ...headers] },
      other,
      { region: 'us-east-1', service, now: new Date(), payloadHash: sha256(Buffer.from(body)) },
    )
    return call(path, { ...rest, host, headers: [...headers, ...signature] })
  }
  return {
    server,
    port,
    data,
    key,
    token,
    call,
    signed,
    aws: (method, path, body) =>
      signed(path, {
        service: 'apigateway',
        method,
        ...(body !== undefined && { body: JSON.stringify(body) }),
        headers: ['Content-Type', 'application/json'],
      }),
    operate: (method, path, body) =>
      send({ socketPath: join(data, 'operator.sock') }, `/_sekisho/${path}`, {
        method,
        host: 'localhost',
        ...(body !== undefined && { body: JSON.stringify(body) }),
      }),
    raw: (bytes) => exchange(port, bytes),
    async [Symbol.asyncDispose]() {
      await server.close()
      if (options.data === undefined) await rm(data, { recursive: true, force: true })
    },
  }
}

function keyOf(credentials: string): Credentials {
  const [, accessKeyId = ''] = /aws_access_key_id = (\S+)/.exec(credentials) ?? []
  const [, secretAccessKey = ''] = /aws_secret_access_key = (\S+)/.exec(credentials) ?? []
  return { accessKeyId, secretAccessKey }
}

export function send(
  to: { readonly port?: number; readonly host?: string; readonly socketPath?: string },
  path: string,
  { method = 'GET', headers = [], body, from, host }: CallOptions,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? [] : ['Content-Length', String(Buffer.byteLength(body))]
    const request = httpRequest(
      {
        ...to,
        path,
        method,
        agent: false,
        setHost: false,
        headers: ['Host', host ?? 'localhost', ...headers, ...length],
        ...(from !== undefined && { localAddress: from }),
      } as unknown as Parameters<typeof httpRequest>[0],
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks).toString(),
          }),
        )
      },
    )
    request.on('error', reject)
    request.end(body)
  })
}

function exchange(port: number, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    let received = ''
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1')
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(received))
    socket.write(bytes, 'latin1')
  })
}

/** Where a deployed API is called. */
export const at = (apiId: string, path = '/prod/') => `/_aws/execute-api/${apiId}${path}`

/** Of the decision log. */
export async function lastRecord(
  { operate }: Pick<Running, 'operate'>,
  query = '',
): Promise<DecisionRecord> {
  const { body } = await operate('GET', `log?limit=1${query}`)
  return JSON.parse(body) as DecisionRecord
}

/** Statement by statement as the first worked example has it, for these addresses. */
export function addressPolicy(...addresses: readonly string[]): string {
  const statement = {
    Principal: '*',
    Action: 'execute-api:Invoke',
    Resource: 'execute-api:/*',
  }
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', ...statement },
      {
        Effect: 'Deny',
        ...statement,
        Condition: { NotIpAddress: { 'aws:SourceIp': addresses } },
      },
    ],
  })
}

export interface DeployOptions {
  readonly policy?: string
  readonly authorizationType?: 'NONE' | 'AWS_IAM'
  /** Resource below the root; absent: the root itself. */
  readonly pathPart?: string
  readonly integration?: Readonly<Record<string, unknown>>
}

/** Creates an API with one GET method, deployed to `prod`. */
export async function deploy(
  { aws }: Pick<Running, 'aws'>,
  { policy, authorizationType = 'NONE', pathPart, integration }: DeployOptions = {},
): Promise<string> {
  const made = async (method: string, path: string, body: unknown) => {
    const answer = await aws(method, path, body)
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.body}`)
    return answer.body === '' ? {} : (JSON.parse(answer.body) as Record<string, string>)
  }
  const api = await made('POST', '/restapis', { name: 'test', ...(policy && { policy }) })
  const base = `/restapis/${api['id']}`
  const resourceId = pathPart
    ? (await made('POST', `${base}/resources/${api['rootResourceId']}`, { pathPart }))['id']
    : api['rootResourceId']
  const method = `${base}/resources/${resourceId}/methods/GET`
  await made('PUT', method, { authorizationType })
  await made('PUT', `${method}/responses/200`, {})
  await made(
    'PUT',
    `${method}/integration`,
    integration ?? {
      type: 'MOCK',
      requestTemplates: { 'application/json': '{"statusCode": 200}' },
    },
  )
  if (integration?.['type'] !== 'HTTP_PROXY')
    await made('PUT', `${method}/integration/responses/200`, {
      responseTemplates: { 'application/json': '{"hello":"world"}' },
    })
  await made('POST', `${base}/deployments`, { stageName: 'prod' })
  return api['id']!
}
