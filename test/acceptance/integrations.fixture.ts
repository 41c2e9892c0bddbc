/** A server whose APIs ask functions, backends and services: importing this starts it. */
import { after, before } from 'node:test'
import * as apigateway from '@aws-sdk/client-api-gateway'
import * as iam from '@aws-sdk/client-iam'
import * as lambda from '@aws-sdk/client-lambda'
import { makeRole, nodeFunction } from './roles.fixture.ts'
import { type Serving, serve, settingsOf, temporaryFolder } from './server.fixture.ts'

const folder = temporaryFolder()
export const account = '000000000000'
export let server: Serving
export let api: apigateway.APIGateway
export let functions: lambda.Lambda
export let access: iam.IAM

before(async () => {
  server = await serve(folder.path)
  const settings = settingsOf(server)
  api = new apigateway.APIGateway(settings)
  functions = new lambda.Lambda(settings)
  access = new iam.IAM(settings)
  await makeRole(access, 'function', ['lambda.amazonaws.com'])
  await makeRole(access, 'gateway', ['apigateway.amazonaws.com'])
  await makeRole(access, 'other', ['events.amazonaws.com'])
})
after(async () => {
  await server.stop()
  folder[Symbol.dispose]()
})

/** `GET /` of a new API with this integration, deployed. */
export async function deploy(
  integration: Omit<
    apigateway.PutIntegrationCommandInput,
    'restApiId' | 'resourceId' | 'httpMethod'
  >,
  responses: Readonly<Record<string, string>> = {},
): Promise<{
  restApiId: string
  url: string
  get: (query?: string) => Promise<{ status: number; text: string }>
}> {
  const { id: restApiId, rootResourceId: resourceId } = await api.createRestApi({ name: 'test' })
  const method = { restApiId, resourceId, httpMethod: 'GET' }
  await api.putMethod({ ...method, authorizationType: 'NONE' })
  await api.putIntegration({ ...method, ...integration })
  for (const [statusCode, selectionPattern] of Object.entries(responses)) {
    await api.putMethodResponse({ ...method, statusCode })
    await api.putIntegrationResponse({ ...method, statusCode, selectionPattern })
  }
  await api.createDeployment({ restApiId, stageName: 'prod' })
  const url = `${server.endpoint}/_aws/execute-api/${restApiId}/prod/`
  return {
    restApiId: restApiId!,
    url,
    get: async (query = '') => {
      const answer = await fetch(`${url}${query}`)
      return { status: answer.status, text: await answer.text() }
    },
  }
}

let count = 0
export async function makeFunction(
  code: string,
): Promise<{ name: string; uri: string; streamingUri: string }> {
  const name = `function-${++count}`
  await functions.createFunction(nodeFunction(name, `exports.handler = ${code}`, 'function'))
  const arn = `arn:aws:lambda:us-east-1:${account}:function:${name}`
  const path = 'arn:aws:apigateway:us-east-1:lambda:path'
  return {
    name,
    uri: `${path}/2015-03-31/functions/${arn}/invocations`,
    streamingUri: `${path}/2021-11-15/functions/${arn}/response-streaming-invocations`,
  }
}

export const proxied = (uri: string) =>
  ({ type: 'AWS_PROXY', integrationHttpMethod: 'POST', uri }) as const
