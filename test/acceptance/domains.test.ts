import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { connect, type IncomingHttpHeaders } from 'node:http2'
import { connect as connectPlain } from 'node:net'
import { after, before, test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { promisify } from 'node:util'
import { CloudFront } from '@aws-sdk/client-cloudfront'
import { needs } from '../debian-packages.ts'
import { customOrigin, distributionConfig } from '../distribution.fixture.ts'
import { backend } from './backend.fixture.ts'
import { hostOf } from './edge.fixture.ts'
import { launcher, type Serving, serve, settingsOf, temporaryFolder } from './server.fixture.ts'

const run = promisify(execFile)
const folder = temporaryFolder()
let server: Serving
before(async () => {
  server = await serve(folder.path, '--tls')
})
after(async () => {
  await server[Symbol.asyncDispose]()
  folder[Symbol.dispose]()
})

/** The AWS CLI as `sekisho exec` runs it: over HTTPS, trusting the local authority. */
async function aws(...args: readonly string[]): Promise<string> {
  const command = [launcher, 'exec', '--data', folder.path, '--', 'aws', ...args]
  const { stdout } = await run(process.execPath, [...command, '--output', 'text'])
  return stdout.trim()
}

async function curl(host: string, path: string): Promise<string> {
  const { port } = new URL(server.endpoint)
  const { stdout } = await run('curl', [
    ...['--silent', '--show-error', '--cacert', `${folder.path}/tls/ca.pem`],
    ...['--resolve', `${host}:${port}:127.0.0.1`, '--write-out', ' %{http_code}'],
    `https://${host}:${port}${path}`,
  ])
  return stdout
}

test(
  'the AWS CLI names a domain, and curl calls the API by it over TLS',
  needs('awscli', 'curl'),
  async () => {
    const api = await aws('apigateway', 'create-rest-api', '--name', 'shop', '--query', 'id')
    const at = ['--rest-api-id', api]
    const root = await aws('apigateway', 'get-resources', ...at, '--query', 'items[0].id')
    const method = [...at, '--resource-id', root, '--http-method', 'GET']
    await aws('apigateway', 'put-method', ...method, '--authorization-type', 'NONE')
    await aws('apigateway', 'put-method-response', ...method, '--status-code', '200')
    await aws(
      ...['apigateway', 'put-integration', ...method, '--type', 'MOCK'],
      ...['--request-templates', '{"application/json":"{\\"statusCode\\": 200}"}'],
    )
    await aws(
      ...['apigateway', 'put-integration-response', ...method, '--status-code', '200'],
      ...['--response-templates', '{"application/json":"$context.domainName $context.path"}'],
    )
    await aws('apigateway', 'create-deployment', ...at, '--stage-name', 'prod')
    const certificate = 'arn:aws:acm:us-east-1:000000000000:certificate/1'
    const name = ['--domain-name', 'api.example.com']
    await aws(
      ...['apigateway', 'create-domain-name', ...name],
      ...['--regional-certificate-arn', certificate],
      ...['--endpoint-configuration', 'types=REGIONAL'],
    )
    await aws(
      ...['apigateway', 'create-base-path-mapping', ...name, '--base-path', 'v1'],
      ...['--rest-api-id', api, '--stage', 'prod'],
    )
    assert.equal(await curl('api.example.com', '/v1'), 'api.example.com /v1 200')
    assert.equal(await curl('api.example.com', '/v2'), '{"message":"Forbidden"} 403')
  },
)

interface Answered {
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

/** Requests over one connection of HTTP/2, all at once. */
async function overHttp2(
  host: string,
  requests: readonly { readonly headers: Record<string, string>; readonly body?: string }[],
): Promise<readonly Answered[]> {
  const { port } = new URL(server.endpoint)
  const session = connect(`https://${host}:${port}`, {
    ca: readFileSync(`${folder.path}/tls/ca.pem`),
    createConnection: () =>
      connectTls({
        socket: connectPlain(Number(port), '127.0.0.1'),
        ca: readFileSync(`${folder.path}/tls/ca.pem`),
        servername: host,
        ALPNProtocols: ['h2'],
      }),
  })
  const ask = ({ headers, body }: (typeof requests)[number]) =>
    new Promise<Answered>((resolve, reject) => {
      const stream = session.request(headers, { endStream: body === undefined })
      let answered: IncomingHttpHeaders = {}
      let text = ''
      stream.on('response', (given) => (answered = given))
      stream.setEncoding('utf8').on('data', (chunk) => (text += chunk))
      stream.on('end', () => resolve({ headers: answered, text }))
      stream.on('error', reject)
      if (body !== undefined) stream.end(body)
    })
  try {
    return await Promise.all(requests.map(ask))
  } finally {
    session.close()
  }
}

async function protocolFor(host: string): Promise<string | false | null> {
  const { port } = new URL(server.endpoint)
  const socket = connectTls({
    ...{ port: Number(port), host: '127.0.0.1', servername: host },
    ca: readFileSync(`${folder.path}/tls/ca.pem`),
    ALPNProtocols: ['h2', 'http/1.1'],
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('secureConnect', resolve)
    socket.once('error', reject)
  })
  const { alpnProtocol } = socket
  socket.destroy()
  return alpnProtocol
}

test('viewers call a distribution over HTTP/2, where it speaks that', async () => {
  using origin = await backend((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', () => {
      response.setHeader('Set-Cookie', ['a=1', 'b=2'])
      response.setHeader('X-Via', request.headers.via ?? '')
      response.end(`${request.method} ${request.url} ${Buffer.concat(chunks).length}`)
    })
  })
  const client = new CloudFront({
    ...settingsOf(server),
    requestHandler: { httpsAgent: { ca: readFileSync(`${folder.path}/tls/ca.pem`) } },
  })
  const distribute = async (HttpVersion: 'http2' | 'http1.1') => {
    const { Distribution } = await client.createDistribution({
      DistributionConfig: distributionConfig(
        customOrigin(origin.port),
        {
          ViewerProtocolPolicy: 'https-only',
          CachePolicyId: '83da9c7e-98b4-4e11-a168-04f0df8e2c65',
          AllowedMethods: {
            Quantity: 7,
            Items: ['GET', 'HEAD', 'OPTIONS', 'PUT', 'POST', 'PATCH', 'DELETE'],
          },
        },
        { HttpVersion },
      ),
    })
    return hostOf(Distribution?.Id ?? '')
  }
  const host = await distribute('http2')
  const old = await distribute('http1.1')
  assert.equal(await protocolFor(host), 'h2')
  assert.equal(await protocolFor(old), 'http/1.1')
  assert.equal(await protocolFor('localhost'), 'http/1.1')
  const [got, posted, head, elsewhere, large] = await overHttp2(host, [
    { headers: { ':path': '/a?b=1', cookie: 'x=1' } },
    { headers: { ':method': 'POST', ':path': '/p' }, body: 'x'.repeat(100_000) },
    { headers: { ':method': 'HEAD', ':path': '/h' } },
    { headers: { ':path': '/a', ':authority': old } },
    { headers: { ':path': `/${'x'.repeat(9_000)}` } },
  ])
  assert.deepEqual([got?.headers[':status'], got?.text], [200, 'GET /a 0'])
  assert.equal(got?.headers['x-cache'], 'Miss from cloudfront')
  assert.deepEqual(got?.headers['set-cookie'], ['a=1', 'b=2'])
  assert.match(String(got?.headers['x-via']), /^2\.0 [0-9a-f]{32}\.cloudfront\.net \(CloudFront\)$/)
  assert.deepEqual([posted?.headers[':status'], posted?.text], [200, 'POST /p 100000'])
  assert.deepEqual([head?.headers[':status'], head?.text], [200, ''])
  assert.equal(elsewhere?.headers[':status'], 421)
  assert.equal(large?.headers[':status'], 414)
})
