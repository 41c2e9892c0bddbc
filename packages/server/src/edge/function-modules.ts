/** What a CloudFront function may import: the one module that there is, over what is asked of the outside. */
import { FunctionError } from '@sekisho/edge'
import type { KeyValues } from '@sekisho/services'
import type { QuickJSContext } from 'quickjs-emscripten-core'

/** @see CloudFront Developer Guide, "Helper methods for key value stores" */
const cloudfront = `
const ask = globalThis.askKeyValueStore
delete globalThis.askKeyValueStore
const answered = (operation, key) => {
  const answer = JSON.parse(ask(operation, key))
  if ('error' in answer) throw new Error(answer.error)
  return answer.value
}
const text = (key) => {
  if (typeof key !== 'string') throw new TypeError('the key must be a string')
  return key
}
const formats = {
  string: (value) => value,
  json: JSON.parse,
  bytes: (value) => Uint8Array.from(unescape(encodeURIComponent(value)), (each) => each.charCodeAt(0)),
}
const unbuilt = (name) => () => { throw new Error('cf.' + name + ' is not supported by Sekisho yet') }
export default {
  kvs(id) {
    answered('open', id === undefined ? '' : String(id))
    return {
      async get(key, { format = 'string' } = {}) {
        if (!Object.hasOwn(formats, format)) throw new Error('the format ' + format + ' is none of string, json and bytes')
        return formats[format](answered('get', text(key)))
      },
      async exists(key) { return answered('exists', text(key)) },
      async meta() { return answered('meta', '') },
    }
  },
  updateRequestOrigin: unbuilt('updateRequestOrigin'),
  selectRequestOriginById: unbuilt('selectRequestOriginById'),
  createRequestOriginGroup: unbuilt('createRequestOriginGroup'),
}
`

/** @throws FunctionError  there is no such module */
export function moduleOf(name: string): string {
  if (name === 'cloudfront') return cloudfront
  throw new FunctionError(`the module ${name} is not available`, 'FAILED')
}

/** The store that the function is associated with. */
export interface OpenStore {
  readonly id: string
  readonly contents: KeyValues
}

type Answer = { readonly value: unknown } | { readonly error: string }

/** @param store  undefined: the function is associated with none */
export function addKeyValues(context: QuickJSContext, store: OpenStore | undefined): void {
  const ask = context.newFunction('askKeyValueStore', (operation, key) => {
    const answer =
      store === undefined
        ? { error: 'the function is not associated with a key value store' }
        : answerOf(store, context.getString(operation), context.getString(key))
    return context.newString(JSON.stringify(answer))
  })
  context.setProp(context.global, 'askKeyValueStore', ask)
  ask.dispose()
}

function answerOf({ id, contents }: OpenStore, operation: string, key: string): Answer {
  const { values, createdAt, modifiedAt } = contents
  switch (operation) {
    case 'open':
      return key === '' || key === id
        ? { value: null }
        : { error: `the function is not associated with the key value store ${key}` }
    case 'get': {
      const value = values.get(key)
      return value === undefined ? { error: `the key ${key} does not exist` } : { value }
    }
    case 'exists':
      return { value: values.has(key) }
    default:
      return {
        value: {
          creationDateTime: new Date(createdAt).toISOString(),
          lastUpdatedDateTime: new Date(modifiedAt).toISOString(),
          keyCount: values.size,
        },
      }
  }
}
