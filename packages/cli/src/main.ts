/** The `sekisho` command. */
import { readEnvironment } from './environment.ts'
import { run } from './run.ts'

// Whoever reads may stop reading (`sekisho log | head`).
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

process.exitCode = await run(process.argv.slice(2), readEnvironment())
