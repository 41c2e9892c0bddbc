/** The README's example runs and prints what the README says. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'

test('the example prints what the README says', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  const example = /```ts\n(.*?)```/s.exec(readme)?.[1] ?? ''
  const printed = /It prints\n\n```\n(.*?)```/s.exec(readme)?.[1]
  // Beside the package, so that its name resolves.
  const folder = mkdtempSync(fileURLToPath(new URL('../.readme-', import.meta.url)))
  try {
    const file = join(folder, 'example.ts')
    writeFileSync(file, example)
    const run = `import(${JSON.stringify(pathToFileURL(file).href)})`
    const out = execFileSync(process.execPath, [
      '--conditions=source',
      '--input-type=module',
      '-e',
      run,
    ])
    assert.equal(out.toString(), printed)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
