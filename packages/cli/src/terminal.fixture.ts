/** A command line without a terminal: what was said stays to be read. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Variables } from './environment.ts'
import { run } from './run.ts'

export interface Said {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** A folder for one test, with `sekisho` to be called in it. */
export class Terminal implements Disposable {
  readonly cwd = mkdtempSync(join(tmpdir(), 'sekisho-cli-'))
  readonly variables: Variables

  constructor(variables: Variables = {}) {
    this.variables = variables
  }

  async sekisho(...args: readonly string[]): Promise<Said> {
    const said = { stdout: '', stderr: '' }
    const exitCode = await run(args, {
      variables: this.variables,
      cwd: this.cwd,
      hasColours: false,
      print: (line) => void (said.stdout += `${line}\n`),
      warn: (line) => void (said.stderr += `${line}\n`),
    })
    return { exitCode, ...said }
  }

  write(name: string, content: unknown): void {
    const text = typeof content === 'string' ? content : JSON.stringify(content, undefined, 2)
    writeFileSync(join(this.cwd, name), text)
  }

  [Symbol.dispose](): void {
    rmSync(this.cwd, { recursive: true, force: true })
  }
}
