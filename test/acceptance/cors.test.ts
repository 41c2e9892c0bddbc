/** A page of another origin calls a deployed API, in a real browser. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { APIGateway } from '@aws-sdk/client-api-gateway'
import { needs, programOf } from '../debian-packages.ts'
import { backend } from './backend.fixture.ts'
import { serve, settingsOf, temporaryFolder } from './server.fixture.ts'

const header = (name: string) => `gatewayresponse.header.Access-Control-Allow-${name}`
const answer = (name: string) => `method.response.header.Access-Control-Allow-${name}`
const cors = { Origin: "'*'", Headers: "'content-type,x-api-key'", Methods: "'POST,OPTIONS'" }
const named = (form: (name: string) => string) =>
  Object.fromEntries(Object.entries(cors).map(([name, value]) => [form(name), value]))
const headers = Object.fromEntries(
  Object.keys(cors).map((name) => [`Access-Control-Allow-${name}`, { type: 'string' }]),
)
const mock = {
  responses: { 200: { description: 'ok', headers } },
  'x-amazon-apigateway-integration': {
    type: 'mock',
    requestTemplates: { 'application/json': '{"statusCode": 200}' },
    responses: {
      default: {
        statusCode: '200',
        responseParameters: named(answer),
        responseTemplates: { 'application/json': '{"hello":"browser"}' },
      },
    },
  },
}

/** `/open` answers, `/closed` asks for a key; each knows preflights. */
const document = (responses: object) => ({
  swagger: '2.0',
  info: { title: 'cors', version: '1' },
  paths: {
    '/open': { post: mock, options: mock },
    '/closed': { post: { ...mock, security: [{ key: [] }] }, options: mock },
  },
  securityDefinitions: { key: { type: 'apiKey', name: 'x-api-key', in: 'header' } },
  'x-amazon-apigateway-gateway-responses': responses,
})

/** Asks each address in turn and tells its own server what came. */
const page = (addresses: readonly string[]) => `<script type="module">
const results = []
for (const url of ${JSON.stringify(addresses)}) {
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"statusCode":200}' }
  results.push(await fetch(url, init).then(async (answer) => [answer.status, await answer.json()], (error) => error.name))
}
await fetch('/results', { method: 'POST', body: JSON.stringify(results) })
</script>`

test(
  'a page reads answers and refusals of an API that lets it, and no others',
  needs('chromium'),
  async () => {
    using folder = temporaryFolder()
    await using server = await serve(join(folder.path, 'data'))
    const client = new APIGateway(settingsOf(server))
    const deployed = async (responses: object) => {
      const body = new TextEncoder().encode(JSON.stringify(document(responses)))
      const { id } = await client.importRestApi({ body })
      await client.createDeployment({ restApiId: id, stageName: 'prod' })
      return `${server.endpoint}/_aws/execute-api/${id}/prod`
    }
    const kind = await deployed({ DEFAULT_4XX: { responseParameters: named(header) } })
    const silent = await deployed({})
    const addresses = [`${kind}/open`, `${kind}/closed`, `${silent}/open`, `${silent}/closed`]
    const { promise, resolve } = Promise.withResolvers<unknown>()
    using origin = await backend((request, response) => {
      if (request.url !== '/results') {
        response.setHeader('content-type', 'text/html').end(page(addresses))
        return
      }
      request.toArray().then((pieces) => resolve(JSON.parse(Buffer.concat(pieces).toString())))
      response.end()
    })
    const browser = spawn(
      programOf('chromium'),
      [
        ...['--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run'],
        ...[`--user-data-dir=${join(folder.path, 'browser')}`, origin.url],
      ],
      { stdio: 'ignore' },
    )
    try {
      const gone = new Promise<never>((_, reject) =>
        browser.once('exit', (code) => reject(new Error(`the browser ended with ${code}`))),
      )
      assert.deepEqual(await Promise.race([promise, gone]), [
        [200, { hello: 'browser' }],
        [403, { message: 'Forbidden' }],
        [200, { hello: 'browser' }],
        'TypeError',
      ])
    } finally {
      browser.removeAllListeners('exit')
      browser.kill('SIGKILL')
    }
  },
)
