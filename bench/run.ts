/** `npm run bench [-- SECTION …]`: every side in one run on this machine; all sections together write RESULTS.md. */
import { execFileSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { edge } from './edge.ts'
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

const sections = {
  http,
  edge,
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

const options: RoundOptions = { rounds: 5, seconds: 2 }
const asked = process.argv.slice(2)
const unknown = asked.find((name) => !Object.hasOwn(sections, name))
if (unknown !== undefined) {
  console.error(`unknown section \`${unknown}\`; sections: ${Object.keys(sections).join(', ')}`)
  process.exit(2)
}
installPeers()
const chosen = Object.entries(sections).filter(
  ([name]) => asked.length === 0 || asked.includes(name),
)
const done: Section[] = []
for (const [name, measure] of chosen) {
  console.error(`measuring ${name} …`)
  done.push(...(await measure(options)))
}
const text = `# What \`npm run bench\` measured

${machine()}; ${peerVersions()}.
The server has one core, the generator (wrk, 32 keep-alive connections) the other; ${options.rounds} rounds of ${options.seconds} s, sides take turns;
medians, ratios taken inside a round. Absolute figures move from run to run and from machine to machine; ratios less.

${render(done)}`
console.log(text)
if (asked.length === 0) writeFileSync(join(import.meta.dirname, 'RESULTS.md'), text)

function installPeers(): void {
  if (!existsSync(join(import.meta.dirname, 'node_modules')))
    execFileSync('npm', ['ci', '--ignore-scripts'], { cwd: import.meta.dirname, stdio: 'inherit' })
  for (const command of ['nginx', 'wrk', 'taskset'])
    if (versionOf(command, ['--version'], /(.)/) === undefined)
      throw new Error(`\`${command}\` is not installed`)
}

function peerVersions(): string {
  const nginx = versionOf('nginx', ['-v'], /nginx\/(\S+)/)
  return `nginx ${nginx}, serverless-offline 13.10.1`
}
