/** `npm run docs`: the reference pages, printed from the tables that the code reads. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pages } from './reference.ts'

const folder = join(import.meta.dirname, '../docs/reference')
mkdirSync(folder, { recursive: true })
for (const [name, text] of await pages()) writeFileSync(join(folder, name), text)
