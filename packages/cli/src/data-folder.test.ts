import assert from 'node:assert/strict'
import { chmodSync, chownSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { dataFolder, ownDataFolder, readAccess } from './data-folder.ts'
import { Terminal } from './terminal.fixture.ts'

/** A folder, one below it, and what is found from that one. */
function below(terminal: Terminal, variables = {}, given?: string) {
  const cwd = join(terminal.cwd, 'examples', 'one')
  mkdirSync(cwd, { recursive: true })
  const environment = { variables, cwd, hasColours: false, print() {}, warn() {} }
  return {
    cwd,
    found: () => dataFolder(given, environment),
    own: () => ownDataFolder(given, environment),
  }
}

test('a server that was started above is found from any folder below', () => {
  using terminal = new Terminal()
  const { cwd, found, own } = below(terminal)
  mkdirSync(join(terminal.cwd, '.sekisho'))
  assert.equal(found(), join(terminal.cwd, '.sekisho'))
  assert.equal(own(), join(cwd, '.sekisho'), 'a new one is made here')
})

test("the nearest folder counts, and one's own before all", () => {
  using terminal = new Terminal()
  const { cwd, found } = below(terminal)
  mkdirSync(join(terminal.cwd, '.sekisho'))
  mkdirSync(join(cwd, '.sekisho'))
  assert.equal(found(), join(cwd, '.sekisho'))
})

test('where none was started anywhere, the folder is the one that `start` would make', () => {
  using terminal = new Terminal()
  const { cwd, found } = below(terminal)
  assert.equal(found(), join(cwd, '.sekisho'))
})

test('what is named is not searched for: an option, a variable, a configuration file', () => {
  using terminal = new Terminal()
  mkdirSync(join(terminal.cwd, '.sekisho'))
  const { cwd } = below(terminal)
  assert.equal(below(terminal, { SEKISHO_DATA: 'a' }, 'b').found(), join(cwd, 'b'))
  assert.equal(below(terminal, { SEKISHO_DATA: 'a' }).found(), join(cwd, 'a'))
  assert.equal(below(terminal, { SEKISHO_DATA: '' }).found(), join(terminal.cwd, '.sekisho'))
  terminal.write('examples/one/sekisho.config.json', { data: 'c' })
  assert.equal(below(terminal).found(), join(cwd, 'c'))
})

test('a configuration file above says where its data is', () => {
  using terminal = new Terminal()
  const { found } = below(terminal)
  mkdirSync(join(terminal.cwd, 'state'))
  terminal.write('sekisho.config.json', { data: 'state' })
  assert.equal(found(), join(terminal.cwd, 'state'))
})

test("another user's keys are said to be that", {
  skip: process.getuid?.() !== 0 && 'needs to become another user',
}, () => {
  using terminal = new Terminal()
  terminal.write('credentials', '[default]\n')
  chmodSync(join(terminal.cwd, 'credentials'), 0o600)
  chmodSync(terminal.cwd, 0o755)
  process.seteuid!(65_534)
  try {
    assert.throws(
      () => readAccess(terminal.cwd),
      /^CliError: this user may not read `.*credentials`/,
    )
  } finally {
    process.seteuid!(0)
  }
})

test("a stranger's folder above is passed by", {
  skip: process.getuid?.() !== 0 && 'needs the right to give a folder away',
}, () => {
  using terminal = new Terminal()
  const { cwd, found } = below(terminal)
  mkdirSync(join(terminal.cwd, 'examples', '.sekisho'))
  chownSync(join(terminal.cwd, 'examples', '.sekisho'), 65_534, 65_534)
  assert.equal(found(), join(cwd, '.sekisho'))
  mkdirSync(join(terminal.cwd, '.sekisho'))
  assert.equal(found(), join(terminal.cwd, '.sekisho'))
})
