import assert from 'node:assert/strict'
import { test } from 'node:test'
import { APIGateway } from '@aws-sdk/client-api-gateway'
import { backend } from './backend.fixture.ts'
import { serve, settingsOf, temporaryFolder } from './server.fixture.ts'

test('the server as it is installed passes calls on to an HTTP backend', async () => {
  using origin = await backend((request, response) =>
    response.end(`backend got ${request.method} ${request.url}`),
  )
  using folder = temporaryFolder()
  await using server = await serve(folder.path)
  const client = new APIGateway(settingsOf(server))
  const { id: restApiId = '', rootResourceId: resourceId = '' } = await client.createRestApi({
    name: 'proxy',
  })
  const method = { restApiId, resourceId, httpMethod: 'ANY' }
  await client.putMethod({ ...method, authorizationType: 'NONE' })
  const uri = `${origin.url}there`
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
  assert.deepEqual([response.status, await response.text()], [200, 'backend got DELETE /there?q=1'])
})
