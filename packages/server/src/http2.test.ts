import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:http2'
import { type AddressInfo, createServer } from 'node:net'
import { test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import type { Reply } from './arrival.ts'
import { createHttp2 } from './http2.ts'

/** Answers over HTTP/2 in the clear, as `localhost` would over TLS. */
async function serving(answer: () => Reply) {
  const http2 = createHttp2({
    answer,
    refuse: (_, __, message) => assert.fail(message),
    failed: (error) => assert.fail(String(error)),
    about: () => ({
      peer: '127.0.0.1',
      peerPort: 1,
      localAddress: '127.0.0.1',
      isOwn: false,
      vpcEndpoint: undefined,
      tls: undefined,
    }),
    headBytes: 16_384,
    keepAliveMs: 10_000,
    silentMs: 10_000,
  })
  const server = createServer((socket) =>
    http2.accept(Object.assign(socket, { servername: 'localhost' }) as unknown as TLSSocket),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  return {
    client,
    async [Symbol.asyncDispose]() {
      client.destroy()
      http2.destroyAll()
      server.close()
    },
  }
}

test('who leaves while the next piece is waited for is not waited for', {
  timeout: 10_000,
}, async () => {
  const { promise: gone, resolve: destroy } = Promise.withResolvers<void>()
  const { promise: nothing } = Promise.withResolvers<IteratorResult<Uint8Array>>()
  const body = { [Symbol.asyncIterator]: () => ({ next: () => nothing }), destroy }
  await using server = await serving(() => ({ status: 200, headers: [], body }))
  const stream = server.client.request({ ':authority': 'localhost', ':path': '/' })
  stream.on('error', () => {})
  await once(stream, 'response')
  stream.close()
  await gone
})
