/** A document whose commands run: shell blocks, each followed by what it should print. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'

export interface Step {
  readonly command: string
  /** Absent: that it ends well is enough. `…` stands for anything. */
  readonly expected?: string
}

export interface StepResult extends Step {
  /** What it printed, errors included. */
  readonly happened: string
  readonly exitCode: number
  readonly passed: boolean
}

/** How the story is told elsewhere than where it was written. */
export interface Stage {
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  /** In the place of `http://127.0.0.1:4566`. */
  readonly endpoint: string
  /** In the place of `npx sekisho`: program and first arguments. */
  readonly sekisho: readonly string[]
}

const writtenEndpoint = 'http://127.0.0.1:4566'

/** The `sh` blocks of a Markdown document, with the `text` block that follows each. */
export function readStory(markdown: string): readonly Step[] {
  const steps: Step[] = []
  for (const [, language, body] of markdown.matchAll(/^```(\w+)\n(.*?)\n```$/gms)) {
    if (language === 'sh') steps.push({ command: body! })
    else if (language === 'text' && steps.at(-1)?.expected === undefined)
      steps.splice(-1, 1, { ...steps.at(-1)!, expected: body! })
  }
  return steps
}

/** Runs the steps in one shell, one after the other, whatever each brings. */
export async function* runStory(
  steps: readonly Step[],
  { cwd, env, endpoint, sekisho }: Stage,
): AsyncGenerator<StepResult> {
  const shell = spawn('bash', ['--noprofile', '--norc'], { cwd, env, stdio: 'pipe' })
  try {
    await once(shell, 'spawn')
    // A step may end the shell; the steps after it then say so.
    shell.stdin.on('error', () => {})
    const read = reader(shell)
    const program = sekisho.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ')
    shell.stdin.write(
      `npx() { if [ "$1" = sekisho ]; then shift; ${program} "$@"; else command npx "$@"; fi; }\n`,
    )
    for (const step of steps) {
      const command = step.command.replaceAll(writtenEndpoint, endpoint)
      const expected = step.expected?.replaceAll(writtenEndpoint, endpoint)
      shell.stdin.write(`{ ${command}\n} </dev/null 2>&1; printf '\\036%d\\036' "$?"\n`)
      const { happened, exitCode } = await read()
      yield {
        command,
        ...(expected !== undefined && { expected }),
        happened,
        exitCode,
        passed: exitCode === 0 && (expected === undefined || isLike(happened, expected)),
      }
    }
  } finally {
    shell.kill('SIGKILL')
  }
}

/** Is the text as the pattern has it, `…` standing for anything? */
export function isLike(text: string, pattern: string): boolean {
  const parts = pattern.trim().split('…').map(RegExp.escape)
  return new RegExp(`^${parts.join('.*')}$`, 's').test(text.trim())
}

/** Each call reads to the end of one step. */
function reader(shell: ChildProcess) {
  const stdout = (shell.stdout as Readable).setEncoding('utf8')[Symbol.asyncIterator]()
  let unread = ''
  return async (): Promise<{ happened: string; exitCode: number }> => {
    for (;;) {
      const end = /\x1e(\d+)\x1e/.exec(unread)
      if (end !== null) {
        const happened = unread.slice(0, end.index).trim()
        unread = unread.slice(end.index + end[0].length)
        return { happened, exitCode: Number(end[1]) }
      }
      const { value, done } = await stdout.next()
      if (done === true) return { happened: unread.trim(), exitCode: shell.exitCode ?? 1 }
      unread += value
    }
  }
}
