import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'

test('the examples of the README give what they say', async () => {
  const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8')
  const examples = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code!)
  const index = pathToFileURL(join(import.meta.dirname, 'index.ts')).href
  const lines = examples.join('\n').replaceAll("'@sekisho/policy'", `'${index}'`).split('\n')
  const checked = lines.map((line) => {
    const [, expression, expected] = /^(\S.*) \/\/ (['[].*)$/.exec(line) ?? []
    return expression === undefined ? line : `;assert.deepEqual(${expression}, ${expected})`
  })
  assert.equal(checked.filter((line) => line.startsWith(';assert')).length, 8)
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-readme-'))
  try {
    const file = join(folder, 'readme.ts')
    writeFileSync(file, `import assert from 'node:assert/strict'\n${checked.join('\n')}`)
    await import(pathToFileURL(file).href)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
