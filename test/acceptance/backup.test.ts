import assert from 'node:assert/strict'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { sekisho, serve, temporaryFolder } from './server.fixture.ts'

test('a backup restored into an empty folder serves the same accounts with the same keys', async () => {
  using folder = temporaryFolder()
  const [data, other, file] = ['data', 'other', 'backup.tar'].map((name) => join(folder.path, name))
  {
    await using _server = await serve(data!)
    assert.equal(sekisho(['account', 'create', 'staging', '--data', data!]).status, 0)
    const { status, stdout } = sekisho(['backup', file!, '--data', data!])
    assert.equal(status, 0)
    assert.equal(stdout, `${file}\n`)
    assert.equal(statSync(file!).mode & 0o777, 0o600)
    assert.equal(sekisho(['restore', file!, '--data', data!]).status, 2)
    const absent = sekisho(['restore', `${file}.no`, '--data', other!])
    assert.equal(absent.status, 2)
    assert.match(absent.stderr, /^sekisho: ENOENT[^\n]*\.no'\n$/)
  }
  assert.equal(sekisho(['restore', file!, '--data', other!]).status, 0)
  const keysOf = (from: string) => sekisho(['account', 'list', '--data', from, '--json']).stdout
  await using _again = await serve(data!)
  await using _restored = await serve(other!)
  assert.equal(keysOf(other!), keysOf(data!))
  assert.match(keysOf(other!), /"staging"/)
})

test('a backup without a server leaves no file', () => {
  using folder = temporaryFolder()
  const file = join(folder.path, 'backup.tar')
  assert.equal(sekisho(['backup', file, '--data', folder.path]).status, 3)
  assert.ok(!existsSync(file))
})
