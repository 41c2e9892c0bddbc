import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openStore } from '@sekisho/store'
import { harness } from '../harness.fixture.ts'
import { keep, smallBytes, sweepLoose } from './content.ts'

/** More than is kept beside the records, and whether it has been let go of. */
function source() {
  const said = { isOpen: true }
  const bytes = (async function* () {
    try {
      for (let pieces = 0; pieces < 4; pieces++) yield Buffer.alloc(smallBytes)
    } finally {
      said.isOpen = false
    }
  })()
  return { said, bytes }
}

test('bytes that can be written nowhere are let go of', async () => {
  await using store = await openStore('memory:')
  const put = async (_: string, bytes: Uint8Array | AsyncIterable<Uint8Array>) => {
    for await (const _piece of bytes as AsyncIterable<Uint8Array>) throw new Error('disk full')
    return { sizeBytes: 0 }
  }
  const { said, bytes } = source()
  const storage = { ...store, blobs: { ...store.blobs, put } as typeof store.blobs }
  await assert.rejects(keep(bytes, 'id', 0, storage), { message: 'disk full' })
  assert.equal(said.isOpen, false)
})

test('bytes that another start has swept away are claimed by nobody', async () => {
  await using store = await openStore('memory:')
  const { claim } = await keep(source().bytes, 'id', 0, store)
  await sweepLoose(store, 0, true)
  await assert.rejects(store.documents.transact(claim), { code: 'OperationAborted' })
})

test('one key of a batch that is too long is refused by itself', async () => {
  await using s3 = await harness('s3')
  const inBucket = (method: string, path: string, body?: string) =>
    s3.ask(method, `/bucket${path}`, body)
  assert.equal((await inBucket('PUT', '')).status, 200)
  const versioned = '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>'
  assert.equal((await inBucket('PUT', '?versioning', versioned)).status, 200)
  const keys = ['short', 'k'.repeat(1_025), 'k'.repeat(5_000)]
  const objects = keys.map((key) => `<Object><Key>${key}</Key></Object>`).join('')
  const { status, text } = await inBucket('POST', '?delete', `<Delete>${objects}</Delete>`)
  assert.equal(status, 200)
  assert.equal(text.match(/<Code>KeyTooLongError<\/Code>/g)?.length, 2, text)
  assert.equal(text.match(/<Deleted>/g)?.length, 1)
})
