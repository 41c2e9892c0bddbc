/** An API to ask about: GET / as a MOCK, and short ways to ask. */
import { type Answer, type Harness, harness } from '../harness.fixture.ts'

export interface MadeApi extends AsyncDisposable {
  readonly api: Harness
  readonly id: string
  readonly root: string
  /** `{api}` and `{root}` in the path are filled in. */
  readonly ask: (method: string, path: string, body?: unknown) => Promise<Answer>
  /** One PATCH of `path` with these operations. */
  readonly patch: (path: string, ...operations: readonly object[]) => Promise<Answer>
}

export async function madeApi(): Promise<MadeApi> {
  const api = await harness('apigateway')
  const { json } = await api.ask('POST', '/restapis', { name: 'demo' })
  const { id, rootResourceId: root } = json
  const ask = (method: string, path: string, body?: unknown) =>
    api.ask(method, path.replace('{api}', id).replace('{root}', root), body)
  const method = '/restapis/{api}/resources/{root}/methods/GET'
  await ask('PUT', method, { authorizationType: 'NONE' })
  await ask('PUT', `${method}/responses/200`, {})
  await ask('PUT', `${method}/integration`, {
    type: 'MOCK',
    requestTemplates: { 'application/json': '{"statusCode": 200}' },
  })
  await ask('PUT', `${method}/integration/responses/200`, {})
  return {
    api,
    id,
    root,
    ask,
    patch: (path, ...patchOperations) => ask('PATCH', path, { patchOperations }),
    [Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
  }
}

/** Status and words of a refusal. */
export function refusal({ status, json }: Answer): readonly [number, string] {
  return [status, json?.message]
}
