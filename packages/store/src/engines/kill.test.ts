import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openStore } from '../open.ts'

/** Writes one record after another and says each number once it was acknowledged. */
const writer = `
import { openStore } from ${JSON.stringify(join(import.meta.dirname, '../open.ts'))}
const store = await openStore('sqlite:' + process.argv[1])
for (let n = Number(process.argv[2]); ; n += 4)
  await Promise.all([0, 1, 2, 3].map(async (offset) => {
    const key = String(n + offset).padStart(9, '0')
    await store.documents.transact((transaction) => transaction.put('numbers', key, n + offset))
    process.stdout.write(key + '\\n')
  }))
`

/** Ends in the middle of what its last argument says: its bytes are written or gone, and the index is not. */
const ending = `
import { openStore } from ${JSON.stringify(join(import.meta.dirname, '../open.ts'))}
const store = await openStore('sqlite:' + process.argv[1])
await store.blobs.put('kept', Buffer.from('kept'))
const end = () => process.kill(process.pid, 'SIGKILL')
const ways = {
  put: () => store.blobs.put('new', Buffer.from('new'), end),
  replace: () => store.blobs.put('kept', Buffer.from('new'), end),
  delete: () => store.blobs.delete('kept', end),
}
await ways[process.argv[2]]()
`

for (const way of ['put', 'replace', 'delete'])
  test(`a kill -9 within a ${way} leaves every name its bytes, and no bytes without a name`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sekisho-kill-'))
    const child = spawn(
      process.execPath,
      ['--conditions=source', '--input-type=module', '-e', ending, folder, way],
      { stdio: ['ignore', 'inherit', 'inherit'] },
    )
    assert.deepEqual(await once(child, 'close'), [null, 'SIGKILL'])
    await using store = await openStore(`sqlite:${folder}`)
    const names = await Array.fromAsync(store.blobs.list(''))
    assert.deepEqual(names, ['kept'])
    const bytes = await Array.fromAsync((await store.blobs.get('kept'))!)
    assert.equal(Buffer.concat(bytes).toString(), 'kept')
    const files = readdirSync(join(folder, 'blobs'), { recursive: true, withFileTypes: true })
    assert.equal(files.filter((entry) => entry.isFile()).length, 1)
  })

test('whatever was acknowledged is there after kill -9, round after round', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-kill-'))
  const acknowledged: string[] = []
  for (let round = 0; round < 5; round++) {
    const child = spawn(
      process.execPath,
      [
        '--conditions=source',
        '--input-type=module',
        '-e',
        writer,
        folder,
        String(round * 1_000_000),
      ],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    let text = ''
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      if (text.length > 2_000 * (round + 1)) child.kill('SIGKILL')
    })
    await once(child, 'close')
    acknowledged.push(...text.split('\n').slice(0, -1))
    await using store = await openStore(`sqlite:${folder}`)
    const kept = new Set((await store.documents.list('numbers')).map(({ key }) => key))
    assert.deepEqual(
      acknowledged.filter((key) => !kept.has(key)),
      [],
      `round ${round}`,
    )
  }
  assert.ok(acknowledged.length > 500, `${acknowledged.length} were acknowledged`)
})
