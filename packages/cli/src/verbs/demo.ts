/** `sekisho demo`: do the worked examples turn out as they say? */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { pointedHere } from '../aws-environment.ts'
import { paint } from '../colours.ts'
import { dataFolder, readAccess } from '../data-folder.ts'
import type { Environment } from '../environment.ts'
import { exitCodes, usageError } from '../exit-codes.ts'
import { packageFolder } from '../package-folder.ts'
import { readStory, runStory, type Stage, type StepResult } from '../story.ts'
import { defineVerb } from '../verb.ts'

export const demo = defineVerb({
  summary: 'run the worked examples, and show what was expected and what happened',
  usage: '[EXAMPLE…]',
  help: `Runs the commands of each folder under examples/ as its README has them, on a server of its own that is gone afterwards.
They need bash, curl and the AWS CLI, and some of them bubblewrap, or Python with boto3 and requests.
Ends with 1 where anything turned out otherwise than expected.`,
  options: {
    data: { type: 'string', value: 'DIR', help: 'use the server of this data folder instead' },
    json: { type: 'boolean', help: 'print JSON, one step a line' },
  },
  async run(given, names, environment) {
    const folder = join(packageFolder(), '..', '..', 'examples')
    const examples = chooseExamples(folder, names)
    refuseWithoutPrograms(environment)
    await using server = given.data === undefined ? await ownServer() : theirs(given.data)
    const stage = stageOf(dataFolder(server.data, environment), environment)
    const report = given.json ? reportJson : reportText
    let failed = 0
    for (const example of examples) {
      const cwd = join(folder, example)
      const steps = readStory(readFileSync(join(cwd, 'README.md'), 'utf8'))
      for await (const result of runStory(steps, { ...stage, cwd })) {
        report(example, result, environment)
        if (!result.passed) failed++
      }
    }
    if (!given.json) environment.print(failed === 0 ? 'all as expected' : `${failed} otherwise`)
    return failed === 0 ? exitCodes.done : exitCodes.no
  },
})

function chooseExamples(folder: string, names: readonly string[]): readonly string[] {
  if (!existsSync(folder)) throw usageError('the examples are in the repository; run this there')
  const known = readdirSync(folder).filter((name) => existsSync(join(folder, name, 'README.md')))
  const unknown = names.find((name) => !known.includes(name))
  if (unknown !== undefined)
    throw usageError(`no example \`${unknown}\`; there are: ${known.join(', ')}`)
  return names.length > 0 ? names : known
}

function refuseWithoutPrograms({ variables }: Environment): void {
  const folders = (variables['PATH'] ?? '').split(delimiter)
  const missing = ['bash', 'curl', 'aws'].filter(
    (program) => !folders.some((folder) => existsSync(join(folder, program))),
  )
  if (missing.length > 0)
    throw usageError(`the examples need \`${missing.join('`, `')}\`, not found on the PATH`)
}

/** Goes on after the demo. */
function theirs(data: string): { data: string } & AsyncDisposable {
  return { data, [Symbol.asyncDispose]: async () => {} }
}

/** A server on a free port, whose data goes with it. */
async function ownServer(): Promise<{ data: string } & AsyncDisposable> {
  const { readConfig, start } = await import('@sekisho/server')
  const data = mkdtempSync(join(tmpdir(), 'sekisho-demo-'))
  const args = ['--port', '0', '--data', data, '--log-level', 'error', '--test-clock']
  const server = await start(readConfig({ args, env: {}, cwd: data }))
  return {
    data,
    async [Symbol.asyncDispose]() {
      await server.close()
      rmSync(data, { recursive: true, force: true })
    },
  }
}

function stageOf(data: string, { variables }: Environment): Omit<Stage, 'cwd'> {
  const access = readAccess(data)
  return {
    env: { ...pointedHere(variables, access, data), SEKISHO_DATA: data },
    endpoint: access.endpoint,
    sekisho: [process.execPath, join(packageFolder(), 'bin', 'sekisho.mjs')],
  }
}

function reportJson(example: string, result: StepResult, { print }: Environment): void {
  print(JSON.stringify({ example, ...result }))
}

function reportText(example: string, result: StepResult, environment: Environment): void {
  const { command, expected, happened, exitCode, passed } = result
  const { print } = environment
  const mark = passed ? paint('✔', 'green', environment) : paint('✘', 'red', environment)
  print(`${mark} ${paint(example, 'bold', environment)}  ${indented(command, '    ')}`)
  print(`    expected  ${indented(expected ?? 'to end well', '              ')}`)
  print(`    happened  ${indented(happened || `ended with ${exitCode}`, '              ')}`)
}

function indented(text: string, indent: string): string {
  return text.replaceAll('\n', `\n${indent}`)
}
