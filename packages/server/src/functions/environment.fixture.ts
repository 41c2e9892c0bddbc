/** An environment in this process's hands, with a handler of the test's own. */
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Invocation, InvocationResult, RunnableFunction } from '@sekisho/services'
import { Environment } from './environment.ts'
import { beginProcess } from './process.ts'

const python = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], {
  encoding: 'utf8',
}).trim()

const languages = {
  node: { program: process.execPath, bootstrap: 'node.cjs', file: 'index.mjs' },
  python: { program: python, bootstrap: 'python.py', file: 'index.py' },
  provided: { program: process.execPath, bootstrap: 'provided.cjs', file: 'bootstrap' },
} as const

export type Language = keyof typeof languages

export async function begin(language: Language, code: string, timeoutSeconds = 10) {
  const { program, bootstrap, file } = languages[language]
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-environment-'))
  writeFileSync(join(folder, file), code)
  chmodSync(join(folder, file), 0o755)
  const lines: string[] = []
  const environment = new Environment({
    fn: {
      timeoutSeconds,
      memoryMb: 512,
      version: '$LATEST',
      runtime: language,
    } as RunnableFunction,
    begun: beginProcess({
      program,
      args: [join(import.meta.dirname, 'bootstraps', bootstrap)],
      workingFolder: folder,
      environment: { LAMBDA_TASK_ROOT: folder, _HANDLER: 'index.handler' },
      release: () => rmSync(folder, { recursive: true }),
    }),
    logStream: 'stream',
    interpreter: language,
    log: (line) => lines.push(line),
    now: Date.now,
    onEnd: () => {},
  })
  await environment.ready
  let count = 0
  const ask = (event: object = {}): Promise<InvocationResult> =>
    environment.invoke({
      requestId: `request-${++count}`,
      invokedArn: 'arn',
      event: Buffer.from(JSON.stringify(event)),
    } satisfies Invocation)
  return {
    environment,
    lines,
    ask,
    [Symbol.asyncDispose]: async () => environment.kill(),
  }
}

export const said = ({ payload }: InvocationResult) => String(payload)
