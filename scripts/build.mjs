/** Builds what is published (`tsc -b`) and what is run (one bundle of the command and the server); `--bundle`: the latter alone. */
import { spawnSync } from 'node:child_process'
import { cpSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { build } from 'esbuild'
import { root, writeBundleStamp, writeInstallStamp } from './workspace.mjs'

const startedAt = Date.now()
const dist = join(root, 'packages', 'cli', 'dist')

if (!process.argv.includes('--bundle')) {
  const tsc = createRequire(import.meta.url).resolve('typescript/package.json')
  const { status } = spawnSync(process.execPath, [join(dirname(tsc), 'bin', 'tsc'), '-b'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  })
  if (status !== 0) process.exit(status ?? 1)
}

/**
 * Of AWS's clients only the schemas are asked for at run time (`protocols/model.ts`), so only they are bundled:
 * a tenth of the bytes to load at a service's first call.
 */
const schemasOfClients = {
  name: 'schemas-of-clients',
  setup({ onResolve, resolve }) {
    onResolve({ filter: /^@aws-sdk\/client-[a-z0-9-]+$/ }, async ({ path, kind, resolveDir }) => {
      if (kind !== 'dynamic-import') return undefined
      const client = await resolve(`${path}/package.json`, { kind: 'require-resolve', resolveDir })
      return { path: join(dirname(client.path), 'dist-es', 'schemas', 'schemas_0.js') }
    })
  },
}

rmSync(join(dist, 'bundle'), { recursive: true, force: true })
rmSync(join(dist, 'compile-cache'), { recursive: true, force: true })
await build({
  entryPoints: { main: join(root, 'packages', 'cli', 'src', 'main.ts') },
  outdir: join(dist, 'bundle'),
  absWorkingDir: root,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node26',
  conditions: ['source', 'module'],
  sourcemap: 'linked',
  sourcesContent: false,
  logLevel: 'warning',
  plugins: [schemasOfClients],
  // Dependencies in CommonJS ask for Node's own modules by `require`.
  banner: {
    js: "import { createRequire as createRequire$ } from 'node:module'; const require = createRequire$(import.meta.url);",
  },
})
// Run in processes of their own, as they stand.
const bootstraps = join(root, 'packages', 'server', 'src', 'functions', 'bootstraps')
cpSync(bootstraps, join(dist, 'bundle', 'bootstraps'), { recursive: true })
cpSync(bootstraps, join(root, 'packages', 'server', 'dist', 'functions', 'bootstraps'), {
  recursive: true,
})
writeBundleStamp(startedAt)
if (process.env.npm_lifecycle_event === 'prepare') writeInstallStamp()
