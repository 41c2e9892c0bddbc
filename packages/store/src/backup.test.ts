import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { backupFolder, restoreFolder, sweepBackups } from './backup.ts'
import { openStore } from './open.ts'

const folder = () => mkdtempSync(join(tmpdir(), 'sekisho-backup-'))
const bytesOf = async (stream: AsyncIterable<Uint8Array>) =>
  Buffer.concat(await Array.fromAsync(stream))
async function* streamOf(bytes: Uint8Array, chunk = 100) {
  for (let at = 0; at < bytes.length; at += chunk) yield bytes.subarray(at, at + chunk)
}

async function filled(): Promise<{ path: string; backup: Buffer }> {
  const path = folder()
  await using store = await openStore(`sqlite:${path}`)
  await store.documents.transact((transaction) => transaction.put('things', 'a', { n: 1 }))
  await store.blobs.put('large', Buffer.alloc(5_000, 'x'))
  await store.blobs.put('empty', Buffer.alloc(0))
  return { path, backup: await bytesOf(backupFolder(path)) }
}

test('what was backed up is there again after a restore', async () => {
  const { path, backup } = await filled()
  assert.deepEqual(
    readdirSync(path).filter((name) => name.startsWith('backup')),
    [],
  )
  const target = folder()
  await restoreFolder(streamOf(backup), target)
  await using store = await openStore(`sqlite:${target}`)
  assert.deepEqual((await store.documents.get('things', 'a'))?.value, { n: 1 })
  assert.equal((await bytesOf((await store.blobs.get('large'))!)).length, 5_000)
  assert.equal((await bytesOf((await store.blobs.get('empty'))!)).length, 0)
})

test('a backup that was cut off by a kill is cleared away, and nothing else', async () => {
  const { path } = await filled()
  const before = readdirSync(path)
  mkdirSync(join(path, 'backup-0', 'blobs'), { recursive: true })
  writeFileSync(join(path, 'backup-0', 'state.db'), 'half')
  sweepBackups(path)
  assert.deepEqual(readdirSync(path), before)
})

test('tar itself reads a backup', async () => {
  const { backup } = await filled()
  const file = join(folder(), 'backup.tar')
  writeFileSync(file, backup)
  assert.match(execFileSync('tar', ['-tf', file], { encoding: 'utf8' }), /^state\.db\nblobs\//)
})

test('a folder with something in it is left alone', async () => {
  const { path, backup } = await filled()
  await assert.rejects(restoreFolder(streamOf(backup), path), {
    code: 'RESTORE',
    message: /is not empty/,
  })
})

test('a damaged, cut off or hostile backup leaves the folder empty', async () => {
  const { backup } = await filled()
  const damaged = Buffer.from(backup)
  damaged[3] = 0
  const climbing = Buffer.from(backup)
  const evil = await bytesOf(
    (await import('./tar.ts')).writeTar(
      (async function* () {
        yield { name: '../evil', sizeBytes: 0, bytes: streamOf(new Uint8Array()) }
      })(),
    ),
  )
  for (const bytes of [
    damaged,
    climbing.subarray(0, 4_000),
    evil,
    Buffer.from('no backup at all'),
  ]) {
    const target = folder()
    await assert.rejects(restoreFolder(streamOf(bytes), target), { code: 'RESTORE' })
    assert.deepEqual(readdirSync(target), [])
  }
})
