import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { isolated } from '../debian-packages.ts'
import { backend } from './backend.fixture.ts'
import {
  account,
  deploy,
  functions,
  makeFunction,
  proxied,
  server,
} from './integrations.fixture.ts'

test('a backend’s answer reaches its client as it comes, beyond 10 MB, and takes no memory', async () => {
  const wholeBytes = 128 * 1024 * 1024
  const piece = Buffer.alloc(65_536, 'x')
  let told: () => void = () => {}
  const gone = new Promise<void>((resolve) => {
    told = resolve
  })
  using origin = await backend((request, response) => {
    response.write('first')
    if (request.url === '/slow') {
      response.once('close', told)
      return
    }
    Readable.from(
      (function* () {
        for (let sent = 0; sent < wholeBytes; sent += piece.length) yield piece
      })(),
    ).pipe(response)
  })
  const streaming = {
    type: 'HTTP_PROXY',
    integrationHttpMethod: 'GET',
    responseTransferMode: 'STREAM',
    timeoutInMillis: 60_000,
  } as const
  const large = await deploy({ ...streaming, uri: origin.url })
  const residentBytes = () => {
    if (process.platform !== 'linux') return 0
    const text = readFileSync(`/proc/${server.process.pid}/status`, 'utf8')
    return Number(/VmRSS:\s+(\d+)/.exec(text)?.[1]) * 1024
  }
  const before = residentBytes()
  let [taken, most, pieces] = [0, 0, 0]
  const answer = await fetch(large.url)
  for await (const each of answer.body!) {
    taken += each.length
    if (++pieces % 64 === 0) most = Math.max(most, residentBytes())
  }
  assert.equal(taken, wholeBytes + 'first'.length)
  assert.ok(most - before < 80 * 1024 * 1024, `${(most - before) / 2 ** 20} MB more`)
  const slow = await deploy({ ...streaming, uri: `${origin.url}slow` })
  const begun = await fetch(slow.url)
  const reader = begun.body!.getReader()
  assert.equal(Buffer.from((await reader.read()).value!).toString(), 'first')
  await reader.cancel()
  await gone
  // Nothing is told of an answer of which more came than may be waited for.
  const buffered = await deploy({
    ...streaming,
    uri: origin.url,
    responseTransferMode: 'BUFFERED',
    timeoutInMillis: 29_000,
  })
  assert.equal((await buffered.get()).status, 500)
})

test('a function’s answer reaches its client as it comes', isolated, async () => {
  const { name, streamingUri } = await makeFunction(
    `awslambda.streamifyResponse(async (event, stream) => {
      const metadata = { statusCode: 201, headers: { 'Content-Type': 'text/event-stream' }, cookies: ['a=b'] }
      stream = awslambda.HttpResponseStream.from(stream, metadata)
      stream.write('first ' + event.path)
      await new Promise((resolve) => setTimeout(resolve, 300))
      stream.end(' last')
    })`,
  )
  const { restApiId, url } = await deploy({
    ...proxied(streamingUri),
    responseTransferMode: 'STREAM',
  })
  await functions.addPermission({
    FunctionName: name,
    StatementId: 'gateway',
    Action: 'lambda:InvokeFunction',
    Principal: 'apigateway.amazonaws.com',
    SourceArn: `arn:aws:execute-api:us-east-1:${account}:${restApiId}/*`,
  })
  const answer = await fetch(url)
  assert.deepEqual(
    [answer.status, answer.headers.get('content-type'), answer.headers.getSetCookie()],
    [201, 'text/event-stream', ['a=b']],
  )
  const pieces: string[] = []
  for await (const each of answer.body!) pieces.push(Buffer.from(each).toString())
  assert.equal(pieces[0], 'first /')
  assert.equal(pieces.join(''), 'first / last')
})
