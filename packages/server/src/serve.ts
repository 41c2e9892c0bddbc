/** A server at a terminal: says when it is ready, and stops when it is told to. */
import { readConfig } from './config.ts'
import { start } from './server.ts'
import { runWorker } from './workers/worker.ts'

/** How this process calls the further ones that it starts; nobody else can, since they listen to their parent. */
const asWorker = '--as-worker'

/**
 * Serves until SIGTERM or SIGINT; a second one ends the process at once.
 *
 * @param args  as typed after `sekisho start`
 * @returns the exit code
 * @throws ConfigError and what `start` throws
 */
export async function serve(args: readonly string[]): Promise<number> {
  if (args[0] === asWorker && process.connected) {
    await runWorker()
    return 0
  }
  const config = readConfig({ args })
  // Listened for before anybody can know that this server is there.
  const stopped = signalled()
  const server = await start(config, { path: process.argv[1]!, args: ['start', asWorker] })
  const { endpoint, data, authorityPath, undeployedPolicies } = server
  for (const { apiId, stageName, changedAt } of undeployedPolicies)
    process.stderr.write(
      `the policy of API ${apiId} changed after its last deployment (${new Date(changedAt).toISOString()}): stage ${stageName} still serves the older one\n`,
    )
  const { protocol, port } = new URL(endpoint)
  const console = `${protocol}//console.localhost:${port}/`
  process.stdout.write(
    config.json
      ? `${JSON.stringify({ ready: true, endpoint, console, data, caCertificate: authorityPath })}\n`
      : `sekisho ready at ${endpoint}\n${authorityPath ? `clients trust its certificates by ${authorityPath}\n` : ''}`,
  )
  await stopped
  await server.close()
  return 0
}

/** At a terminal, `npm start` passes on the Ctrl-C that the whole process group has got already: that is no second one. */
const sameSignalMs = 500

function signalled(): Promise<void> {
  return new Promise((resolve) => {
    let stoppedAt: number | undefined
    const stop = () => {
      const now = performance.now()
      if (stoppedAt !== undefined && now - stoppedAt > sameSignalMs) process.exit(1)
      stoppedAt ??= now
      resolve()
    }
    process.on('SIGTERM', stop)
    process.on('SIGINT', stop)
  })
}
