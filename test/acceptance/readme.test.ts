import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { readConfig, start } from '@sekisho/server'
import { needs } from '../debian-packages.ts'

const root = join(import.meta.dirname, '../..')
const readme = readFileSync(join(root, 'README.md'), 'utf8')

/** Between what the story and the questions print. */
const mark = 'now-the-questions'

test("the README's story runs as it is printed", needs('awscli', 'curl'), async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-readme-'))
  const server = await start(
    readConfig({ args: ['--port', '0', '--log-level', 'error'], cwd: folder }),
  )
  try {
    const story = /```sh\n([\s\S]*?)```/.exec(readme)?.[1] ?? ''
    const bin = join(root, 'packages/cli/bin/sekisho.mjs')
    const questions = /```\n(npx sekisho lint[\s\S]*?)```/.exec(readme)?.[1] ?? ''
    const steps = ['set -e', story, `echo ${mark}`, `${questions.trim()} || test $? = 1`]
    const script = steps.join('\n').replaceAll('npx sekisho', `'${process.execPath}' '${bin}'`)
    const { stdout } = await promisify(execFile)('bash', ['-c', script], {
      cwd: folder,
      env: { ...process.env, PATH: `/usr/bin:${process.env['PATH']}`, AWS_PAGER: '' },
    })
    const [told, simulated = ''] = stdout.split(mark)
    const [allowed, refused = ''] = told!.slice(told!.lastIndexOf('{"hello"')).split('}{')
    assert.equal(allowed, '{"hello":"world"')
    const [, before = '', after = ''] = /"Message":"(.*)…(.*)"/.exec(readme) ?? []
    assert.ok(refused.includes(before) && refused.includes(after), refused)
    assert.match(
      simulated,
      /✓ NotIpAddress aws:SourceIp: the request has 203\.0\.113\.9, the policy/,
    )
  } finally {
    await server.close()
  }
})
