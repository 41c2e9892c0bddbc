/** Is what the lock file says installed, and is what the sources say built? Runs in any Node from 18 on, before anything is installed. */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = join(dirname(fileURLToPath(import.meta.url)), '..')

const installStamp = join(root, 'node_modules', '.sekisho-lock')
const bundleStamp = join(root, 'packages', 'cli', 'dist', 'bundle', '.built')

/** Installs what the lock file says, unless it lies there. What npm prints goes to stderr. */
export function installIfStale() {
  if (read(installStamp) === lockHash()) return
  say('installing the locked dependencies')
  const npm = process.env.npm_execpath
  // Its warnings speak of the Node that starts ours, and of packages' packages: nothing that a user could mend.
  const args = ['ci', '--loglevel=error']
  if (npm) runOrExit(process.execPath, [npm, ...args])
  else runOrExit('npm', args, { shell: process.platform === 'win32' })
  writeInstallStamp()
}

export function writeInstallStamp() {
  writeFileSync(installStamp, lockHash())
}

/** Bundles the command, unless the bundle is younger than every source. Types are not checked: a start does not wait for them. */
export function bundleIfStale() {
  if (newestSource() <= Number(read(bundleStamp) ?? 0)) return
  say('building')
  runOrExit(process.execPath, [join(root, 'scripts', 'build.mjs'), '--bundle'])
}

/** @param startedAt  when the build began, in milliseconds: what was saved since then is not in it */
export function writeBundleStamp(startedAt) {
  mkdirSync(dirname(bundleStamp), { recursive: true })
  writeFileSync(bundleStamp, String(startedAt))
}

export function say(text) {
  process.stderr.write(`sekisho: ${text}\n`)
}

/** Runs to the end, with its output on stderr, or ends this process with its exit code. */
function runOrExit(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 2, 2],
    ...options,
  })
  if (error) say(`cannot run \`${command}\`: ${error.message}`)
  if (status !== 0) process.exit(status ?? 1)
}

function lockHash() {
  const lock = readFileSync(join(root, 'package-lock.json'))
  return createHash('sha256').update(lock).digest('hex')
}

function newestSource() {
  const packages = join(root, 'packages')
  const sources = readdirSync(packages).map((name) => newestIn(join(packages, name, 'src')))
  const others = ['package-lock.json', 'scripts/build.mjs'].map((name) => timeOf(join(root, name)))
  return Math.max(...sources, ...others)
}

function newestIn(folder) {
  const entries = readdirSync(folder, { withFileTypes: true })
  const times = entries.map((entry) =>
    entry.isDirectory() ? newestIn(join(folder, entry.name)) : timeOf(join(folder, entry.name)),
  )
  return Math.max(timeOf(folder), ...times)
}

function timeOf(path) {
  return statSync(path).mtimeMs
}

function read(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
