/** serverless-offline, as its users start it. */
import { join } from 'node:path'
import { freePort, type Launch } from '../lib/processes.ts'

export async function serverlessOffline(
  upstream: string,
  args: readonly string[] = [],
): Promise<Launch> {
  const [port, lambdaPort] = [await freePort(), await freePort()]
  return {
    command: process.execPath,
    args: [
      join(import.meta.dirname, '../node_modules/serverless/bin/serverless.js'),
      'offline',
      ...args,
    ],
    cwd: join(import.meta.dirname, 'serverless-offline'),
    url: `http://127.0.0.1:${port}/`,
    // Seconds by itself, and many of them on a machine that has other things to do.
    startsWithinMs: 180_000,
    isLoud: true,
    env: {
      PEER_PORT: String(port),
      PEER_LAMBDA_PORT: String(lambdaPort),
      PEER_UPSTREAM: upstream,
      SLS_TELEMETRY_DISABLED: '1',
      SLS_NOTIFICATIONS_MODE: 'off',
    },
  }
}
