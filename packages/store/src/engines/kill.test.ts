import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
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
