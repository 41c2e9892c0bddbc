/** Files that hold policies, and what is wrong with them. */
import { readFileSync } from 'node:fs'
import {
  type CompiledPolicy,
  compilePolicy,
  type ExecuteApi,
  PolicyError,
  type PolicyType,
  writeOutExecuteApiPolicy,
} from '@sekisho/policy'
import { type Environment, pathOf } from './environment.ts'
import { usageError } from './exit-codes.ts'

/** @throws CliError  the file cannot be read */
export function readTextFile(file: string, environment: Environment): string {
  try {
    return readFileSync(pathOf(file, environment), 'utf8')
  } catch (cause) {
    throw usageError(`cannot read \`${file}\`: ${(cause as Error).message}`, { cause })
  }
}

/**
 * @param api  whose policy it is: short forms in it are written out, as API Gateway does
 * @throws CliError  the file cannot be read, or holds no policy of this type
 */
export function compileFile(
  file: string,
  type: PolicyType,
  environment: Environment,
  api?: ExecuteApi,
): CompiledPolicy {
  const text = readTextFile(file, environment)
  try {
    const written = api === undefined ? text : writeOutExecuteApiPolicy(text, api)
    return compilePolicy(written, { type, name: file })
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error
    const [{ line, column, message } = { line: 1, column: 1, message: error.message }] =
      error.faults
    throw usageError(`${file}:${line}:${column}: ${message}`, { cause: error })
  }
}
