import assert from 'node:assert/strict'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ConfigError, readConfig } from './config.ts'
import { laterSettings, settings } from './config-settings.ts'

const empty = mkdtempSync(join(tmpdir(), 'sekisho-config-'))
const read = (args: readonly string[], env: Record<string, string> = {}, cwd = empty) =>
  readConfig({ args, env, cwd })

function folderWith(file: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-config-'))
  writeFileSync(join(folder, 'sekisho.config.json'), file)
  return folder
}

test('a flag wins over the environment, which wins over the file', () => {
  const cwd = folderWith('{"port": 1, "region": "eu-west-1", "host-names": ["a", "b.example"]}')
  assert.equal(read([], {}, cwd).port, 1)
  assert.equal(read([], { SEKISHO_PORT: '2' }, cwd).port, 2)
  assert.equal(read(['--port', '3'], { SEKISHO_PORT: '2' }, cwd).port, 3)
  assert.equal(read(['--port=3'], {}, cwd).region, 'eu-west-1')
  assert.deepEqual(read([], {}, cwd)['host-names'], ['a', 'b.example'])
})

test('without any, the documented defaults hold', () => {
  const config = read([])
  assert.equal(config.port, 4566)
  assert.equal(config.host, '127.0.0.1')
  assert.equal(config.iam, 'enforce')
  assert.equal(config['account-id'], '000000000000')
  assert.equal(config.data, join(empty, '.sekisho'))
  assert.equal(config.rootKey, undefined)
})

const refused: readonly (readonly [string, string[], Record<string, string>, RegExp])[] = [
  [
    'a port that is none',
    ['--port', '70000'],
    {},
    /`--port` cannot be `70000`; it is PORT: .*65535/,
  ],
  ['an unknown flag', ['--prot', '1'], {}, /unknown setting `--prot`/],
  ['a stray word', ['serve'], {}, /unexpected argument `serve`/],
  ['a flag without its value', ['--region'], {}, /`--region` needs a value: REGION/],
  [
    'a switch that is neither',
    [],
    { SEKISHO_ALLOW_RESET: 'maybe' },
    /`SEKISHO_ALLOW_RESET` cannot/,
  ],
  ['a proxy that is no block', ['--trust-proxy', '10.0.0.0/33'], {}, /`--trust-proxy` cannot be/],
  ['half a root key', [], { SEKISHO_ROOT_ACCESS_KEY_ID: 'AKIDEXAMPLE' }, /set both/],
  ['soft mode beyond loopback', ['--iam', 'soft', '--host', '0.0.0.0'], {}, /would let others in/],
  ['off mode beyond loopback', ['--iam', 'off', '--host', '::'], {}, /would let others in/],
  ['another store', ['--store', 'postgres://db'], {}, /not supported yet/],
  ['a config file that is missing', ['--config', 'none.json'], {}, /cannot read/],
]

for (const [name, args, env, message] of refused)
  test(`refused in one sentence: ${name}`, () => {
    assert.throws(
      () => read(args, env),
      (error) => error instanceof ConfigError && message.test(error.message),
    )
  })

test('options of later versions are refused, not ignored', () => {
  for (const name of laterSettings) {
    assert.throws(() => read([`--${name}`, 'x']), /is not supported yet/, name)
    assert.throws(() => read([], {}, folderWith(`{"${name}": "x"}`)), /is not supported yet/, name)
    assert.ok(!(name in settings))
  }
})

test('a file that is no JSON object is refused with its name', () => {
  assert.throws(() => read([], {}, folderWith('[]')), /must hold one JSON object/)
  assert.throws(() => read([], {}, folderWith('{')), /is no JSON/)
  assert.throws(() => read([], {}, folderWith('{"prot": 1}')), /unknown setting `prot` of/)
})
