import assert from 'node:assert/strict'
import { dirname } from 'node:path'
import { test } from 'node:test'
import { needs, programOf } from '../debian-packages.ts'
import { sekisho } from './server.fixture.ts'

test(
  'every example turns out as its page says',
  needs('awscli', 'curl', 'python3-boto3', 'python3-requests'),
  () => {
    const { stdout, stderr, status } = sekisho(['demo', '--json'], {
      env: { PATH: `${dirname(programOf('awscli'))}:${process.env['PATH']}` },
    })
    const steps = stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line))
    assert.deepEqual(
      steps.filter(({ passed }) => !passed),
      [],
    )
    assert.ok(steps.length > 15, stderr)
    assert.equal(status, 0)
  },
)
