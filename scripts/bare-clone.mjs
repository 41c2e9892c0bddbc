/** `npm run bare-clone`: does a fresh clone of what is committed start, serve and stop? Not part of `npm test`, which a clone runs itself. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import { root } from './workspace.mjs'

const folder = mkdtempSync(join(tmpdir(), 'sekisho-clone-'))
const clone = join(folder, 'clone')
/** As a user's shell has it: without this clone's own Node. */
const env = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(npm_|NODE|INIT_CWD)/i.test(name)),
)
env.PATH = env.PATH.split(delimiter)
  .filter((path) => !path.includes('node_modules'))
  .join(delimiter)

try {
  run('git', ['clone', '--quiet', root, clone], folder)
  console.log(
    `node ${run('node', ['--version'], folder)}, npm ${run('npm', ['--version'], folder)}`,
  )
  await startAndStop('from a bare clone')
  await startAndStop('installed and built')
  console.log(run('npx', ['sekisho', 'help'], clone).split('\n')[0])
  if (process.argv.includes('--test')) {
    const { status } = spawnSync('npm', ['test'], { cwd: clone, env, stdio: 'inherit' })
    process.exitCode = status ?? 1
  }
  const dirt = run('git', ['status', '--short'], clone)
  if (dirt !== '') throw new Error(`the clone is not clean:\n${dirt}`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function startAndStop(what) {
  const startedAt = performance.now()
  const server = spawn('npm', ['start', '--', '--port', '0', '--json'], {
    cwd: clone,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exit = once(server, 'exit')
  let endpoint
  for await (const line of createInterface({ input: server.stdout }))
    if (line.startsWith('{')) {
      endpoint = JSON.parse(line).endpoint
      break
    }
  if (endpoint === undefined) throw new Error(`${what}: no ready line`)
  const { status } = await fetch(`${endpoint}/_sekisho/health`)
  console.log(
    `${what}: ready after ${Math.round(performance.now() - startedAt)} ms, health ${status}`,
  )
  server.kill('SIGTERM')
  const [code] = await exit
  if (code !== 0) throw new Error(`${what}: SIGTERM ended it with ${code}`)
}

function run(command, args, cwd) {
  const { status, stdout, error } = spawnSync(command, args, { cwd, env, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error ?? status}`)
  return stdout.trim()
}
