/**
 * Functions that stand behind methods, asked again and again: what was decided of a call, and what its name stands for,
 * holds for the next one as long as nothing changes.
 */
import type { FunctionAnswer } from '@sekisho/gateway'
import {
  askFunction,
  type Behalf,
  type FunctionRunner,
  findSteady,
  type IdSource,
  logsCollections,
  refusalOf,
  type Steady,
  type WrittenEvent,
} from '@sekisho/services'
import type { State } from '@sekisho/store'
import type { Again, Inside } from './api/inside.ts'

export interface FunctionCalls extends Disposable {
  /**
   * Invoke, of an event that was written here.
   *
   * @param functionName  a name or an ARN, with or without a version or alias
   * @throws AwsError
   */
  readonly invoke: (
    functionName: string,
    event: WrittenEvent,
    behalf: Behalf,
  ) => Promise<FunctionAnswer>
}

export interface FunctionCallsOptions extends Pick<Inside, 'callFirst'> {
  readonly store: Pick<State, 'documents' | 'changes'>
  readonly functions: Pick<FunctionRunner, 'invoke'>
  readonly ids: IdSource
}

interface Kept {
  readonly again: Again
  readonly steady: Steady
}

const mostKept = 5_000
/** Whether a larger one is too large is looked at with each. */
const mostCharacters = 1_000_000
/** What is written with the requests themselves, and what nothing is decided by. */
const ofNoConsequence: ReadonlySet<string> = new Set([
  logsCollections.streams,
  logsCollections.segments,
  logsCollections.sizes,
  logsCollections.gone,
])

export function openFunctionCalls({
  callFirst,
  store: { documents, changes },
  functions,
  ids,
}: FunctionCallsOptions): FunctionCalls {
  const kept = new Map<string, Kept>()
  /** What was found before the last change does not count. */
  let changeCount = 0
  const subscription = changes.subscribe((told) => {
    if (told.every(({ collection }) => ofNoConsequence.has(collection))) return
    changeCount++
    kept.clear()
  })

  const first = async (key: string, name: string, event: WrittenEvent, behalf: Behalf) => {
    const seen = changeCount
    const { output, again } = await callFirst(
      'lambda',
      'Invoke',
      { FunctionName: name, Payload: event },
      behalf,
    )
    const steady = again && (await findSteady(documents, behalf, name).catch(() => undefined))
    if (steady !== undefined && seen === changeCount) {
      if (kept.size >= mostKept) kept.clear()
      kept.set(key, { again: again!, steady })
    }
    return {
      payload: (output['Payload'] as Uint8Array | undefined) ?? new Uint8Array(),
      functionError: output['FunctionError'] as string | undefined,
    }
  }

  return {
    invoke(name, event, behalf) {
      const { accountId, region, service, roleArn = '', sourceArn = '' } = behalf
      // Read in one way only, whatever the parts hold: an API's owner writes some of them.
      const key = JSON.stringify([name, accountId, region, service, roleArn, sourceArn])
      const found = event.text.length > mostCharacters ? undefined : kept.get(key)
      if (found === undefined) return first(key, name, event, behalf)
      const { again, steady } = found
      const requestId = behalf.requestId ?? ids.uuid()
      return askFunction(
        functions,
        steady.resolved,
        { requestId, invokedArn: steady.invokedArn, event: event.text },
        steady.again,
      ).then(
        (asked) => {
          again.served(requestId, behalf.causedBy)
          return asked
        },
        (error) => {
          throw again.failed(refusalOf(error), requestId, behalf.causedBy)
        },
      )
    },
    [Symbol.dispose]: () => subscription[Symbol.dispose](),
  }
}
