import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openKeySet } from './web-keys.ts'

test('keys that cannot be read anew hold on for as long as they would have', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-keys-'))
  const file = join(folder, 'keys.json')
  let now = 1_000_000
  const keys = openKeySet(file, () => now)
  const ids = async (isFresh: boolean) => (await keys(isFresh))?.keys.map(({ kid }) => kid)
  const write = (kid: string) =>
    writeFileSync(file, JSON.stringify({ keys: [{ kty: 'RSA', kid }] }))
  try {
    assert.equal(await ids(false), undefined)
    write('one')
    assert.equal(await ids(false), undefined, 'a moment ago there was nothing')
    now += 1_000
    assert.deepEqual(await ids(false), ['one'])
    write('two')
    assert.deepEqual(await ids(true), ['one'], 'not asked again so soon')
    now += 10_000
    assert.deepEqual(await ids(false), ['one'])
    rmSync(file)
    assert.deepEqual(await ids(true), ['one'], 'what cannot be read takes nothing away')
    now += 5 * 60_000
    assert.equal(await ids(false), undefined, 'nor does it last longer')
    now += 1_000
    write('two')
    assert.deepEqual(await ids(true), ['two'])
  } finally {
    rmSync(folder, { recursive: true })
  }
})
