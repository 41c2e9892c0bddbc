import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { test } from 'node:test'
import { needs, programOf } from '../debian-packages.ts'
import { sekisho } from './server.fixture.ts'

const packages = ['awscli', 'curl', 'python3-boto3', 'python3-requests', 'bubblewrap'] as const

for (const example of readdirSync(new URL('../../examples', import.meta.url)))
  test(`the example ${example} turns out as its page says`, needs(...packages), () => told(example))

test('the office door is kept by functions for Node.js as well', needs(...packages), () =>
  told('office-door', { SUFFIX: 'mjs', RUNTIME: 'nodejs22.x' }),
)

function told(example: string, env: Readonly<Record<string, string>> = {}): void {
  const path = `${dirname(programOf('awscli'))}:${process.env['PATH']}`
  const { stdout, stderr, status } = sekisho(['demo', example, '--json'], {
    env: { PATH: path, ...env },
  })
  const steps = stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
  assert.deepEqual(
    steps.filter(({ passed }) => !passed),
    [],
  )
  assert.ok(steps.length > 2, stderr)
  assert.equal(status, 0)
}
