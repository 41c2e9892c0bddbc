/** `npm test`: lint, types and every test, from a bare clone. Runs in any Node from 18 on; the tests run on the pinned one. */
import { spawn, spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { installDebianPackages } from './debian-packages.mjs'
import { bundleIfStale, installIfStale, root, say } from './workspace.mjs'

installIfStale()
installDebianPackages()
bundleIfStale()

const { findPinnedNode } = await import('../packages/cli/bin/pinned-node.mjs')
const node = findPinnedNode()?.path ?? process.execPath
const require = createRequire(import.meta.url)
const programOf = (name, file) => join(dirname(require.resolve(`${name}/package.json`)), file)
const tsc = programOf('typescript', 'bin/tsc')

const checks = await Promise.all([
  check('lint', [programOf('@biomejs/biome', 'bin/biome'), 'ci', '.']),
  check('types', [tsc, '-b']).then((first) =>
    first.isGood ? check('types of tests', [tsc, '-p', 'tsconfig.test.json']) : first,
  ),
])
for (const { name, isGood, output } of checks) {
  say(`${name}: ${isGood ? 'good' : 'failed'}`)
  if (!isGood) process.stderr.write(output)
}

// Last, so that the runner's own count is the last thing to read.
const patterns = process.argv.slice(2)
const { status } = spawnSync(
  node,
  [
    '--conditions=source',
    '--test',
    '--test-reporter=spec',
    '--test-concurrency=2',
    '--test-timeout=240000',
    ...(patterns.length > 0 ? patterns : ['packages/*/src/**/*.test.ts', 'test/**/*.test.ts']),
  ],
  { cwd: root, stdio: 'inherit', env: withoutAws(process.env) },
)
process.exit(checks.every(({ isGood }) => isGood) ? (status ?? 1) : 1)

function check(name, args) {
  return new Promise((resolve) => {
    const child = spawn(node, args, { cwd: root })
    const chunks = []
    child.stdout.on('data', (chunk) => chunks.push(chunk))
    child.stderr.on('data', (chunk) => chunks.push(chunk))
    child.on('close', (code) =>
      resolve({ name, isGood: code === 0, output: Buffer.concat(chunks).toString() }),
    )
  })
}

/** No test may find its way to AWS, or to somebody's keys. */
function withoutAws(environment) {
  const kept = Object.entries(environment).filter(([name]) => !/^(AWS|SEKISHO)_/.test(name))
  return {
    ...Object.fromEntries(kept),
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
  }
}
