/** Installs what the tests need of Debian (root on Debian only); elsewhere the tests that miss something say so and are skipped. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root, say } from './workspace.mjs'

/** While it stands, no package starts a service. @see Debian Policy, "Interfacing with init systems" (policy-rc.d) */
const policy = '/usr/sbin/policy-rc.d'

export function installDebianPackages() {
  const table = JSON.parse(readFileSync(join(root, 'test', 'debian-packages.json'), 'utf8'))
  const missing = Object.keys(table).filter((name) => !existsSync(table[name]))
  if (missing.length === 0) return
  if (!existsSync('/etc/debian_version') || process.getuid?.() !== 0) {
    say(`tests that need ${missing.join(', ')} of Debian are skipped`)
    return
  }
  say(`installing ${missing.join(', ')}`)
  const isOurs = !existsSync(policy)
  if (isOurs) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    // Lists may be missing or too old; then the first attempt fails.
    if (!install(missing)) {
      apt(['update'])
      install(missing)
    }
  } finally {
    if (isOurs) rmSync(policy, { force: true })
  }
  const still = missing.filter((name) => !existsSync(table[name]))
  if (still.length > 0) say(`could not install ${still.join(', ')}`)
}

function install(names) {
  return apt(['install', '--yes', '--no-install-recommends', ...names])
}

function apt(args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  return spawnSync('apt-get', ['--quiet', ...args], { stdio: ['ignore', 2, 2], env }).status === 0
}
