import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, before, test } from 'node:test'
import {
  addressPolicy,
  deploy,
  type Running,
  run,
} from '../../packages/server/src/running.fixture.ts'
import { signRequest } from '../../packages/sigv4/src/index.ts'
import { attempts, type Scene } from './attempts.ts'

let running: Running
let scene: Scene

before(async () => {
  running = await run(['--trust-proxy', '127.0.0.99'])
  const guarded = await deploy(running, { policy: addressPolicy('127.0.0.11'), pathPart: 'secret' })
  const signed = await deploy(running, { authorizationType: 'AWS_IAM', pathPart: 'secret' })
  const open = await deploy(running, { pathPart: 'open' })
  scene = { port: running.port, guarded, signed, open, heard: hear(signed), root: running.key }
})
after(() => running[Symbol.asyncDispose]())

/** What the owner's client sends for `GET /secret`. */
function hear(apiId: string): readonly string[] {
  const host = `127.0.0.1:${running.port}`
  const rawPath = `/_aws/execute-api/${apiId}/prod/secret`
  const message = { method: 'GET', rawPath, rawQuery: '', headers: ['Host', host] }
  const made = signRequest(message, running.key, {
    region: 'us-east-1',
    service: 'execute-api',
    now: new Date(),
  })
  return made.flatMap((name, at) => (at % 2 === 0 ? [`${name}: ${made[at + 1]}`] : []))
}

function send(bytes: string, localAddress: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ port: running.port, host: '127.0.0.1', localAddress })
    let received = ''
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1')
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(received))
    socket.write(bytes, 'latin1')
  })
}

/** What lies behind: the mock's answer, a list of APIs, keys, records. */
const treasures = /\{"hello":"world"\}|"item"|secretAccessKey|"requestId"|HTTP\/1\.1 2/

for (const [name, attempt] of Object.entries(attempts))
  test(`no way past the checkpoint: ${name}`, async () => {
    const received = await send(attempt(scene), '127.0.0.12')
    assert.doesNotMatch(received, treasures)
    assert.match(received, /^HTTP\/1\.1 4\d\d |^HTTP\/1\.1 501 |^$/)
  })

test('the checkpoint lets through whom it should', async () => {
  const bytes = (path: string, headers: readonly string[]) =>
    `GET ${path} HTTP/1.1\r\n${[`Host: 127.0.0.1:${scene.port}`, ...headers, 'Connection: close'].join('\r\n')}\r\n\r\n`
  const listed = bytes(`/_aws/execute-api/${scene.guarded}/prod/secret`, [])
  assert.match(await send(listed, '127.0.0.11'), treasures)
  const signed = bytes(`/_aws/execute-api/${scene.signed}/prod/secret`, scene.heard)
  assert.match(await send(signed, '127.0.0.12'), treasures)
})

test('attempts leave the server as it was', async () => {
  assert.equal((await running.call('/_sekisho/ready')).status, 200)
})
