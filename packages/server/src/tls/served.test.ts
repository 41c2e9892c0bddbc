import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { connect as connectPlainly } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { connect } from 'node:tls'
import { signRequest } from '@sekisho/sigv4'
import { type Running, run } from '../running.fixture.ts'
import { openAuthority } from './authority.ts'

let running: Running
let ca: string
let port: number
const files = mkdtempSync(join(tmpdir(), 'sekisho-tls-'))
const agent = new Agent({ keepAlive: true, maxSockets: 1 })

before(async () => {
  const other = openAuthority(files, Date.now()).issue(['files.example.com'])
  writeFileSync(join(files, 'cert.pem'), other.cert)
  writeFileSync(join(files, 'key.pem'), other.key)
  const pair = `${join(files, 'cert.pem')}=${join(files, 'key.pem')}`
  running = await run(['--tls', '--tls-certificates', pair])
  port = running.port
  ca = readFileSync(running.server.authorityPath!, 'utf8')
})
after(async () => {
  agent.destroy()
  await running[Symbol.asyncDispose]()
  rmSync(files, { recursive: true })
})

async function call(
  path: string,
  { method = 'GET', host = 'localhost', headers = {}, body = '' } = {},
): Promise<{ readonly status: number | undefined; readonly body: string }> {
  const sent = request({
    host: '127.0.0.1',
    port,
    path,
    method,
    ca,
    agent,
    servername: host,
    headers: { host, ...headers },
  }).end(body)
  const [response] = await once(sent, 'response')
  return { status: response.statusCode, body: await text(response) }
}

async function aws(method: string, path: string, input?: object) {
  const body = input === undefined ? '' : JSON.stringify(input)
  const signature = signRequest(
    { method, rawPath: path, rawQuery: '', headers: ['Host', 'localhost'] },
    running.key,
    {
      region: 'us-east-1',
      service: 'apigateway',
      now: new Date(),
      payloadHash: (await import('@sekisho/sigv4')).sha256(Buffer.from(body)),
    },
  )
  const pairs = signature.flatMap((name, at) => (at % 2 === 0 ? [[name, signature[at + 1]]] : []))
  return call(path, { method, body, headers: Object.fromEntries(pairs) })
}

/** What a client that asks for this host is shown. */
async function shown(host: string | undefined, authority = ca) {
  const socket = connect({
    host: '127.0.0.1',
    port,
    ca: authority,
    ...(host !== undefined && { servername: host }),
    ALPNProtocols: ['h2', 'http/1.1'],
    checkServerIdentity: () => undefined,
    rejectUnauthorized: false,
  })
  await once(socket, 'secureConnect')
  const { alpnProtocol, authorized } = socket
  const names = socket.getPeerX509Certificate()?.subjectAltName
  socket.destroy()
  return { names, authorized, alpnProtocol }
}

test('the endpoint is HTTPS, and one connection carries call after call', async () => {
  assert.match(running.server.endpoint, /^https:/)
  for (let at = 0; at < 3; at++) assert.equal((await call('/_sekisho/health')).status, 200)
  assert.equal((await aws('GET', '/restapis')).status, 200)
  assert.equal((await aws('POST', '/restapis', { name: 'x' })).status, 201)
  assert.equal((await call('/_sekisho/health')).status, 200)
})

test('each host has its own certificate; who is not served here gets none of his name', async () => {
  const domain = {
    domainName: 'own.example.com',
    certificateArn: 'arn:aws:acm:us-east-1:000000000000:certificate/1',
  }
  assert.equal((await shown('own.example.com')).authorized, false)
  assert.equal((await aws('POST', '/domainnames', domain)).status, 201)
  assert.deepEqual(await shown('own.example.com'), {
    names: 'DNS:own.example.com',
    authorized: true,
    alpnProtocol: 'http/1.1',
  })
  const api = 'abc.execute-api.us-east-1.localhost'
  assert.equal((await shown(api)).names, `DNS:${api}`)
})

test('a certificate from files stands for its names, and for clients that name no host', async () => {
  const theirs = readFileSync(join(files, 'tls', 'ca.pem'), 'utf8')
  for (const host of ['files.example.com', undefined, 'stranger.example.com'])
    assert.deepEqual(await shown(host, theirs), {
      names: 'DNS:files.example.com',
      authorized: true,
      alpnProtocol: 'http/1.1',
    })
})

test('policies see that a call came over TLS', async () => {
  const statement = {
    Effect: 'Allow',
    Principal: '*',
    Action: 'execute-api:Invoke',
    Resource: 'execute-api:/*',
  }
  const deployed = async (isSecure: boolean) => {
    const Condition = { Bool: { 'aws:SecureTransport': String(isSecure) } }
    const policy = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ ...statement, Condition }],
    })
    const { id, rootResourceId } = JSON.parse(
      (await aws('POST', '/restapis', { name: 'x', policy })).body,
    )
    const method = `/restapis/${id}/resources/${rootResourceId}/methods/GET`
    await aws('PUT', method, { authorizationType: 'NONE' })
    await aws('PUT', `${method}/integration`, {
      type: 'MOCK',
      requestTemplates: { 'application/json': '{"statusCode": 200}' },
    })
    await aws('PUT', `${method}/responses/200`, {})
    await aws('PUT', `${method}/integration/responses/200`, {})
    await aws('POST', `/restapis/${id}/deployments`, { stageName: 'prod' })
    return (await call(`/_aws/execute-api/${id}/prod/`)).status
  }
  assert.deepEqual([await deployed(true), await deployed(false)], [200, 403])
})

test('what does not speak TLS is closed, and harms nobody', async () => {
  for (const bytes of [
    'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n',
    '\x16\x03\x01\x00\x05hello',
    '',
  ]) {
    const socket = connectPlainly(port, '127.0.0.1')
    socket.on('error', () => {})
    socket.end(bytes)
    await once(socket.resume(), 'close')
  }
  const old = connect({ host: '127.0.0.1', port, ca, maxVersion: 'TLSv1.1', minVersion: 'TLSv1.1' })
  await assert.rejects(once(old, 'secureConnect'))
  assert.equal((await call('/_sekisho/health')).status, 200)
})

test('the AWS config file names the certificate to trust', () => {
  const config = readFileSync(join(running.data, 'config'), 'utf8')
  assert.ok(
    config.includes(
      `endpoint_url = ${running.server.endpoint}\nca_bundle = ${running.server.authorityPath}\n`,
    ),
  )
})

test('an authority is made once, and its key is for nobody else', async () => {
  const path = join(files, 'tls', 'ca.pem')
  const before = readFileSync(path, 'utf8')
  assert.equal(openAuthority(files, Date.now()).cert, before)
  const { statSync } = await import('node:fs')
  assert.equal(statSync(join(files, 'tls', 'ca-key.pem')).mode & 0o777, 0o600)
})
