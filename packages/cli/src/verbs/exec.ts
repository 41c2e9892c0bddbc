/** `sekisho exec`: how does a command of the user's run against this server? */
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { basename } from 'node:path'
import { pointedHere } from '../aws-environment.ts'
import { dataFolder } from '../data-folder.ts'
import { type ExitCode, usageError } from '../exit-codes.ts'
import { accessOf, identity } from '../identity.ts'
import { defineVerb, shared } from '../verb.ts'

export const exec = defineVerb({
  summary: 'run an AWS tool against this server',
  usage: '-- COMMAND [ARGUMENT …]',
  help: `Runs COMMAND with the endpoint, the region and the first account's root key in its environment, and ends as it ends.
The AWS CLI is given \`--endpoint-url\` as well: before 2.13 it does not read AWS_ENDPOINT_URL.`,
  options: {
    profile: { type: 'string', value: 'NAME', help: 'of another account' },
    ...identity,
    data: shared.data,
  },
  async run(given, [command, ...args], environment) {
    if (command === undefined)
      throw usageError(
        'give the command after `--`: `sekisho exec -- aws apigateway get-rest-apis`',
      )
    const folder = dataFolder(given.data, environment)
    const access = await accessOf(folder, { ...given, account: given.profile })
    const { endpoint } = access
    const isAwsCli = basename(command).replace(/\.(exe|cmd)$/, '') === 'aws'
    const hasEndpoint = args.some((arg) => /^--endpoint-url(=|$)/.test(arg))
    return runCommand(
      command,
      isAwsCli && !hasEndpoint ? ['--endpoint-url', endpoint, ...args] : args,
      pointedHere(environment.variables, access, folder),
    )
  },
})

function runCommand(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<ExitCode> {
  const { promise, resolve, reject } = Promise.withResolvers<ExitCode>()
  const child = spawn(command, args, { stdio: 'inherit', env })
  const forward = (signal: NodeJS.Signals) => {
    // A terminal gives Ctrl-C to the whole process group: the command has it already.
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, forward)
  child.on('error', (cause) =>
    reject(usageError(`cannot run \`${command}\`: ${cause.message}`, { cause })),
  )
  child.on('close', (code, signal) => {
    for (const each of signals) process.off(each, forward)
    resolve(code ?? 128 + constants.signals[signal!])
  })
  return promise
}
