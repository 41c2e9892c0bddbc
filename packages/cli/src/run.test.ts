import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { harmless } from './environment.ts'
import { Terminal } from './terminal.fixture.ts'
import { laterVerbs, verbs } from './verbs/index.ts'

test('help lists every verb, and each verb describes itself', async () => {
  using terminal = new Terminal()
  const { exitCode, stdout } = await terminal.sekisho('help')
  assert.equal(exitCode, 0)
  for (const [name, { summary }] of Object.entries(verbs)) {
    assert.match(stdout, new RegExp(`^  ${name} +${RegExp.escape(summary)}$`, 'm'))
    const own = await terminal.sekisho('help', name)
    assert.equal(own.exitCode, 0)
    assert.match(own.stdout, new RegExp(`^sekisho ${name} `))
    assert.deepEqual(await terminal.sekisho(name, '--help'), own)
  }
})

test('it says which version it is', async () => {
  using terminal = new Terminal()
  const { exitCode, stdout } = await terminal.sekisho('--version')
  assert.equal(exitCode, 0)
  assert.match(stdout, /^\d+\.\d+\.\d+\n$/)
})

test('every file of verbs/ is a verb of that name', () => {
  const files = readdirSync(join(import.meta.dirname, 'verbs'))
    .filter((file) => file !== 'index.ts' && !file.endsWith('.test.ts'))
    .map((file) => file.replace(/\.ts$/, ''))
  assert.deepEqual(files.sort(), Object.keys(verbs).sort())
})

test('a verb that is not built yet says so and is not listed', async () => {
  using terminal = new Terminal()
  const { stdout } = await terminal.sekisho('help')
  for (const word of laterVerbs) {
    assert.doesNotMatch(stdout, new RegExp(`^  ${word} `, 'm'))
    assert.deepEqual(await terminal.sekisho(word), {
      exitCode: 2,
      stdout: '',
      stderr: `sekisho: \`${word}\` is not supported yet; see \`sekisho help\`\n`,
    })
  }
})

test('without a verb, and with a wrong one or a wrong option, usage is explained on stderr', async () => {
  using terminal = new Terminal()
  const nothing = await terminal.sekisho()
  assert.equal(nothing.exitCode, 2)
  assert.match(nothing.stderr, /^sekisho VERB/)
  assert.deepEqual(await terminal.sekisho('constructor'), {
    exitCode: 2,
    stdout: '',
    stderr: 'sekisho: unknown verb `constructor`; see `sekisho help`\n',
  })
  assert.deepEqual(await terminal.sekisho('log', '--fallow'), {
    exitCode: 2,
    stdout: '',
    stderr: 'sekisho: unknown option `--fallow`\n',
  })
  assert.equal((await terminal.sekisho('log', '--api')).exitCode, 2)
})

test('what strangers sent cannot steer a terminal; our colours stay', () => {
  assert.equal(harmless('\x1b[31mred\x1b[39m\n'), '\x1b[31mred\x1b[39m\n')
  assert.equal(harmless('\x1b]0;title\x07 \x9b2J\r'), '\\u001b]0;title\\u0007 \\u009b2J\\u000d')
})
