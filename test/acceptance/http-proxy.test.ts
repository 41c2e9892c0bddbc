import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { APIGateway } from '@aws-sdk/client-api-gateway'
import { serve, temporaryFolder } from './server.fixture.ts'

test('the server as it is installed passes calls on to an HTTP backend', async () => {
  const backend = createServer((request, response) =>
    response.end(`backend got ${request.method} ${request.url}`),
  )
  await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve))
  using folder = temporaryFolder()
  await using server = await serve(folder.path)
  try {
    const text = readFileSync(join(folder.path, 'credentials'), 'utf8')
    const value = (key: string) => new RegExp(`^${key} = (\\S+)`, 'm').exec(text)?.[1] ?? ''
    const credentials = {
      accessKeyId: value('aws_access_key_id'),
      secretAccessKey: value('aws_secret_access_key'),
    }
    const client = new APIGateway({ endpoint: server.endpoint, region: 'us-east-1', credentials })
    const { id: restApiId = '', rootResourceId: resourceId = '' } = await client.createRestApi({
      name: 'proxy',
    })
    const method = { restApiId, resourceId, httpMethod: 'ANY' }
    await client.putMethod({ ...method, authorizationType: 'NONE' })
    const uri = `http://127.0.0.1:${(backend.address() as AddressInfo).port}/there`
    await client.putIntegration({
      ...method,
      type: 'HTTP_PROXY',
      integrationHttpMethod: 'ANY',
      uri,
    })
    await client.createDeployment({ restApiId, stageName: 'prod' })
    const response = await fetch(`${server.endpoint}/_aws/execute-api/${restApiId}/prod/?q=1`, {
      method: 'DELETE',
    })
    assert.deepEqual(
      [response.status, await response.text()],
      [200, 'backend got DELETE /there?q=1'],
    )
  } finally {
    backend.close()
  }
})
