/** Runs CloudFront functions in an interpreter of their own: no clock to wait for, no world to touch, an end in any case. */

import type { FunctionCode } from '@sekisho/edge'
import { FunctionError } from '@sekisho/edge'
import type { EdgeFunctionTester } from '@sekisho/services'
import type { QuickJSContext, QuickJSRuntime, QuickJSWASMModule } from 'quickjs-emscripten-core'
import { addKeyValues, moduleOf, type OpenStore } from './function-modules.ts'
import type { FindKeyValues } from './key-value-reader.ts'

export interface FunctionRun {
  /** JSON. */
  readonly returned: string
  /** Of what it may take, in percent. */
  readonly utilization: number
}

export interface EdgeFunctions {
  /**
   * @param logs  takes what the function writes to the console
   * @throws FunctionError
   */
  readonly run: (code: FunctionCode, event: string, logs?: string[]) => Promise<FunctionRun>
}

/** The interpreter itself takes about a megabyte of the two that CloudFront gives. */
const memoryBytes = 3 * 1024 * 1024
const stackBytes = 256 * 1024
/** How often the interpreter asks whether to go on; it asks every ten thousand steps or so. */
const mostInterrupts = 100
/** Between two of these questions built-in work may take its time. */
const longestMs = 300
const mostLogs = 100
const longestLog = 1_024

export function createEdgeFunctions(findKeyValues: FindKeyValues): EdgeFunctions {
  let loaded: Promise<QuickJSWASMModule> | undefined
  return {
    async run({ code, keyValueStoreId: id }, event, logs = []) {
      const contents = id === undefined ? undefined : await findKeyValues(id)
      const store = id === undefined || contents === undefined ? undefined : { id, contents }
      const module = await (loaded ??= load())
      const runtime = module.newRuntime()
      runtime.setMemoryLimit(memoryBytes)
      runtime.setMaxStackSize(stackBytes)
      const begin = performance.now()
      let interrupts = 0
      runtime.setInterruptHandler(
        () => ++interrupts > mostInterrupts || performance.now() - begin > longestMs,
      )
      runtime.setModuleLoader(moduleOf)
      try {
        const returned = evaluate(runtime, code, event, logs, store)
        const utilization = Math.min(100, Math.round((interrupts / mostInterrupts) * 100))
        return { returned, utilization }
      } finally {
        try {
          runtime.dispose()
        } catch {
          // It ran out of memory: what is left of it cannot be taken apart, so it is not used again.
          loaded = undefined
        }
      }
    },
  }
}

/** For who develops a function: how it went, instead of an error. */
export function testEdgeFunctions({ run }: EdgeFunctions): EdgeFunctionTester {
  return async (code, event, keyValueStoreId) => {
    const logs: string[] = []
    try {
      const { returned, utilization } = await run(
        { id: 'test', code, ...(keyValueStoreId !== undefined && { keyValueStoreId }) },
        event,
        logs,
      )
      return { returned, utilization, logs }
    } catch (error) {
      if (!(error instanceof FunctionError)) throw error
      return { logs, utilization: 100, failure: error.message }
    }
  }
}

/** Loaded with the first function: most servers never run one. */
async function load(): Promise<QuickJSWASMModule> {
  const [{ newQuickJSWASMModuleFromVariant }, { default: variant }] = await Promise.all([
    import('quickjs-emscripten-core'),
    import('@jitl/quickjs-singlefile-mjs-release-sync'),
  ])
  return newQuickJSWASMModuleFromVariant(variant)
}

/** Reads the handler that the code declares, gives it the event, and keeps what comes of it as text. */
const caller = `
let returned, failure
const settle = (value) => { returned = JSON.stringify(value) }
const fail = (error) => { failure = String(error && error.stack ? error.message : error) }
try {
  const value = handler(JSON.parse(event))
  if (value && typeof value.then === 'function') value.then(settle, fail)
  else settle(value)
} catch (error) { fail(error) }
globalThis.result = () => failure !== undefined ? 'F' + failure : returned !== undefined ? 'R' + returned : ''
`

function evaluate(
  runtime: QuickJSRuntime,
  code: string,
  event: string,
  logs: string[],
  store: OpenStore | undefined,
): string {
  const context = runtime.newContext()
  try {
    addConsole(context, logs)
    addKeyValues(context, store)
    const given = context.newString(event)
    context.setProp(context.global, 'event', given)
    given.dispose()
    unwrap(context, context.evalCode(`${code}\n;${caller}`, 'function.js', { type: 'module' }))
    const jobs = runtime.executePendingJobs()
    if (jobs.error) {
      const message = messageOf(context, jobs.error)
      throw new FunctionError(message, 'FAILED')
    }
    const result = unwrap(context, context.evalCode('result()'))
    const kind = result.charAt(0)
    if (kind === 'R') return result.slice(1)
    throw new FunctionError(
      kind === 'F' ? result.slice(1) : 'the function returned nothing, or waits for ever',
      'FAILED',
    )
  } finally {
    context.dispose()
  }
}

function addConsole(context: QuickJSContext, logs: string[]): void {
  const log = context.newFunction('log', (...args) => {
    const line = args.map((arg) => String(context.dump(arg))).join(' ')
    if (logs.length < mostLogs) logs.push(line.slice(0, longestLog))
  })
  const console = context.newObject()
  for (const name of ['log', 'error', 'warn', 'info']) context.setProp(console, name, log)
  context.setProp(context.global, 'console', console)
  log.dispose()
  console.dispose()
}

type Evaluated = ReturnType<QuickJSContext['evalCode']>

/** @throws FunctionError */
function unwrap(context: QuickJSContext, evaluated: Evaluated): string {
  if (evaluated.error) throw new FunctionError(messageOf(context, evaluated.error), 'FAILED')
  const text =
    context.typeof(evaluated.value) === 'string' ? context.getString(evaluated.value) : ''
  evaluated.value.dispose()
  return text
}

function messageOf(context: QuickJSContext, error: NonNullable<Evaluated['error']>): string {
  // Null where there was no memory left for an error.
  const dumped = context.dump(error) as { name?: string; message?: string } | null
  error.dispose()
  return `${dumped?.name ?? 'Error'}: ${dumped?.message ?? 'out of memory'}`
}
