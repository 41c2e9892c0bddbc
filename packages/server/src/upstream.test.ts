import assert from 'node:assert/strict'
import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { createServer as createPlainServer } from 'node:http'
import { createServer } from 'node:https'
import { type AddressInfo, createServer as createRawServer, type Server } from 'node:net'
import { after, before, test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { type Connection, UpstreamError } from '@sekisho/gateway'
import { openStore } from '@sekisho/store'
import { deploy, type Running, run } from './running.fixture.ts'
import { issueCertificate } from './tls/x509.ts'
import { createUpstream, type Upstream } from './upstream.ts'

const dayMs = 86_400_000
const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const key = keys.privateKey.export({ type: 'pkcs8', format: 'pem' })

function certificate(name: string, fromDay: number, toDay: number): string {
  const now = Date.now()
  return issueCertificate({
    subject: { commonName: name },
    issuer: { commonName: name },
    publicKey: keys.publicKey,
    signedBy: keys,
    serial: Buffer.from([1]),
    notBefore: new Date(now + fromDay * dayMs),
    notAfter: new Date(now + toDay * dayMs),
    use: 'server',
    names: [name],
  })
}

const servers: Server[] = []

async function listening<S extends Server>(server: S): Promise<number> {
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

/** Says who called. */
function secureBackend(cert: string): Promise<number> {
  return listening(
    createServer({ cert, key, requestCert: true, rejectUnauthorized: false }, (request, response) =>
      response.end((request.socket as TLSSocket).getPeerX509Certificate()?.subject ?? 'nobody'),
    ),
  )
}

let upstream: Upstream
let running: Running
before(async () => {
  const store = await openStore('memory:')
  upstream = createUpstream({ documents: store.documents })
  running = await run()
})
after(async () => {
  await upstream[Symbol.asyncDispose]()
  await running[Symbol.asyncDispose]()
  for (const server of servers) server.close()
})

const owner = { accountId: '000000000000', region: 'us-east-1' }

/** What comes back as text, or the code of why nothing does. */
async function ask(url: string, connection?: Omit<Connection, 'owner'>, method = 'GET') {
  try {
    const { body } = await upstream.send({
      method,
      url,
      headers: [],
      body: new Uint8Array(),
      timeoutMs: 5_000,
      ...(connection && { connection: { owner, ...connection } }),
    })
    return Buffer.from(body).toString()
  } catch (error) {
    assert.ok(error instanceof UpstreamError)
    return error.code
  }
}

test('a certificate of nobody known is taken where that is set, with the right name and in time', async () => {
  const own = await secureBackend(certificate('127.0.0.1', -1, 1))
  const others = await secureBackend(certificate('other.test', -1, 1))
  const old = await secureBackend(certificate('127.0.0.1', -2, -1))
  const skips = { skipsVerification: true }
  assert.equal(await ask(`https://127.0.0.1:${own}/`), 'UNREACHABLE')
  assert.equal(await ask(`https://127.0.0.1:${own}/`, skips), 'nobody')
  assert.equal(await ask(`https://127.0.0.1:${others}/`, skips), 'UNREACHABLE')
  assert.equal(await ask(`https://127.0.0.1:${old}/`, skips), 'UNREACHABLE')
  // What one integration takes is nothing that the next one trusts.
  assert.equal(await ask(`https://127.0.0.1:${own}/`), 'UNREACHABLE')
})

test('a link or certificate that is not there refuses the call', async () => {
  const port = await listening(createPlainServer((_, response) => response.end('hello')))
  assert.equal(await ask(`http://127.0.0.1:${port}/`), 'hello')
  assert.equal(await ask(`http://127.0.0.1:${port}/`, { vpcLinkId: 'none' }), 'REFUSED')
  assert.equal(await ask(`http://127.0.0.1:${port}/`, { vpcLinkId: '' }), 'REFUSED')
  assert.equal(await ask(`http://127.0.0.1:${port}/`, { clientCertificateId: 'none' }), 'REFUSED')
})

test('a name that leads nowhere is told from a backend that does not answer', async () => {
  assert.equal(await ask('http://nowhere.invalid/'), 'REFUSED')
  assert.equal(await ask('http://127.0.0.1:1/'), 'UNREACHABLE')
})

test('a kept connection that ends as it is used again costs a GET nothing, and no POST is sent twice', async () => {
  const calls: string[] = []
  const backend = createPlainServer((request, response) => {
    calls.push(`${request.method}`)
    if (calls.length % 2 === 0) request.socket.destroy()
    else response.end('answer')
  })
  const port = await listening(backend)
  const url = `http://127.0.0.1:${port}/`
  assert.deepEqual([await ask(url), await ask(url)], ['answer', 'answer'])
  assert.deepEqual(calls, ['GET', 'GET', 'GET'])
  assert.equal(await ask(url, undefined, 'POST'), 'UNREACHABLE')
  assert.equal(calls.length, 4)
})

test('connections are used again', async () => {
  const ports = new Set<number | undefined>()
  const port = await listening(
    createPlainServer((request, response) => {
      ports.add(request.socket.remotePort)
      response.end()
    }),
  )
  for (let at = 0; at < 5; at++) await ask(`http://127.0.0.1:${port}/`)
  assert.ok(ports.size <= 2, String(ports.size))
})

/** Answers every request on a connection with the next of these texts; counts connections. */
async function rawBackend(...texts: readonly string[]) {
  const seen = { connections: 0, requests: 0 }
  const server = createRawServer((socket) => {
    seen.connections += 1
    socket.on('error', () => {})
    socket.on('data', () => {
      const text = texts[seen.requests++ % texts.length]!
      if (text.endsWith('…')) socket.end(text.slice(0, -1))
      else socket.write(text)
    })
  })
  return { url: `http://127.0.0.1:${await listening(server)}/`, seen }
}

test('what follows an answer on its connection is nobody’s answer', async () => {
  const answer = (body: string) =>
    `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  const { url, seen } = await rawBackend(answer('good') + answer('evil'), answer('next'))
  assert.deepEqual([await ask(url), await ask(url)], ['good', 'next'])
  assert.equal(seen.connections, 2)
})

test('an answer that is none, or not whole, is told as no answer and not asked for again', async () => {
  for (const text of [
    'SSH-2.0-OpenSSH\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello…',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello…',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  ]) {
    const { url, seen } = await rawBackend(text)
    assert.equal(await ask(url), 'UNREACHABLE')
    assert.equal(seen.requests, 1)
  }
})

test('a connection that was made for a request and ends without an answer is not tried again', async () => {
  const { url, seen } = await rawBackend('…')
  assert.equal(await ask(url), 'UNREACHABLE')
  assert.equal(seen.requests, 1)
})

test('a body without a length is whole when its connection ends', async () => {
  const { url } = await rawBackend('HTTP/1.1 200 OK\r\n\r\nhello…')
  assert.deepEqual([await ask(url), await ask(url)], ['hello', 'hello'])
})

test('a connection rests no longer than its backend says', async () => {
  const { url, seen } = await rawBackend(
    'HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1\r\nContent-Length: 2\r\n\r\nok',
  )
  assert.deepEqual([await ask(url), await ask(url)], ['ok', 'ok'])
  assert.equal(seen.connections, 2)
})

test('a backend that begins and goes no further is out of time; its connection ends', async () => {
  let ended: () => void = () => {}
  const gone = new Promise<void>((resolve) => {
    ended = resolve
  })
  const port = await listening(
    createRawServer((socket) => {
      socket.on('error', () => {})
      socket.on('close', ended)
      socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello'))
    }),
  )
  const url = `http://127.0.0.1:${port}/`
  const request = { method: 'GET', url, headers: [], body: new Uint8Array(), timeoutMs: 100 }
  await assert.rejects(upstream.send(request), { code: 'TIMEOUT' })
  await gone
})

test('no call is made with what would become another call', async () => {
  const { url, seen } = await rawBackend('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
  const request = { method: 'GET', url, headers: [], body: new Uint8Array(), timeoutMs: 1_000 }
  for (const wrong of [
    { headers: ['A', 'b\r\nC: d'] },
    { method: 'GET /x' },
    { url: 'http://a b/' },
  ])
    await assert.rejects(upstream.send({ ...request, ...wrong }), { code: 'REFUSED' })
  assert.equal(seen.requests, 0)
})

const chunks = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'

/** The pieces of an answer as they come. */
async function streamed(url: string, times: { timeoutMs?: number; idleMs?: number } = {}) {
  const { timeoutMs = 5_000, idleMs = 5_000 } = times
  const request = { method: 'GET', url, headers: [], body: new Uint8Array(), timeoutMs }
  const { stream } = await upstream.send({ ...request, streaming: { idleMs } })
  return { stream: stream!, pieces: stream![Symbol.asyncIterator]() }
}

test('an answer can be had as it comes, while its backend still thinks', async () => {
  const { url, seen } = await rawBackend(`${chunks}3\r\none\r\n`, '3\r\ntwo\r\n0\r\n\r\n')
  const { pieces } = await streamed(url)
  assert.equal(String((await pieces.next()).value), 'one')
  await assert.rejects(streamed('http://127.0.0.1:1/'), { code: 'UNREACHABLE' })
  assert.equal(seen.connections, 1)
})

test('an answer that comes as it is broken off, or rests too long, is no end', async () => {
  const cut = await rawBackend(`${chunks}3\r\none\r\n…`)
  const silent = await rawBackend(`${chunks}3\r\none\r\n`)
  for (const { pieces } of [
    await streamed(cut.url),
    await streamed(silent.url, { idleMs: 50 }),
    await streamed(silent.url, { timeoutMs: 100 }),
  ]) {
    assert.equal(String((await pieces.next()).value), 'one')
    await assert.rejects(async () => pieces.next(), { code: 'BROKEN_ANSWER' })
  }
})

test('whoever wants no more ends the call, whether or not they wait', async () => {
  const ends: Promise<void>[] = []
  const port = await listening(
    createRawServer((socket) => {
      socket.on('error', () => {})
      ends.push(new Promise((resolve) => socket.on('close', resolve)))
      socket.on('data', () => socket.write(`${chunks}3\r\none\r\n`))
    }),
  )
  const url = `http://127.0.0.1:${port}/`
  const begun = await streamed(url)
  await begun.pieces.next()
  await begun.pieces.return?.()
  const waiting = await streamed(url)
  await waiting.pieces.next()
  const next = waiting.pieces.next()
  waiting.stream.destroy?.()
  await assert.rejects(next, { code: 'CLIENT_GONE' })
  const untouched = await streamed(url)
  untouched.stream.destroy?.()
  await Promise.all(ends)
  assert.equal(ends.length, 3)
})

test('what nobody takes stays with its backend', async () => {
  let written = 0
  const port = await listening(
    createRawServer((socket) => {
      socket.on('error', () => {})
      const piece = Buffer.alloc(65_536)
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n')
        const more = () => {
          while (written < 64 * 1024 * 1024 && socket.write(piece)) written += piece.length
          if (written < 64 * 1024 * 1024) socket.once('drain', more)
          else socket.end()
        }
        more()
      })
    }),
  )
  const { pieces } = await streamed(`http://127.0.0.1:${port}/`)
  await new Promise((resolve) => setTimeout(resolve, 200))
  assert.ok(written < 32 * 1024 * 1024, String(written))
  let taken = 0
  for (let each = await pieces.next(); !each.done; each = await pieces.next())
    taken += each.value.length
  assert.ok(taken >= 64 * 1024 * 1024, String(taken))
})

test('a connection of ours is told by both its ends', async () => {
  const from: string[] = []
  const port = await listening(
    createPlainServer(({ socket }, response) => {
      from.push(`${socket.remoteAddress}|${socket.remotePort}`)
      response.end()
    }),
  )
  await ask(`http://127.0.0.1:${port}/`)
  assert.equal(upstream.isOwn(from[0]!, `127.0.0.1|${port}`), true)
  // Whoever calls somebody else from the same port.
  assert.equal(upstream.isOwn(from[0]!, `127.0.0.1|${port + 1}`), false)
})

test('a stage presents its client certificate to its backend', async () => {
  const port = await secureBackend(certificate('127.0.0.1', -1, 1))
  const integration = {
    type: 'HTTP_PROXY',
    httpMethod: 'GET',
    uri: `https://127.0.0.1:${port}/`,
    tlsConfig: { insecureSkipVerification: true },
  }
  const apiId = await deploy(running, { integration })
  const call = async () => (await running.call(`/_aws/execute-api/${apiId}/prod/`)).body
  assert.equal(await call(), 'nobody')
  const made = JSON.parse((await running.aws('POST', '/clientcertificates', {})).body)
  const { subject, validToDate } = new X509Certificate(made.pemEncodedCertificate)
  assert.deepEqual([subject, validToDate.getTime()], ['CN=ApiGateway', made.expirationDate * 1000])
  const set = { op: 'replace', path: '/clientCertificateId', value: made.clientCertificateId }
  await running.aws('PATCH', `/restapis/${apiId}/stages/prod`, { patchOperations: [set] })
  assert.equal(await call(), 'CN=ApiGateway')
})

test('an answer beyond ten megabytes, and a backend without an address, are the configuration’s fault', async () => {
  const large = await listening(
    createPlainServer((_, response) => response.end(Buffer.alloc(10 * 1024 * 1024 + 1))),
  )
  for (const uri of [`http://127.0.0.1:${large}/`, 'http://nowhere.invalid/']) {
    const integration = { type: 'HTTP_PROXY', httpMethod: 'GET', uri }
    const apiId = await deploy(running, { integration })
    const { status, body } = await running.call(`/_aws/execute-api/${apiId}/prod/`)
    assert.deepEqual([status, body], [500, '{"message": "Internal server error"}'])
  }
})
