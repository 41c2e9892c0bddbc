/** A file of decision cases: which ones turn out otherwise than they say? */
import {
  authorize,
  type DecisionCase,
  type ExpectedDecision,
  expectedDecisions,
  PolicyError,
  readCase,
} from '@sekisho/policy'
import type { Environment } from './environment.ts'
import { type ExitCode, exitCodes, usageError } from './exit-codes.ts'
import { readTextFile } from './policy-files.ts'

/** @throws CliError  a line is no case; `FILE:LINE:` says which */
export function simulateCases(file: string, environment: Environment): ExitCode {
  const lines = readTextFile(file, environment).split('\n')
  let passed = 0
  let failed = 0
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '') continue
    const { id, want, got } = decide(line, `${file}:${index + 1}`)
    if (want === got) passed++
    else {
      failed++
      environment.print(JSON.stringify({ id, want, got }))
    }
  }
  environment.print(`${passed} passed, ${failed} failed`)
  return failed > 0 ? exitCodes.no : exitCodes.done
}

interface Outcome {
  readonly id: string
  readonly want: ExpectedDecision
  readonly got: ExpectedDecision
}

function decide(line: string, place: string): Outcome {
  const given = parse(line, place)
  try {
    const { request, policies } = readCase(given)
    const { effect } = authorize(request, policies)
    return { id: given.id, want: given.expect, got: expectedDecisions[effect] }
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error
    throw usageError(`${place}: case \`${given.id}\`: ${error.message}`, { cause: error })
  }
}

function parse(line: string, place: string): DecisionCase {
  let given: unknown
  try {
    given = JSON.parse(line)
  } catch (cause) {
    throw usageError(`${place}: no JSON: ${(cause as Error).message}`, { cause })
  }
  const fault = faultOf(given)
  if (fault !== undefined) throw usageError(`${place}: ${fault}`)
  return given as DecisionCase
}

/** Lists of policies, or of levels that hold them. */
const lists = ['identityPolicies', 'sessionPolicies', 'vpcEndpointPolicies', 'scps', 'rcps']

function faultOf(given: unknown): string | undefined {
  if (!isObject(given)) return 'a case is a JSON object'
  const { request, expect } = given
  if (typeof given['id'] !== 'string') return '`/id` must be a string'
  if (!isObject(request)) return '`/request` must be an object'
  for (const name of ['principal', 'action', 'resource'])
    if (typeof request[name] !== 'string') return `\`/request/${name}\` must be a string`
  if (!Object.values(expectedDecisions).some((each) => each === expect))
    return `\`/expect\` must be one of ${Object.values(expectedDecisions).join(', ')}`
  if (!isContext(request['context'] ?? {}))
    return '`/request/context` must hold strings or lists of strings'
  for (const name of lists)
    if (!Array.isArray(given[name] ?? [])) return `\`/${name}\` must be a list`
  for (const name of ['scps', 'rcps'])
    if (!((given[name] ?? []) as unknown[]).every(isLevel))
      return `\`/${name}\` must hold objects with a list of \`policies\``
  return undefined
}

function isLevel(value: unknown): boolean {
  return isObject(value) && Array.isArray(value['policies'])
}

function isContext(value: unknown): boolean {
  const isText = (each: unknown) => typeof each === 'string'
  return (
    isObject(value) &&
    Object.values(value).every(
      (each) => isText(each) || (Array.isArray(each) && each.every(isText)),
    )
  )
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
