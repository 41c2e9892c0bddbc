import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { pages } from '../scripts/reference.ts'

const root = join(import.meta.dirname, '..')
const folder = join(root, 'docs/reference')

test('the reference pages are what `npm run docs` prints today', async () => {
  const printed = await pages()
  assert.deepEqual(readdirSync(folder).sort(), [...printed.keys()].sort())
  for (const [name, text] of printed)
    assert.equal(readFileSync(join(folder, name), 'utf8'), text, `${name}: run \`npm run docs\``)
})

test('links between the documents lead somewhere', () => {
  for (const name of ['README.md', 'README.ja.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md']) {
    const text = readFileSync(join(root, name), 'utf8')
    for (const [, target] of text.matchAll(/\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)/g))
      assert.doesNotThrow(() => readFileSync(join(root, target!)), `${name} links to ${target}`)
  }
})
