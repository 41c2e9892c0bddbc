import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openSocketPlace } from './socket-place.ts'

for (const [what, depth] of [
  ['a short', 0],
  ['a long', 3],
] as const)
  test(`in a folder of ${what} name a socket can be listened on, and goes`, async () => {
    const base = mkdtempSync(join(tmpdir(), 'sekisho-test-'))
    const folder = join(base, ...Array.from({ length: depth }, () => 'x'.repeat(60)))
    mkdirSync(folder, { recursive: true })
    // Of a process that is gone: no number is that high.
    writeFileSync(join(folder, '4194999.sock'), '')
    const place = openSocketPlace(folder)
    const server = createServer((socket) => socket.end('hello')).listen(place.address)
    await once(server, 'listening')
    assert.ok(process.platform !== 'linux' || existsSync(place.path))
    const [said] = await once(connect(place.outside), 'data')
    assert.equal(String(said), 'hello')
    server.close()
    await once(server, 'close')
    place[Symbol.dispose]()
    assert.deepEqual(readdirSync(folder), [])
    rmSync(base, { recursive: true })
  })
