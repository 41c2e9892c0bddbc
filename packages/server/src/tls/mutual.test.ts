/** Mutual TLS from outside: a truststore in S3, a domain name, and clients with and without certificates. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { connect } from 'node:tls'
import { sha256, signRequest } from '@sekisho/sigv4'
import { type Running, run } from '../running.fixture.ts'
import { newSerial } from './authority.ts'
import { issueCertificate } from './x509.ts'

let running: Running
let ca: string
const host = 'api.example.com'

const pair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' })
const day = 86_400_000
const root = { name: { commonName: 'office' }, keys: pair() }
const stranger = { name: { commonName: 'office' }, keys: pair() }
function certificateOf(commonName: string, issuer = root, keys = pair(), isAuthority = false) {
  const cert = issueCertificate({
    subject: { commonName },
    issuer: issuer.name,
    publicKey: keys.publicKey,
    signedBy: issuer.keys,
    serial: newSerial(),
    notBefore: new Date(Date.now() - day),
    notAfter: new Date(Date.now() + day),
    use: isAuthority ? 'authority' : 'client',
  })
  return { cert, key: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() }
}
const truststore = certificateOf('office', root, root.keys, true).cert
const friend = certificateOf('friend')
const foe = certificateOf('friend', stranger)

interface Asked {
  readonly method?: string
  readonly host?: string
  /** The name that the connection is opened with. */
  readonly servername?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly shown?: { readonly cert: string; readonly key: string }
}

async function call(path: string, asked: Asked = {}) {
  const { method = 'GET', host = 'localhost', servername = host, headers, body, shown } = asked
  const sent = request({
    host: '127.0.0.1',
    port: running.port,
    path,
    method,
    ca,
    servername,
    agent: false,
    ...shown,
    headers: { host, ...headers },
  }).end(body)
  const [response] = await once(sent, 'response')
  return [response.statusCode, await text(response)] as const
}

async function aws(service: string, method: string, path: string, body = '', query = '') {
  const signature = signRequest(
    { method, rawPath: path, rawQuery: query, headers: ['Host', 'localhost'] },
    running.key,
    { region: 'us-east-1', service, now: new Date(), payloadHash: sha256(Buffer.from(body)) },
  )
  const headers = Object.fromEntries(
    signature.flatMap((name, at) => (at % 2 === 0 ? [[name, signature[at + 1]!]] : [])),
  )
  const [status, answer] = await call(query === '' ? path : `${path}?${query}`, {
    method,
    body,
    headers,
  })
  assert.ok(status! < 300, answer)
  return service === 'apigateway' ? JSON.parse(answer) : undefined
}
const patch = (...patchOperations: readonly object[]) =>
  aws('apigateway', 'PATCH', `/domainnames/${host}`, JSON.stringify({ patchOperations }))

before(async () => {
  running = await run(['--tls'])
  ca = readFileSync(running.server.authorityPath!, 'utf8')
  await aws('s3', 'PUT', '/trust')
  await aws('s3', 'PUT', '/trust/store.pem', truststore)
  const integration = {
    type: 'mock',
    requestTemplates: { 'application/json': '{"statusCode":200}' },
    responses: {
      default: {
        statusCode: '200',
        responseTemplates: { 'application/json': '$context.identity.clientCert.subjectDN' },
      },
    },
  }
  const operation = { responses: { 200: {} }, 'x-amazon-apigateway-integration': integration }
  const document = {
    swagger: '2.0',
    info: { title: 'office', version: '1' },
    paths: { '/': { get: operation } },
  }
  const { id } = await aws(
    ...(['apigateway', 'POST', '/restapis', JSON.stringify(document), 'mode=import'] as const),
  )
  await aws('apigateway', 'POST', `/restapis/${id}/deployments`, '{"stageName":"prod"}')
  const domain = {
    domainName: host,
    regionalCertificateArn: 'arn:aws:acm:us-east-1:000000000000:certificate/1',
    endpointConfiguration: { types: ['REGIONAL'] },
    mutualTlsAuthentication: { truststoreUri: 's3://trust/store.pem' },
  }
  const made = await aws('apigateway', 'POST', '/domainnames', JSON.stringify(domain))
  assert.deepEqual(made.mutualTlsAuthentication, { truststoreUri: 's3://trust/store.pem' })
  await aws(
    ...(['apigateway', 'POST', `/domainnames/${host}/basepathmappings`] as const),
    JSON.stringify({ restApiId: id, stage: 'prod' }),
  )
})
after(() => running[Symbol.asyncDispose]())

const forbidden = [403, '{"message":"Forbidden"}'] as const

test('whoever shows a certificate of the truststore is let in, and told to the API', async () => {
  assert.deepEqual(await call('/', { host, shown: friend }), [200, 'CN=friend'])
})

test('nobody else is: without a certificate, or with one of a namesake', async () => {
  assert.deepEqual(await call('/', { host }), forbidden)
  assert.deepEqual(await call('/', { host, shown: foe }), forbidden)
})

test('a connection that was opened by another name is held to the domain that it calls', async () => {
  const servername = 'localhost'
  assert.deepEqual(await call('/', { host, servername, shown: foe }), forbidden)
  assert.deepEqual(await call('/', { host, servername }), forbidden)
  assert.deepEqual(await call('/', { host, servername, shown: friend }), [200, 'CN=friend'])
})

test('a connection that goes on from an earlier one has the certificate of that one', async () => {
  for (const [shown, status] of [
    [friend, 200],
    [foe, 403],
  ] as const) {
    const open = { host: '127.0.0.1', port: running.port, ca, servername: host, ...shown }
    const first = connect({ ...open, minVersion: 'TLSv1.3' })
    const [session] = await once(first, 'session')
    first.destroy()
    const second = connect({ ...open, session, minVersion: 'TLSv1.3' })
    await once(second, 'secureConnect')
    assert.ok(second.isSessionReused())
    second.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
    assert.match(await text(second), new RegExp(`^HTTP/1.1 ${status} `))
  }
})

test('another truststore counts at once, and without one everybody is let in', async () => {
  const other = certificateOf('office', stranger, stranger.keys, true).cert
  await aws('s3', 'PUT', '/trust/other.pem', other)
  const path = '/mutualTlsAuthentication/truststoreUri'
  await patch({ op: 'replace', path, value: 's3://trust/other.pem' })
  assert.deepEqual(await call('/', { host, shown: friend }), forbidden)
  assert.deepEqual(await call('/', { host, shown: foe }), [200, 'CN=friend'])
  const open = await patch({ op: 'replace', path, value: '' })
  assert.equal(open.mutualTlsAuthentication, undefined)
  assert.equal((await call('/', { host }))[0], 200)
})
