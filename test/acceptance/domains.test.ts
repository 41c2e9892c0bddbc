import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { needs } from '../debian-packages.ts'
import { launcher, type Serving, serve, temporaryFolder } from './server.fixture.ts'

const run = promisify(execFile)
const folder = temporaryFolder()
let server: Serving
before(async () => {
  server = await serve(folder.path, '--tls')
})
after(async () => {
  await server[Symbol.asyncDispose]()
  folder[Symbol.dispose]()
})

/** The AWS CLI as `sekisho exec` runs it: over HTTPS, trusting the local authority. */
async function aws(...args: readonly string[]): Promise<string> {
  const command = [launcher, 'exec', '--data', folder.path, '--', 'aws', ...args]
  const { stdout } = await run(process.execPath, [...command, '--output', 'text'])
  return stdout.trim()
}

async function curl(host: string, path: string): Promise<string> {
  const { port } = new URL(server.endpoint)
  const { stdout } = await run('curl', [
    ...['--silent', '--show-error', '--cacert', `${folder.path}/tls/ca.pem`],
    ...['--resolve', `${host}:${port}:127.0.0.1`, '--write-out', ' %{http_code}'],
    `https://${host}:${port}${path}`,
  ])
  return stdout
}

test(
  'the AWS CLI names a domain, and curl calls the API by it over TLS',
  needs('awscli', 'curl'),
  async () => {
    const api = await aws('apigateway', 'create-rest-api', '--name', 'shop', '--query', 'id')
    const at = ['--rest-api-id', api]
    const root = await aws('apigateway', 'get-resources', ...at, '--query', 'items[0].id')
    const method = [...at, '--resource-id', root, '--http-method', 'GET']
    await aws('apigateway', 'put-method', ...method, '--authorization-type', 'NONE')
    await aws('apigateway', 'put-method-response', ...method, '--status-code', '200')
    await aws(
      ...['apigateway', 'put-integration', ...method, '--type', 'MOCK'],
      ...['--request-templates', '{"application/json":"{\\"statusCode\\": 200}"}'],
    )
    await aws(
      ...['apigateway', 'put-integration-response', ...method, '--status-code', '200'],
      ...['--response-templates', '{"application/json":"$context.domainName $context.path"}'],
    )
    await aws('apigateway', 'create-deployment', ...at, '--stage-name', 'prod')
    const certificate = 'arn:aws:acm:us-east-1:000000000000:certificate/1'
    const name = ['--domain-name', 'api.example.com']
    await aws(
      ...['apigateway', 'create-domain-name', ...name],
      ...['--regional-certificate-arn', certificate],
      ...['--endpoint-configuration', 'types=REGIONAL'],
    )
    await aws(
      ...['apigateway', 'create-base-path-mapping', ...name, '--base-path', 'v1'],
      ...['--rest-api-id', api, '--stage', 'prod'],
    )
    assert.equal(await curl('api.example.com', '/v1'), 'api.example.com /v1 200')
    assert.equal(await curl('api.example.com', '/v2'), '{"message":"Forbidden"} 403')
  },
)
