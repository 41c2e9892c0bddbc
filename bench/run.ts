/**
 * `npm run bench [-- [--save] SECTION …]`: all sides of a section in one run on this machine. Without a name every section
 * is measured; what is measured whole, or with `--save`, replaces its part of RESULTS.md.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { edge } from './edge.ts'
import { edgeKeys } from './edge-keys.ts'
import { measureFunctions } from './functions.ts'
import { http } from './http.ts'
import { identity } from './identity.ts'
import { machine, render, type Section, versionOf } from './lib/report.ts'
import type { RoundOptions } from './lib/rounds.ts'
import { decisions, signatures } from './library.ts'
import { pipeline } from './pipeline.ts'
import { s3 } from './s3.ts'
import { schedules } from './schedules.ts'
import { startup } from './startup.ts'
import { store } from './store.ts'
import { workers } from './workers.ts'

const sections = {
  http,
  workers,
  edge,
  edgekeys: edgeKeys,
  functions: measureFunctions,
  identity,
  pipeline,
  s3,
  decisions,
  signatures,
  store,
  schedules,
  startup,
} satisfies Record<string, (options: RoundOptions) => Promise<readonly Section[]>>

const preamble = `# What \`npm run bench\` measured

The server has one core, the generator (wrk, 32 keep-alive connections) the other; 5 rounds of 2 s, sides take turns;
medians, ratios taken inside a round. Absolute figures move from run to run and from machine to machine; ratios less.
`

const options: RoundOptions = { rounds: 5, seconds: 2 }
const given = process.argv.slice(2)
const asked = given.filter((word) => word !== '--save')
const unknown = asked.find((name) => !Object.hasOwn(sections, name))
if (unknown !== undefined) {
  console.error(`unknown section \`${unknown}\`; sections: ${Object.keys(sections).join(', ')}`)
  process.exit(2)
}
installPeers()
const isSaved = asked.length === 0 || given.includes('--save')
for (const [name, measure] of Object.entries(sections)) {
  if (asked.length > 0 && !asked.includes(name)) continue
  console.error(`measuring ${name} …`)
  const text = render(await measure(options))
  console.log(text)
  if (isSaved) save(name, text)
}

/** One section after another: whoever is interrupted keeps what was measured. */
function save(name: string, text: string): void {
  const path = join(import.meta.dirname, 'RESULTS.md')
  const day = new Date().toISOString().slice(0, 10)
  const measured = `Measured ${day} on ${machine()}; ${peerVersions()}.\n\n${text}`
  const known = existsSync(path) ? partsOf(readFileSync(path, 'utf8')) : new Map<string, string>()
  known.set(name, measured)
  const parts = Object.keys(sections)
    .filter((each) => known.has(each))
    .map((each) => `<!-- ${each} -->\n\n# ${each}\n\n${known.get(each)!.trim()}\n`)
  writeFileSync(path, `${preamble}\n${parts.join('\n')}`)
}

/** What stands behind each section's mark and heading. */
function partsOf(text: string): Map<string, string> {
  const parts = text.split(/^<!-- ([a-z0-9]+) -->\n\n# .*\n/m).slice(1)
  return new Map(parts.flatMap((part, at) => (at % 2 === 0 ? [[part, parts[at + 1]!]] : [])))
}

function installPeers(): void {
  if (!existsSync(join(import.meta.dirname, 'node_modules')))
    execFileSync('npm', ['ci', '--ignore-scripts'], { cwd: import.meta.dirname, stdio: 'inherit' })
  for (const command of ['nginx', 'wrk', 'taskset'])
    if (versionOf(command, ['--version'], /(.)/) === undefined)
      throw new Error(`\`${command}\` is not installed`)
}

function peerVersions(): string {
  const nginx = versionOf('nginx', ['-v'], /nginx\/(\S+)/)
  const varnish = versionOf('varnishd', ['-V'], /varnish-(\d\S*)/)
  return `nginx ${nginx}${varnish === undefined ? '' : `, Varnish ${varnish}`}, serverless-offline 13.10.1`
}
