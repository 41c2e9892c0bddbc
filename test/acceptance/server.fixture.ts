/** The command as users run it, in processes of their own. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

export const root = join(import.meta.dirname, '..', '..')
export const launcher = join(root, 'packages', 'cli', 'bin', 'sekisho.mjs')

export interface Serving extends AsyncDisposable {
  readonly endpoint: string
  readonly data: string
  readonly process: ChildProcess
  /** The exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>
}

/** A folder that is gone after the test. */
export function temporaryFolder(): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), 'sekisho-test-'))
  return {
    path,
    [Symbol.dispose]: () =>
      rmSync(path, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }),
  }
}

/** A server on a free port, ready to serve. */
export async function serve(data: string, ...args: readonly string[]): Promise<Serving> {
  const child = spawn(
    process.execPath,
    [launcher, 'start', '--port', '0', '--data', data, '--json', ...args],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const exit = once(child, 'exit') as Promise<[number | null]>
  const [line] = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line') as Promise<[string]>,
    exit.then(([code]) => Promise.reject(new Error(`the server ended with ${code}`))),
  ])
  const { endpoint } = JSON.parse(line) as { endpoint: string }
  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    child.kill(signal)
    return (await exit)[0]
  }
  return {
    endpoint,
    data,
    process: child,
    stop,
    [Symbol.asyncDispose]: async () => void (await stop('SIGKILL')),
  }
}

/** Of the first account, as its folder has it. */
export function rootKeyOf({ data }: Pick<Serving, 'data'>) {
  const text = readFileSync(join(data, 'credentials'), 'utf8')
  const value = (key: string) => new RegExp(`^${key} = (\\S+)`, 'm').exec(text)?.[1] ?? ''
  return {
    accessKeyId: value('aws_access_key_id'),
    secretAccessKey: value('aws_secret_access_key'),
  }
}

/** Of an SDK's client that acts with the root key. */
export function settingsOf(server: Pick<Serving, 'data' | 'endpoint'>) {
  const { endpoint } = server
  return { endpoint, region: 'us-east-1', credentials: rootKeyOf(server), maxAttempts: 1 }
}

/** What `sekisho env` prints, for programs that find the server by their environment. */
export function variablesOf({ data }: Pick<Serving, 'data'>): Readonly<Record<string, string>> {
  return JSON.parse(sekisho(['env', '--data', data, '--json']).stdout)
}

/** What comes behind an answer: asked for until it is there, for ten seconds at most. */
export async function eventually<T>(ask: () => Promise<T | undefined>): Promise<T> {
  for (const until = Date.now() + 10_000; ; ) {
    const found = await ask()
    if (found !== undefined) return found
    if (Date.now() > until) throw new Error('it has not come within ten seconds')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** Runs `sekisho` to its end. */
export function sekisho(
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
) {
  return spawnSync(process.execPath, [launcher, ...args], {
    encoding: 'utf8',
    cwd: options.cwd ?? root,
    env: { ...process.env, ...options.env },
    timeout: 120_000,
  })
}
