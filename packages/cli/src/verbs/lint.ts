/** `sekisho lint`: is this file a policy, and if not, where does it go wrong? */
import {
  type ExecuteApi,
  PolicyError,
  type PolicyFault,
  type PolicyType,
  parsePolicy,
  writeOutExecuteApiPolicy,
} from '@sekisho/policy'
import { paint } from '../colours.ts'
import type { Environment } from '../environment.ts'
import { exitCodes, usageError } from '../exit-codes.ts'
import { readTextFile } from '../policy-files.ts'
import { defineVerb } from '../verb.ts'

/** Characters that a document may have by default. @see API Gateway Developer Guide, "Amazon API Gateway quotas" */
const maxLengths: Partial<Record<PolicyType, number>> = { resource: 8_192 }

/** What is found where API Gateway's short forms stand: it writes them out before it reads them. */
const shortForms: ReadonlySet<string> = new Set(['INVALID_RESOURCE', 'INVALID_PRINCIPAL'])
const someApi: ExecuteApi = {
  partition: 'aws',
  region: 'us-east-1',
  accountId: '000000000000',
  restApiId: 'abcdefghij',
}

const types = ['resource', 'identity', 'boundary', 'session', 'scp', 'rcp', 'trust'] as const

interface Finding extends PolicyFault {
  readonly file: string
}

export const lint = defineVerb({
  summary: 'check policy files',
  usage: 'FILE…',
  help: `Prints what keeps a file from being a policy of its type, with its place, and ends with 1 where anything was found.
A resource policy may have 8,192 characters.`,
  options: {
    type: {
      type: 'string',
      value: types.join('|'),
      help: 'which kind of policy the files hold (resource)',
    },
    format: { type: 'string', value: 'text|json', help: 'how findings are printed (text)' },
    json: { type: 'boolean', help: 'the same as `--format json`' },
  },
  run(given, files, environment) {
    const { format = given.json ? 'json' : 'text', type: word = 'resource' } = given
    const type = types.find((each) => each === word)
    if (type === undefined)
      throw usageError(`\`--type\` cannot be \`${word}\`; it is ${types.join('|')}`)
    if (format !== 'text' && format !== 'json')
      throw usageError(`\`--format ${format}\` is not supported; it is text|json`)
    if (files.length === 0) throw usageError('name the files to check: `lint FILE…`')
    const findings = files.flatMap((file) => findingsOf(file, type, environment))
    if (format === 'json') environment.print(JSON.stringify(findings))
    else for (const finding of findings) environment.print(lineOf(finding, environment))
    return findings.length > 0 ? exitCodes.no : exitCodes.done
  },
})

function findingsOf(file: string, type: PolicyType, environment: Environment): readonly Finding[] {
  const text = readTextFile(file, environment)
  return faultsOf(text, type).map((fault) => ({ file, ...fault }))
}

function faultsOf(text: string, type: PolicyType): readonly PolicyFault[] {
  const maxLength = maxLengths[type]
  const faults = caught(() => parsePolicy(text, { type, ...(maxLength && { maxLength }) }))
  const mayHaveShortForms = type === 'resource' && faults.some(({ code }) => shortForms.has(code))
  if (!mayHaveShortForms) return faults
  return caught(() => parsePolicy(writeOutExecuteApiPolicy(text, someApi), { type }))
}

function caught(read: () => unknown): readonly PolicyFault[] {
  try {
    read()
    return []
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error
    return error.faults
  }
}

function lineOf({ file, line, column, code, message }: Finding, environment: Environment): string {
  return `${file}:${line}:${column}: ${paint('error', 'red', environment)} ${code} ${message}`
}
