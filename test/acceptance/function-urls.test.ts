import assert from 'node:assert/strict'
import { type IncomingHttpHeaders, request } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import * as iam from '@aws-sdk/client-iam'
import * as lambda from '@aws-sdk/client-lambda'
import { signRequest } from '@sekisho/sigv4'
import { isolated } from '../debian-packages.ts'
import { makeRole, nodeFunction } from './roles.fixture.ts'
import { type Serving, sekisho, serve, settingsOf, temporaryFolder } from './server.fixture.ts'

const folder = temporaryFolder()
let server: Serving
let client: lambda.Lambda
let access: iam.IAM
let key: { accessKeyId: string; secretAccessKey: string }

before(async () => {
  server = await serve(folder.path)
  const settings = settingsOf(server)
  key = settings.credentials
  client = new lambda.Lambda(settings)
  access = new iam.IAM(settings)
  await makeRole(access, 'functions', ['lambda.amazonaws.com'])
})
after(async () => {
  await server.stop()
  folder[Symbol.dispose]()
})

interface Got {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

interface How {
  readonly method?: string
  readonly headers?: readonly string[]
  readonly body?: string
  readonly signedBy?: typeof key
}

/** As a browser would, whatever the machine's resolver knows of `*.localhost`. */
function get(url: string, { method = 'GET', headers = [], body = '', signedBy }: How = {}) {
  const { host, hostname, port, pathname, search } = new URL(url)
  const all = ['Host', host, ...headers]
  const signature = signedBy
    ? signRequest(
        { method, rawPath: pathname, rawQuery: search.slice(1), headers: all },
        signedBy,
        {
          region: 'us-east-1',
          service: 'lambda',
          now: new Date(),
        },
      )
    : []
  assert.match(hostname, /\.lambda-url\.us-east-1\.localhost$/)
  return new Promise<Got>((resolve, reject) => {
    request({
      host: '127.0.0.1',
      port,
      method,
      path: `${pathname}${search}`,
      headers: [...all, ...signature] as never,
      setHost: false,
    })
      .on('response', async (response) => {
        const bytes = await buffer(response).catch(reject)
        if (bytes)
          resolve({
            status: response.statusCode!,
            headers: response.headers,
            body: bytes.toString(),
          })
      })
      .on('error', reject)
      .end(body)
  })
}

async function create(
  name: string,
  code: string,
  more: Partial<lambda.CreateFunctionUrlConfigRequest>,
) {
  await client.createFunction(nodeFunction(name, code))
  const { FunctionUrl } = await client.createFunctionUrlConfig({
    FunctionName: name,
    AuthType: 'NONE',
    ...more,
  })
  return FunctionUrl!
}

/** As AWS's console does for a URL that is open to all. */
async function open(FunctionName: string): Promise<void> {
  await client.addPermission({
    FunctionName,
    StatementId: 'url',
    Action: 'lambda:InvokeFunctionUrl',
    Principal: '*',
    FunctionUrlAuthType: 'NONE',
  })
  await client.addPermission({
    FunctionName,
    StatementId: 'function',
    Action: 'lambda:InvokeFunction',
    Principal: '*',
    InvokedViaFunctionUrl: true,
  })
}

const forbidden = JSON.stringify({
  Message:
    'Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html',
})
const echo = `exports.handler = async (event) => event`

test('a URL of type NONE answers whom the policy of its function lets in', isolated, async () => {
  const url = await create('open', echo, {})
  const closed = await get(url)
  assert.deepEqual([closed.status, closed.body], [403, forbidden])
  await open('open')
  const { status, headers, body } = await get(`${url}a/b%20c?x=1&x=2&y=z`, {
    method: 'POST',
    headers: ['Content-Type', 'text/plain', 'Cookie', 'a=1; b=2', 'X-One', '1', 'X-One', '2'],
    body: 'hello',
  })
  assert.equal(status, 200)
  assert.equal(headers['content-type'], 'application/json')
  const event = JSON.parse(body)
  assert.deepEqual(
    {
      ...event,
      headers: { 'x-one': event.headers['x-one'] },
      requestContext: { ...event.requestContext, time: '', timeEpoch: 0, requestId: '' },
    },
    {
      version: '2.0',
      routeKey: '$default',
      rawPath: '/a/b%20c',
      rawQueryString: 'x=1&x=2&y=z',
      cookies: ['a=1', 'b=2'],
      headers: { 'x-one': '1,2' },
      queryStringParameters: { x: '1,2', y: 'z' },
      requestContext: {
        accountId: 'anonymous',
        apiId: event.requestContext.domainPrefix,
        domainName: new URL(url).hostname,
        domainPrefix: new URL(url).hostname.split('.')[0],
        http: {
          method: 'POST',
          path: '/a/b%20c',
          protocol: 'HTTP/1.1',
          sourceIp: '127.0.0.1',
          userAgent: '',
        },
        requestId: '',
        routeKey: '$default',
        stage: '$default',
        time: '',
        timeEpoch: 0,
      },
      body: 'hello',
      isBase64Encoded: false,
    },
  )
  const log = sekisho(['log', '--data', server.data, '--json']).stdout
  assert.match(log, /"road":"function-url".*"action":"lambda:InvokeFunctionUrl"/)
})

test('a URL of type AWS_IAM answers whoever signs and may', isolated, async () => {
  const url = await create('signed', echo, { AuthType: 'AWS_IAM' })
  assert.equal((await get(url)).status, 403)
  const { status, body } = await get(url, { signedBy: key })
  assert.equal(status, 200, body)
  const { iam: signer } = JSON.parse(body).requestContext.authorizer
  assert.equal(signer.userArn, 'arn:aws:iam::000000000000:root')
  assert.equal(JSON.parse(body).headers.authorization, undefined)
  const wrong = await get(url, { signedBy: { ...key, secretAccessKey: 'wrong' } })
  assert.equal(wrong.status, 403)
  await access.createUser({ UserName: 'caller' })
  const { AccessKey } = await access.createAccessKey({ UserName: 'caller' })
  const caller = {
    accessKeyId: AccessKey!.AccessKeyId!,
    secretAccessKey: AccessKey!.SecretAccessKey!,
  }
  const allow = (...Action: string[]) =>
    access.putUserPolicy({
      UserName: 'caller',
      PolicyName: 'own',
      PolicyDocument: JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Action, Resource: '*' }],
      }),
    })
  assert.equal((await get(url, { signedBy: caller })).status, 403)
  // The URL alone is not enough: the function is asked, too.
  await allow('lambda:InvokeFunctionUrl')
  assert.equal((await get(url, { signedBy: caller })).status, 403)
  await allow('lambda:InvokeFunctionUrl', 'lambda:InvokeFunction')
  assert.equal((await get(url, { signedBy: caller })).status, 200)
})

test('what a function answers is what the caller gets', isolated, async () => {
  const url = await create(
    'answers',
    `exports.handler = async ({ rawPath }) => {
      switch (rawPath) {
        case '/full': return { statusCode: 201, headers: { 'X-A': 'b', 'content-type': 'text/x' }, cookies: ['c=1', 'd=2'], body: Buffer.from('hey').toString('base64'), isBase64Encoded: true }
        case '/text': return 'plain'
        case '/fails': throw new Error('no')
        case '/wrong': return { statusCode: 'many' }
        case '/split': return { statusCode: 200, headers: { 'X-A': 'b\\r\\nX-C: d' } }
      }
    }`,
    {},
  )
  await open('answers')
  const full = await get(`${url}full`)
  assert.deepEqual(
    [
      full.status,
      full.headers['x-a'],
      full.headers['content-type'],
      full.headers['set-cookie'],
      full.body,
    ],
    [201, 'b', 'text/x', ['c=1', 'd=2'], 'hey'],
  )
  assert.equal((await get(`${url}text`)).body, '"plain"')
  for (const path of ['fails', 'wrong', 'split']) {
    const { status, body } = await get(`${url}${path}`)
    assert.deepEqual([status, body], [502, 'Internal Server Error'], path)
  }
})

test('the settings of a URL decide which origins may read it', isolated, async () => {
  const url = await create(
    'cors',
    `exports.handler = async () => ({ statusCode: 200, headers: { 'Access-Control-Allow-Origin': 'x' } })`,
    {
      Cors: {
        AllowOrigins: ['https://*.example.com'],
        AllowMethods: ['GET'],
        AllowHeaders: ['x-a'],
        MaxAge: 60,
      },
    },
  )
  await open('cors')
  const origin = ['Origin', 'https://a.example.com']
  const asked = await get(url, {
    method: 'OPTIONS',
    headers: [...origin, 'Access-Control-Request-Method', 'GET'],
  })
  assert.deepEqual(
    [
      asked.status,
      asked.headers['access-control-allow-origin'],
      asked.headers['access-control-allow-methods'],
      asked.headers['access-control-max-age'],
    ],
    [200, 'https://a.example.com', 'GET', '60'],
  )
  const answer = await get(url, { headers: origin })
  assert.equal(answer.headers['access-control-allow-origin'], 'https://a.example.com')
  const foreign = await get(url, { headers: ['Origin', 'https://example.org'] })
  assert.equal(foreign.headers['access-control-allow-origin'], undefined)
})

test('a streamed answer comes piece by piece', isolated, async () => {
  const url = await create(
    'stream',
    `exports.handler = awslambda.streamifyResponse(async (event, stream) => {
      const out = awslambda.HttpResponseStream.from(stream, { statusCode: 202, headers: { 'Content-Type': 'text/plain', 'X-A': 'b' }, cookies: ['c=1'] })
      out.write('first ')
      await new Promise((done) => setTimeout(done, event.rawPath === '/slowly' ? 1500 : 10))
      out.write('second')
      if (event.rawPath === '/breaks') throw new Error('no')
      out.end()
    })`,
    { InvokeMode: 'RESPONSE_STREAM' },
  )
  await open('stream')
  await get(url)
  const { host, port } = new URL(url)
  const times: number[] = []
  const begunAt = performance.now()
  const [status, text, headers] = await new Promise<[number, string, IncomingHttpHeaders]>(
    (resolve, reject) => {
      request({ host: '127.0.0.1', port, path: '/slowly', headers: { Host: host } })
        .on('response', async (response) => {
          let all = ''
          for await (const piece of response) {
            times.push(performance.now() - begunAt)
            all += piece
          }
          resolve([response.statusCode!, all, response.headers])
        })
        .on('error', reject)
        .end()
    },
  )
  assert.deepEqual([status, text], [202, 'first second'])
  assert.deepEqual([headers['x-a'], headers['set-cookie']], ['b', ['c=1']])
  assert.ok(times.at(-1)! - times[0]! > 300, String(times))
  await assert.rejects(get(`${url}breaks`))
  await client.updateFunctionUrlConfig({ FunctionName: 'stream', InvokeMode: 'BUFFERED' })
  assert.equal((await get(`${url}breaks`)).status, 502)
  assert.equal((await get(url)).body, 'first second')
})

test('a URL goes with its function, or before it', isolated, async () => {
  const url = await create('gone', echo, {})
  await open('gone')
  assert.equal((await get(url)).status, 200)
  await assert.rejects(client.createFunctionUrlConfig({ FunctionName: 'gone', AuthType: 'NONE' }), {
    name: 'ResourceConflictException',
  })
  await client.deleteFunctionUrlConfig({ FunctionName: 'gone' })
  assert.equal((await get(url)).status, 404)
  await assert.rejects(client.getFunctionUrlConfig({ FunctionName: 'gone' }), {
    name: 'ResourceNotFoundException',
  })
})
