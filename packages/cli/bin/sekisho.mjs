#!/usr/bin/env node
import { existsSync } from 'node:fs'
import module from 'node:module'
import { fileURLToPath } from 'node:url'
import { goOnPinnedNode, isOnPinnedNode } from './pinned-node.mjs'

if (isOnPinnedNode()) {
  // Beside the bundle, so that it goes with it and only who may write the bundle may write it.
  module.enableCompileCache?.(fileURLToPath(new URL('../dist/compile-cache', import.meta.url)))
  const bundle = new URL('../dist/bundle/main.js', import.meta.url)
  if (existsSync(bundle)) await import(bundle)
  else {
    process.stderr.write('sekisho: not built yet; run `npm run build`\n')
    process.exitCode = 2
  }
} else {
  goOnPinnedNode([fileURLToPath(import.meta.url), ...process.argv.slice(2)])
}
