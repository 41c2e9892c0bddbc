/** `sekisho log`: who asked for what, and what was decided? */
import type { DecisionRecord, RunningServer } from '@sekisho/server'
import { paint } from '../colours.ts'
import { dataFolder } from '../data-folder.ts'
import type { Environment } from '../environment.ts'
import { exitCodes, usageError } from '../exit-codes.ts'
import { askOperator, callOperator, linesOf } from '../operator.ts'
import { type Suggestion, suggest } from '../suggest.ts'
import { defineVerb, shared } from '../verb.ts'

export const log = defineVerb({
  summary: 'print the decision log',
  help: `One line a request: time, request id, method, path, source, principal, outcome, deciding statement.
\`sekisho explain REQUEST-ID\` says why. Under \`start --iam soft\` nothing is refused for lack of permission, and the log has
what would have been: \`sekisho log --suggest\` turns it into policies, one a principal.`,
  options: {
    follow: { type: 'boolean', help: 'go on with requests as they come' },
    denied: { type: 'boolean', help: 'only what was turned away' },
    suggest: { type: 'boolean', help: 'the smallest statements that would allow what was refused' },
    api: { type: 'string', value: 'ID', help: 'only calls to this API' },
    limit: { type: 'string', value: 'N', help: 'the last N lines (100; with --follow none)' },
    ...shared,
  },
  async run(given, positionals, environment) {
    if (positionals.length > 0) throw usageError(`unexpected argument \`${positionals[0]}\``)
    if (given.limit !== undefined && !/^\d{1,6}$/.test(given.limit))
      throw usageError(`\`--limit\` cannot be \`${given.limit}\`; it is a number`)
    if (given.suggest && given.follow) throw usageError('`--suggest` looks back; it cannot follow')
    const isDenied = given.denied || given.suggest
    const query = new URLSearchParams({
      ...(given.follow && { follow: '1' }),
      ...(isDenied && { denied: '1' }),
      ...(given.suggest && { limit: '100000' }),
      ...(given.api !== undefined && { api: given.api }),
      ...(given.limit !== undefined && { limit: given.limit }),
    })
    const folder = dataFolder(given.data, environment)
    await warnOfUndeployed(folder, environment)
    const response = await callOperator(folder, { method: 'GET', path: `log?${query}` })
    if (given.suggest) {
      const records = await Array.fromAsync(linesOf(response), (line) => JSON.parse(line))
      for (const suggestion of suggest(records)) print(suggestion, given.json === true, environment)
      return exitCodes.done
    }
    for await (const line of linesOf(response))
      environment.print(given.json ? line : lineOf(JSON.parse(line), environment))
    return exitCodes.done
  },
})

function print(suggestion: Suggestion, asJson: boolean, environment: Environment): void {
  if (asJson) {
    environment.print(JSON.stringify(suggestion))
    return
  }
  const { principal, policy, deniedElsewhere } = suggestion
  environment.print(principal)
  if (policy) environment.print(JSON.stringify(policy, null, 2))
  for (const reason of deniedElsewhere) environment.print(`  ${reason}`)
}

/** As on AWS, a changed policy waits for a deployment: whoever reads the log wonders. */
async function warnOfUndeployed(folder: string, environment: Environment): Promise<void> {
  const { undeployedPolicies } = await askOperator<{
    readonly undeployedPolicies: RunningServer['undeployedPolicies']
  }>(folder, { method: 'GET', path: 'apis' })
  for (const { apiId, stageName } of undeployedPolicies)
    environment.warn(
      `sekisho: the policy of API ${apiId} changed after its last deployment: stage ${stageName} still serves the older one`,
    )
}

const servedOutcome = /^(?:allow|Hit|Miss|RefreshHit|Redirect)$/

/** A record for people, in one line. */
export function lineOf(record: DecisionRecord, environment: Environment): string {
  const { time, requestId, method, path, sourceIp, principal, outcome, status } = record
  return [
    paint(time, 'dim', environment),
    paint(requestId, 'dim', environment),
    method,
    path,
    sourceIp,
    principal,
    paint(`${outcome} (${status})`, servedOutcome.test(outcome) ? 'green' : 'red', environment),
    ...(record.statement ? [record.statement] : []),
  ].join('  ')
}
