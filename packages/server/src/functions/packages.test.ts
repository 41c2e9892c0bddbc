import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Packages } from './packages.ts'
import { passingName } from './passing-folders.ts'

test('what a process that is gone has left goes, and what others use stays', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-packages-'))
  const { pid: gone } = spawnSync('true')
  const uuid = '00000000-0000-4000-8000-000000000000'
  const mine = passingName('spare')
  const names = {
    [mine]: true,
    [`unfinished-${process.ppid}-01234567-${uuid}`]: true,
    [`spare-${gone}-01234567-${uuid}`]: false,
    // As after a restart in a container.
    [`spare-${process.pid}-01234567-${uuid}`]: false,
    [`unfinished-${uuid}`]: false,
    used: true,
    unused: false,
  }
  for (const name of Object.keys(names)) mkdirSync(join(folder, name))
  utimesSync(join(folder, 'unused'), 1, 1)
  await new Packages(folder, { get: async () => undefined }).sweep(Date.now() - 60_000)
  const kept = Object.entries(names).flatMap(([name, stays]) => (stays ? [name] : []))
  assert.deepEqual(readdirSync(folder).sort(), kept.sort())
  rmSync(folder, { recursive: true })
})
