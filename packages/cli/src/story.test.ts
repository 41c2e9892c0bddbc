import assert from 'node:assert/strict'
import { tmpdir } from 'node:os'
import { test } from 'node:test'
import { isLike, readStory, runStory, type Step } from './story.ts'

const stage = {
  cwd: tmpdir(),
  env: { PATH: '/usr/bin:/bin' },
  endpoint: 'http://127.0.0.1:5000',
  sekisho: ['echo', "it's", 'sekisho'],
}

async function run(...steps: readonly Step[]) {
  return await Array.fromAsync(runStory(steps, stage))
}

test('shell blocks are steps, and a text block says what the one before prints', () => {
  const markdown =
    '# A\n\n```sh\na\n```\n\n```text\nb\n```\n\n```json\n{}\n```\n\n```sh\nc\nd\n```\n\n```sh\ne\n```\n'
  assert.deepEqual(readStory(markdown), [
    { command: 'a', expected: 'b' },
    { command: 'c\nd' },
    { command: 'e' },
  ])
})

test('an ellipsis stands for anything', () => {
  assert.ok(isLike('id abc\nend', 'id …end'))
  assert.ok(isLike(' [a] \n', '[a]'))
  assert.ok(!isLike('id abc end', 'abc'))
})

test('variables stay from step to step, errors are part of what happened', async () => {
  const results = await run(
    { command: 'x=1' },
    { command: 'echo "$x" >&2', expected: '1' },
    { command: 'false' },
    { command: 'cat', expected: '' },
  )
  assert.deepEqual(
    results.map(({ happened, exitCode, passed }) => [happened, exitCode, passed]),
    [
      ['', 0, true],
      ['1', 0, true],
      ['', 1, false],
      ['', 0, true],
    ],
  )
})

test('endpoint and command are those of the stage', async () => {
  const results = await run(
    { command: 'npx sekisho log "a b"', expected: "it's sekisho log a b" },
    { command: 'echo http://127.0.0.1:4566/x', expected: 'http://127.0.0.1:4566/x' },
  )
  assert.ok(results.every(({ passed }) => passed))
  assert.equal(results[1]!.happened, 'http://127.0.0.1:5000/x')
})

test('a step that ends the shell fails, and so do those behind it', async () => {
  const results = await run({ command: 'exit 3' }, { command: 'true' })
  assert.deepEqual(
    results.map(({ passed }) => passed),
    [false, false],
  )
})
