/** `npm start`: from a bare clone to a serving process. Runs in any Node from 18 on. */
import { join } from 'node:path'
import { bundleIfStale, installIfStale, root } from './workspace.mjs'

installIfStale()
bundleIfStale()
const { goOnPinnedNode } = await import('../packages/cli/bin/pinned-node.mjs')
const launcher = join(root, 'packages', 'cli', 'bin', 'sekisho.mjs')
goOnPinnedNode([launcher, 'start', ...process.argv.slice(2)])
