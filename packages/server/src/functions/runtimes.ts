/** Which runtimes of AWS run here, on what, and if not, why not? */
import { execFile } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

export interface Interpreter {
  /** Of the program, resolved: no version manager's stand-in. */
  readonly path: string
  /** Folders that it needs beside the system's own. */
  readonly folders: readonly string[]
  /** For the function's log: `Python 3.11.7`. */
  readonly says: string
}

export interface Family {
  /** In `bootstraps/`; run by the interpreter. */
  readonly bootstrap: string
  /** Begins without a function, and goes on as the bootstrap once it is told of one. */
  readonly spare: string
  readonly interpreter: (path: string) => Promise<Interpreter>
}

/** By the form of a runtime's name. @see Lambda Developer Guide, "Lambda runtimes" */
const families: readonly (readonly [name: RegExp, family: Family])[] = [
  [/^nodejs\d+\.x$/, { bootstrap: 'node.cjs', spare: 'spare.cjs', interpreter: ownNode }],
  [/^python3\.\d+$/, { bootstrap: 'python.py', spare: 'spare.py', interpreter: findPython }],
  [
    /^provided(\.al2(023)?)?$/,
    { bootstrap: 'provided.cjs', spare: 'spare.cjs', interpreter: ownNode },
  ],
  [/^go1\.x$/, { bootstrap: 'provided.cjs', spare: 'spare.cjs', interpreter: ownNode }],
]

export const supportedRuntimes =
  'nodejsNN.x, python3.N, provided, provided.al2, provided.al2023, go1.x'

export function familyOf(runtime: string): Family | undefined {
  return families.find(([name]) => name.test(runtime))?.[1]
}

/** The Node that the server itself runs on. */
async function ownNode(): Promise<Interpreter> {
  return { path: process.execPath, folders: [], says: `Node.js ${process.version}` }
}

const askPython =
  'import sys, json, importlib.util as u; print(json.dumps([sys.executable, sorted({sys.prefix, sys.base_prefix}), sys.version.split()[0], u.find_spec("boto3") is not None]))'

/** The first on the path that has boto3, as AWS's own has; else the first. */
async function findPython(path: string): Promise<Interpreter> {
  let first: Interpreter | undefined
  for (const folder of new Set([...path.split(delimiter), '/usr/local/bin', '/usr/bin'])) {
    const candidate = join(folder, 'python3')
    const asked = isProgram(candidate) ? await ask(candidate) : undefined
    if (asked === undefined) continue
    const { hasBoto3, ...interpreter } = asked
    if (hasBoto3) return interpreter
    first ??= {
      ...interpreter,
      says: `${interpreter.says}; boto3 is not installed for it (Debian: python3-boto3)`,
    }
  }
  if (first === undefined) throw new Error('no python3 on the path')
  return first
}

async function ask(program: string): Promise<(Interpreter & { hasBoto3: boolean }) | undefined> {
  try {
    const { stdout } = await promisify(execFile)(program, ['-c', askPython], { timeout: 10_000 })
    const [path, folders, version, hasBoto3] = JSON.parse(stdout) as [
      string,
      string[],
      string,
      boolean,
    ]
    return { path, folders, says: `Python ${version}`, hasBoto3 }
  } catch {
    return undefined
  }
}

export function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
