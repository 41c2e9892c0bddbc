#!/usr/bin/env node
import module from 'node:module'
import { fileURLToPath } from 'node:url'
import { goOnPinnedNode, isOnPinnedNode } from './pinned-node.mjs'

if (isOnPinnedNode()) {
  // Beside the bundle, so that it goes with it and only who may write the bundle may write it.
  module.enableCompileCache?.(fileURLToPath(new URL('../dist/compile-cache', import.meta.url)))
  await import('../dist/bundle/main.js')
} else {
  goOnPinnedNode([fileURLToPath(import.meta.url), ...process.argv.slice(2)])
}
