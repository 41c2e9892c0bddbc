/** A service spoken to as over the wire, without sockets: request bytes in, answer bytes out. */
import {
  AwsError,
  identifyOperation,
  protocols,
  readModel,
  type ServiceName,
  traitsOfService,
  validateInput,
  type WireResponse,
} from '@sekisho/protocols'
import { openStore, type Store } from '@sekisho/store'
import { services } from './index.ts'
import type { FunctionRunner } from './lambda/runner.ts'
import type { Call, IdSource, Need } from './service.ts'

export const accountId = '111111111111'
export const region = 'us-east-1'

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: tests reach into answers of any form
  readonly json: any
}

export interface Harness extends AsyncDisposable {
  readonly store: Store
  readonly ask: (
    method: string,
    path: string,
    body?: unknown,
    more?: Partial<Call>,
    headers?: readonly string[],
  ) => Promise<Answer>
  /** An operation of a JSON service, by name. */
  readonly call: (operation: string, input: unknown, more?: Partial<Call>) => Promise<Answer>
  /** What the last request asked the policies. */
  readonly needs: () => readonly Need[]
}

/** Nothing is run here. */
export const noFunctions: FunctionRunner = {
  invoke: async () => {
    throw new Error('no functions here')
  },
  whyNot: () => undefined,
  inspect: async () => ({ unpackedBytes: 0 }),
  hasRoomFor: () => true,
  urlOf: (urlId, inRegion) => `http://${urlId}.lambda-url.${inRegion}.localhost/`,
  linkTo: async ({ blob }) => `http://127.0.0.1/${blob}`,
  retire: () => {},
}

/** Ids that count, in the alphabet asked for. */
export function countingIds(): IdSource {
  let count = 0
  return {
    text: (alphabet, length) => {
      let rest = ++count
      let made = ''
      for (; made.length < length; rest = Math.floor(rest / alphabet.length))
        made = alphabet[rest % alphabet.length] + made
      return made
    },
    uuid: () => `00000000-0000-4000-8000-${String(++count).padStart(12, '0')}`,
  }
}

export async function harness(name: ServiceName): Promise<Harness> {
  const store = await openStore('memory:')
  const service = services.find((each) => each.name === name)!
  const model = readModel(await service.sdk())
  const { protocol: protocolName } = traitsOfService(name)
  const protocol = protocols[protocolName]
  const ids = countingIds()
  let asked: readonly Need[] = []
  let nowMs = Date.UTC(2026, 0, 2, 3, 4, 5)
  const target = traitsOfService(name).targetPrefix
  const exchange = async (
    method: string,
    path: string,
    body: unknown,
    headers: readonly string[],
    more: Partial<Call> = {},
  ): Promise<Answer> => {
    const [rawPath = '/', rawQuery = ''] = path.split('?')
    const bytes =
      body === undefined
        ? new Uint8Array()
        : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
    const aws: Call['aws'] =
      more.aws ??
      (async (service, operation) => {
        throw new Error(`nobody answers ${operation} of ${service} here`)
      })
    const call: Call = {
      accountId,
      region,
      principal: { type: 'root', accountId, arn: `arn:aws:iam::${accountId}:root` },
      requestId: 'id',
      now: new Date(nowMs++),
      ids,
      documents: store.documents,
      blobs: store.blobs,
      counters: store.counters,
      webKeys: async () => undefined,
      certify: async () => ({ certificate: 'certificate', privateKey: 'key' }),
      edgeFunctions: async () => ({ logs: [], utilization: 0, failure: 'nothing runs here' }),
      functions: noFunctions,
      testMethod: async () => undefined,
      testAuthorizer: async () => {
        throw new Error('no authorizers here')
      },
      aws,
      together: (work) => work(aws),
      explain: async () => undefined,
      refusalOf: async () => undefined,
      refusalTo: async () => undefined,
      ...more,
    }
    const context = { requestId: 'id', model }
    try {
      const request = { method, rawPath, rawQuery, headers, body: new Uint8Array(bytes) }
      const { operation, labels } = identifyOperation(name, model, request)
      const handler = service.operations.get(operation.name)
      if (!handler) throw new AwsError('NotImplemented', operation.name, 501)
      const input = protocol.decode(operation, request, labels)
      validateInput(operation, input, handler.constraints, {
        code: service.validation.code,
        prefix: service.validation.prefix(operation.name),
      })
      asked = await handler.needs(operation, input, call)
      return answerOf(protocol.encode(operation, await handler.handle(input, call), context))
    } catch (error) {
      if (!(error instanceof AwsError)) throw error
      return answerOf(protocol.encodeError(error, context))
    }
  }
  return {
    store,
    needs: () => asked,
    ask: (method, path, body, more, headers = []) => exchange(method, path, body, headers, more),
    call: (operation, input, more) =>
      exchange('POST', '/', input, ['X-Amz-Target', `${target}.${operation}`], more),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  }
}

function answerOf({ status, headers, body }: WireResponse): Answer {
  const text = typeof body === 'string' ? body : Buffer.from(body as Uint8Array).toString()
  const pairs = headers.flatMap((name, at) =>
    at % 2 === 0 ? [[name.toLowerCase(), headers[at + 1]!]] : [],
  )
  const isJson = text.startsWith('{') || text.startsWith('[')
  return {
    status,
    headers: Object.fromEntries(pairs),
    text,
    json: isJson ? JSON.parse(text) : undefined,
  }
}
