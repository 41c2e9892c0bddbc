import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, readdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { test } from 'node:test'
import { needs, programOf } from '../debian-packages.ts'
import { sekisho, temporaryFolder } from './server.fixture.ts'

const packages = ['awscli', 'curl', 'python3-boto3', 'python3-requests', 'bubblewrap'] as const

for (const example of readdirSync(new URL('../../examples', import.meta.url)))
  test(`the example ${example} turns out as its page says`, needs(...packages), () => told(example))

test('the office door is kept by functions for Node.js as well', needs(...packages), () =>
  told('office-door', { FILES: '*.mjs', RUNTIME: 'nodejs22.x' }),
)

test('the office door is kept by functions in Go as well', needs(...packages), (context) => {
  using folder = temporaryFolder()
  cpSync(new URL('../../examples/office-door/functions/go', import.meta.url), folder.path, {
    recursive: true,
  })
  const built = spawnSync('go', ['build', '-tags', 'lambda.norpc', '-o', 'bootstrap'], {
    cwd: folder.path,
    // What is not on this machine is not fetched by a test.
    env: { GOFLAGS: '-mod=mod', GOPROXY: 'off', ...process.env, CGO_ENABLED: '0' },
    encoding: 'utf8',
  })
  if (built.status !== 0)
    return context.skip(
      `needs Go, and AWS's modules for it: ${built.error?.message ?? built.stderr.split('\n')[0]}`,
    )
  told('office-door', { FROM: folder.path, FILES: 'bootstrap', RUNTIME: 'provided.al2023' })
})

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
