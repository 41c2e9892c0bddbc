/** What becomes of every header that API Gateway treats in a way of its own. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { call, headerOf, mock, owner, snapshotOf } from './call.fixture.ts'
import type { FunctionCall, ServiceRequest, UpstreamRequest } from './ports.ts'
import type { SnapshotMethod } from './snapshot.ts'

type Fate = 'passed' | 'dropped' | 'remapped' | 'own' | 'fails'

interface Row {
  /** Of a client: to a backend behind HTTP_PROXY, and into a function's event. */
  readonly toBackend: Fate
  readonly toFunction: Fate
  /** Mapped by the API: to a backend, and to a service. */
  readonly mappedToBackend: Fate
  readonly mappedToService: Fate
  /** Said by a backend or a function behind a proxy integration, and mapped by the API. */
  readonly toClient: Fate
  readonly mappedToClient: Fate
}

const row = (
  toBackend: Fate,
  toFunction: Fate,
  mappedToBackend: Fate,
  mappedToService: Fate,
  toClient: Fate,
  mappedToClient: Fate,
): Row => ({
  toBackend,
  toFunction,
  mappedToBackend,
  mappedToService,
  toClient,
  mappedToClient,
})

/**
 * @see API Gateway Developer Guide, "Amazon API Gateway important notes for REST APIs"; of mapped headers what was
 * recorded of AWS
 */
const rows: Readonly<Record<string, Row>> = {
  Accept: row('passed', 'passed', 'passed', 'passed', 'passed', 'passed'),
  'Accept-Charset': row('passed', 'passed', 'passed', 'passed', 'passed', 'passed'),
  'Accept-Encoding': row('passed', 'passed', 'passed', 'passed', 'passed', 'passed'),
  Age: row('passed', 'passed', 'passed', 'passed', 'passed', 'passed'),
  Authorization: row('passed', 'passed', 'passed', 'fails', 'remapped', 'remapped'),
  Connection: row('dropped', 'dropped', 'passed', 'fails', 'remapped', 'remapped'),
  'Content-Encoding': row('dropped', 'passed', 'passed', 'passed', 'passed', 'passed'),
  'Content-Length': row('dropped', 'dropped', 'fails', 'fails', 'remapped', 'remapped'),
  'Content-MD5': row('dropped', 'dropped', 'passed', 'passed', 'remapped', 'remapped'),
  'Content-Type': row('passed', 'passed', 'passed', 'passed', 'passed', 'passed'),
  Date: row('passed', 'passed', 'passed', 'passed', 'remapped', 'remapped'),
  Expect: row('dropped', 'dropped', 'dropped', 'fails', 'dropped', 'remapped'),
  Host: row('dropped', 'own', 'passed', 'passed', 'dropped', 'remapped'),
  'Max-Forwards': row('dropped', 'dropped', 'passed', 'passed', 'remapped', 'remapped'),
  Pragma: row('passed', 'passed', 'passed', 'passed', 'passed', 'passed'),
  'Proxy-Authenticate': row('dropped', 'dropped', 'dropped', 'fails', 'dropped', 'remapped'),
  Range: row('passed', 'passed', 'passed', 'passed', 'passed', 'passed'),
  Referer: row('passed', 'passed', 'passed', 'dropped', 'passed', 'passed'),
  Server: row('dropped', 'dropped', 'passed', 'passed', 'remapped', 'remapped'),
  TE: row('dropped', 'dropped', 'dropped', 'fails', 'passed', 'passed'),
  Trailer: row('dropped', 'dropped', 'passed', 'passed', 'remapped', 'remapped'),
  'Transfer-Encoding': row('dropped', 'dropped', 'fails', 'fails', 'dropped', 'dropped'),
  Upgrade: row('dropped', 'dropped', 'passed', 'passed', 'remapped', 'remapped'),
  'User-Agent': row('passed', 'passed', 'passed', 'passed', 'remapped', 'remapped'),
  Via: row('dropped', 'passed', 'dropped', 'passed', 'dropped', 'passed'),
  Warn: row('passed', 'passed', 'passed', 'passed', 'passed', 'passed'),
  'WWW-Authenticate': row('dropped', 'dropped', 'passed', 'passed', 'remapped', 'remapped'),
  'X-Amzn-Apigateway-Api-Id': row('own', 'passed', 'fails', 'fails', 'passed', 'passed'),
  'X-Amzn-RequestId': row('passed', 'passed', 'passed', 'passed', 'remapped', 'remapped'),
  'X-Amzn-Trace-Id': row('own', 'own', 'fails', 'fails', 'passed', 'passed'),
  'X-Forwarded-For': row('own', 'own', 'passed', 'passed', 'passed', 'passed'),
  'X-Forwarded-Port': row('own', 'own', 'passed', 'passed', 'passed', 'passed'),
  'X-Forwarded-Proto': row('own', 'own', 'passed', 'passed', 'passed', 'passed'),
  'X-Forwarded-Host': row('passed', 'passed', 'passed', 'passed', 'passed', 'passed'),
}

const value = 'v-1'
const uri = `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:${owner}:function:f/invocations`
const integrations = {
  HTTP: { httpMethod: 'GET', uri: 'http://backend.test/' },
  HTTP_PROXY: { httpMethod: 'GET', uri: 'http://backend.test/' },
  AWS: { httpMethod: 'POST', uri: 'arn:aws:apigateway:us-east-1:logs:action/DescribeLogGroups' },
  AWS_PROXY: { httpMethod: 'POST', uri },
} as const

/** One call by such an integration, with what was asked and what the client got. */
async function pass(
  type: keyof typeof integrations,
  how: {
    readonly sent?: string
    readonly mapped?: string
    readonly said?: string
    readonly mappedBack?: string
  },
) {
  const { sent, mapped, said, mappedBack } = how
  const method: SnapshotMethod = {
    ...mock,
    methodIntegration: {
      type,
      ...integrations[type],
      ...(mapped && {
        requestParameters: { [`integration.request.header.${mapped}`]: `'${value}'` },
      }),
      integrationResponses: {
        '200': {
          statusCode: '200',
          ...(mappedBack && {
            responseParameters: { [`method.response.header.${mappedBack}`]: `'${value}'` },
          }),
        },
      },
    },
    methodResponses: {
      '200': {
        statusCode: '200',
        ...(mappedBack && {
          responseParameters: { [`method.response.header.${mappedBack}`]: false },
        }),
      },
    },
  }
  const asked: (UpstreamRequest | ServiceRequest | FunctionCall)[] = []
  const answer = { status: 200, headers: said ? [said, value] : [], body: new Uint8Array() }
  const reply = await call(snapshotOf({ '/': { GET: method } }), {
    headers: sent === undefined || sent === 'Host' ? [] : [sent, value],
    upstream(request) {
      asked.push(request)
      return answer
    },
    askService: async (request) => {
      asked.push(request)
      return answer
    },
    invokeFunction: async (request) => {
      asked.push(request)
      return { payload: Buffer.from(JSON.stringify({ headers: said ? { [said]: value } : {} })) }
    },
  })
  return { reply, asked: asked[0] }
}

/** The last of that name, of those that are in force. */
function fateOf(headers: readonly string[], name: string): Fate {
  const values = headers.filter(
    (_, at) => at % 2 === 1 && headers[at - 1]!.toLowerCase() === name.toLowerCase(),
  )
  if (values.includes(value) && values.every((each) => each === value)) return 'passed'
  if (values.length > 0) return values.includes(value) && name !== 'Host' ? 'passed' : 'own'
  return 'dropped'
}

const flat = (request: unknown) => (request as UpstreamRequest).headers
const eventOf = (request: unknown) => {
  const { headers } = JSON.parse(Buffer.from((request as FunctionCall).payload).toString())
  return Object.entries(headers as Record<string, string>).flat()
}
function answered(reply: Awaited<ReturnType<typeof call>>, name: string): Fate {
  if (reply.status === 500) return 'fails'
  if (headerOf(reply, `x-amzn-Remapped-${name}`) === value) return 'remapped'
  return headerOf(reply, name) === value ? 'passed' : 'dropped'
}

for (const [name, expected] of Object.entries(rows))
  test(`${name} goes the way that API Gateway sends it`, async () => {
    const mapped = async (type: 'HTTP' | 'AWS') => {
      const { reply, asked } = await pass(type, { mapped: name })
      return reply.status === 500 ? 'fails' : fateOf(flat(asked), name)
    }
    const found = {
      toBackend: fateOf(flat((await pass('HTTP_PROXY', { sent: name })).asked), name),
      toFunction: fateOf(eventOf((await pass('AWS_PROXY', { sent: name })).asked), name),
      mappedToBackend: await mapped('HTTP'),
      mappedToService: await mapped('AWS'),
      toClient: answered((await pass('HTTP_PROXY', { said: name })).reply, name),
      mappedToClient: answered((await pass('HTTP', { mappedBack: name })).reply, name),
    }
    assert.deepEqual(found, expected)
    const ofFunction = answered((await pass('AWS_PROXY', { said: name })).reply, name)
    assert.equal(ofFunction, expected.toClient, 'a function says it')
  })

test('a client cannot say from where it calls: its words come before the truth', async () => {
  const { asked } = await pass('HTTP_PROXY', { sent: 'X-Forwarded-For' })
  const headers = flat(asked)
  assert.equal(headers[headers.indexOf('X-Forwarded-For') + 1], `${value}, 11.22.33.44`)
  assert.equal(headers[headers.indexOf('X-Forwarded-Proto') + 1], 'http')
  assert.equal(headers[headers.indexOf('X-Forwarded-Port') + 1], '80')
})
