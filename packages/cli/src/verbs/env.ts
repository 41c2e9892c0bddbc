/** `sekisho env`: which variables point AWS's tools here? */
import { accessVariables } from '../aws-environment.ts'
import { dataFolder } from '../data-folder.ts'
import { exitCodes, usageError } from '../exit-codes.ts'
import { accessOf, identity } from '../identity.ts'
import { defineVerb, shared } from '../verb.ts'

export const env = defineVerb({
  summary: 'print the variables that point AWS tools here',
  help: `Prints shell commands: \`eval "$(npx sekisho env)"\` points every AWS tool of this shell at the server.
Without \`--role\` and \`--user\` they are those of an account's root. A role or user is the operator's to be: no policy is
asked, and the decision log has it. Such credentials last twelve hours.
AWS CLI before 2.13 does not read AWS_ENDPOINT_URL: use \`sekisho exec\`, or its \`--endpoint-url\`.
Clients of CloudFront's key value stores put the account's number before the host, which an address cannot have: for them
AWS_ENDPOINT_URL_CLOUDFRONT_KEYVALUESTORE=http://localhost:PORT, where the system knows names under localhost.`,
  options: {
    account: { type: 'string', value: 'NAME', help: 'of another account' },
    ...identity,
    ...shared,
  },
  async run(given, positionals, environment) {
    if (positionals.length > 0) throw usageError(`unexpected argument \`${positionals[0]}\``)
    const access = await accessOf(dataFolder(given.data, environment), given)
    const exports = accessVariables(access)
    if (given.json) {
      environment.print(JSON.stringify(exports))
      return exitCodes.done
    }
    environment.print('unset AWS_PROFILE AWS_SESSION_TOKEN')
    for (const [name, value] of Object.entries(exports))
      environment.print(`export ${name}=${quote(value)}`)
    return exitCodes.done
  },
})

/** For POSIX shells. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
