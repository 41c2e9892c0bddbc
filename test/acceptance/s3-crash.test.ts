import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { test } from 'node:test'
import { S3 } from '@aws-sdk/client-s3'
import { type Serving, serve, settingsOf, temporaryFolder } from './server.fixture.ts'

const clientOf = (server: Serving) => new S3(settingsOf(server))

/** Files that hold bytes of objects. */
function blobsIn(data: string): readonly string[] {
  return readdirSync(join(data, 'blobs'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name)
}

async function openToAll(client: S3, Bucket: string): Promise<void> {
  await client.createBucket({ Bucket })
  await client.deletePublicAccessBlock({ Bucket })
  await client.putBucketPolicy({
    Bucket,
    Policy: JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: '*',
          Action: 's3:PutObject',
          Resource: `arn:aws:s3:::${Bucket}/*`,
        },
      ],
    }),
  })
}

test('a crash in an upload leaves what was there before, and nothing else', async () => {
  using folder = temporaryFolder()
  const data = join(folder.path, 'data')
  const Bucket = 'crash'
  {
    await using server = await serve(data)
    const client = clientOf(server)
    await openToAll(client, Bucket)
    await client.putObject({ Bucket, Key: 'small', Body: 'before' })
    await client.putObject({ Bucket, Key: 'large', Body: Buffer.alloc(300_000, 'b') })
    const { hostname, port } = new URL(server.endpoint)
    const socket = connect(Number(port), hostname)
    socket.on('error', () => {})
    for (const Key of ['large', 'new'])
      socket.write(
        `PUT /${Bucket}/${Key} HTTP/1.1\r\nHost: ${hostname}\r\nContent-Length: 4000000\r\n\r\n${'x'.repeat(3_000_000)}`,
      )
    while (blobsIn(data).length < 2) await new Promise((resolve) => setTimeout(resolve, 10))
    await server.stop('SIGKILL')
    socket.destroy()
  }
  await using server = await serve(data)
  const client = clientOf(server)
  const bodyOf = async (Key: string) =>
    (await client.getObject({ Bucket, Key })).Body!.transformToString()
  assert.equal(await bodyOf('small'), 'before')
  assert.equal(await bodyOf('large'), 'b'.repeat(300_000))
  assert.equal((await client.listObjectsV2({ Bucket })).KeyCount, 2)
  assert.equal(blobsIn(data).length, 1)
})

const isLinux = existsSync('/proc/self/status')

test('memory stays where it is while a large object goes in and out', {
  skip: !isLinux && 'needs Linux',
}, async () => {
  using folder = temporaryFolder()
  await using server = await serve(join(folder.path, 'data'))
  const client = clientOf(server)
  const Bucket = 'flat'
  await openToAll(client, Bucket)
  await client.putObject({ Bucket, Key: 'warm', Body: Buffer.alloc(1_000_000) })
  const peakMb = () => {
    const status = readFileSync(`/proc/${server.process.pid}/status`, 'utf8')
    return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1_024
  }
  const before = peakMb()
  const sizeBytes = 256 * 1024 * 1024
  const piece = Buffer.alloc(1024 * 1024, 'sekisho')
  const sent = createHash('sha256')
  const { hostname, port } = new URL(server.endpoint)
  const put = request({
    hostname,
    port,
    method: 'PUT',
    path: `/${Bucket}/large`,
    headers: { 'Content-Length': sizeBytes },
  })
  for (let at = 0; at < sizeBytes; at += piece.length) {
    sent.update(piece)
    if (!put.write(piece)) await once(put, 'drain')
  }
  put.end()
  const [answer] = (await once(put, 'response')) as [IncomingMessage]
  assert.equal(answer.statusCode, 200)
  answer.resume()
  const received = createHash('sha256')
  const got = await client.getObject({ Bucket, Key: 'large' })
  for await (const bytes of got.Body as Readable) received.update(bytes)
  assert.equal(received.digest('hex'), sent.digest('hex'))
  assert.ok(peakMb() - before < 128, `from ${before} to ${peakMb()} MB`)
})
