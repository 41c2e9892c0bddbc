/** What each limit adds to a call, whether a hundred thousand keys are as fast as one, and how exact a rate is. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { APIGateway } from '@aws-sdk/client-api-gateway'
import { apigatewayCollections, apiKeyCollections } from '@sekisho/services'
import { sha256 } from '@sekisho/sigv4'
import { openStore } from '@sekisho/store'
import { load, type Side } from './lib/load.ts'
import { freePort, residentMb, type Started, startServer } from './lib/processes.ts'
import { figure, type Section } from './lib/report.ts'
import { type RoundOptions, takeTurns } from './lib/rounds.ts'
import { launchOf, readCredentials, region } from './peers/sekisho.ts'

const accountId = '000000000000'
const otherAccounts = 9
const keysPerAccount = 10_000
const apis = 1_000
/** Enough that no key's record is the last one's neighbour. */
const rotated = 5_000

/** Limits that are drawn on and never reached. */
const wide = { rateLimit: 1e9, burstLimit: 100_000_000 }
/** A busy moment of the machine may last as long as the bucket takes to fill. */
const rate = { rateLimit: 10_000, burstLimit: 2_000 }

export async function pipeline(options: RoundOptions): Promise<readonly Section[]> {
  const [port, emptyPort] = [await freePort(), await freePort()]
  const [data, emptyData] = [newFolder(), newFolder()]
  await using empty = await startAt(emptyPort, emptyData)
  const alone = await deploy(emptyPort, emptyData)
  {
    await using _first = await startAt(port, data)
  }
  const values = await populate(data)
  await using server = await startAt(port, data)
  const crowded = await deploy(port, data)
  const stages = await takeTurns(
    [
      { name: 'no limit', server: empty, path: alone.open },
      {
        name: '+ key and plan',
        server: empty,
        path: alone.plain.path,
        headers: alone.plain.headers,
      },
      {
        name: '+ rate and quota',
        server: empty,
        path: alone.full.path,
        headers: alone.full.headers,
      },
      {
        name: '+ throttled stage',
        server: empty,
        path: alone.staged.path,
        headers: alone.staged.headers,
      },
      {
        name: '+ templates, both ways',
        server: empty,
        path: `${alone.mapped.path}?name=you`,
        headers: alone.mapped.headers,
      },
      {
        name: '+ a body held against its model',
        server: empty,
        path: `${alone.modelled.path}?name=you`,
        headers: alone.modelled.headers,
        body: '{"address":"192.0.2.1","tags":["home","office"],"count":2}',
      },
    ],
    options,
  )
  const among = await takeTurns(
    [
      { name: 'one key', server: empty, path: alone.full.path, headers: alone.full.headers },
      {
        name: 'one key among them',
        server,
        path: crowded.full.path,
        headers: crowded.full.headers,
      },
      {
        name: `${figure(rotated)} keys in turn`,
        server,
        path: `/_aws/execute-api/${apiName(0)}/prod/`,
        rotates: { header: 'x-api-key', values: values.slice(0, rotated) },
      },
    ],
    options,
  )
  const error = await rateError({
    name: 'rate',
    server: empty,
    path: alone.rated.path,
    headers: alone.rated.headers,
  })
  const head = ['', 'requests/s', 'CPU µs/request', 'p50 ms', 'failed']
  const row = (each: (typeof stages)[number]) => [
    each.name,
    figure(each.requestsPerSecond),
    figure(each.cpuMicrosPerRequest),
    figure(each.p50Ms),
    String(each.failures),
  ]
  const cost = (at: number) => stages[at]!.cpuMicrosPerRequest - stages[0]!.cpuMicrosPerRequest
  return [
    {
      title: 'The pipeline, one stage after another',
      intro: 'MOCK without a policy; each row has what the rows above have.',
      head,
      rows: stages.map(row),
      goals: [
        {
          what: 'what key, plan, rate, quota and stage add',
          measured: cost(3),
          must: 10,
          goal: 5,
          better: 'lower',
          unit: 'µs',
        },
      ],
    },
    {
      title: 'API keys by their number',
      intro: `A server with ${figure(keysPerAccount * (otherAccounts + 1))} keys in ${otherAccounts + 1} accounts and ${figure(apis)} APIs beside one with a few; ${figure(residentMb(server.pid))} MB of memory.`,
      head,
      rows: among.map(row),
      goals: [
        {
          what: 'one key among all against one alone',
          measured: among[1]!.ratioTo('one key'),
          must: 0.9,
          better: 'higher',
          unit: '×',
        },
      ],
    },
    {
      title: 'How exact a rate is',
      intro: `Calls let through under load against ${figure(rate.rateLimit)} a second and ${rate.burstLimit} at once.`,
      head: ['', 'figure'],
      rows: [['deviation', `${figure(error * 100)} %`]],
      goals: [{ what: 'deviation', measured: error * 100, must: 1, better: 'lower', unit: '%' }],
    },
  ]
}

const newFolder = () => mkdtempSync(join(tmpdir(), 'sekisho-bench-pipeline-'))

async function startAt(port: number, data: string): Promise<Started> {
  return { ...(await startServer(launchOf(port, data))), url: `http://127.0.0.1:${port}` }
}

async function rateError(side: Side): Promise<number> {
  const round = async (length: number) => {
    await sleep(1_000)
    const { requestsPerSecond, failures, seconds } = await load(side, length)
    return { through: requestsPerSecond * seconds - failures, seconds }
  }
  // Both begin with a full bucket: what it held is in neither difference.
  const [short, long] = [await round(1), await round(4)]
  const expected = rate.rateLimit * (long.seconds - short.seconds)
  return Math.abs((long.through - short.through) / expected - 1)
}

/** What a method has beside its limits. */
interface Given {
  readonly templates?: boolean
  readonly schema?: string
}

const requestTemplate = `#set($name = $input.params('name'))
{"statusCode": #if($name == "")400#{else}200#end, "name": "$util.escapeJavaScript($name)"}`
const responseTemplate = `{"hello": "$input.params('name')", "from": "$context.identity.sourceIp", "id": "$context.requestId"}`
const schema = JSON.stringify({
  $schema: 'http://json-schema.org/draft-04/schema#',
  type: 'object',
  required: ['address'],
  properties: {
    address: { type: 'string', pattern: '^[0-9.]{7,15}$' },
    tags: { type: 'array', maxItems: 8, items: { type: 'string' } },
    count: { type: 'integer', minimum: 0 },
  },
})

interface Keyed {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
}

async function deploy(port: number, data: string) {
  const endpoint = `http://127.0.0.1:${port}`
  const credentials = readCredentials(join(data, 'credentials'))
  const client = new APIGateway({ endpoint, region, credentials })
  const api = async (apiKeyRequired: boolean, given: Given = {}) => {
    const { id: restApiId = '', rootResourceId: resourceId } = await client.createRestApi({
      name: 'bench',
    })
    const key = { restApiId, resourceId, httpMethod: given.schema ? 'POST' : 'GET' }
    await client.putMethod({
      ...key,
      authorizationType: 'NONE',
      apiKeyRequired,
      ...(given.schema && (await modelOf(restApiId, given.schema))),
    })
    await client.putMethodResponse({ ...key, statusCode: '200' })
    const requestTemplates = {
      'application/json': given.templates ? requestTemplate : '{"statusCode": 200}',
    }
    await client.putIntegration({ ...key, type: 'MOCK', requestTemplates })
    const responseTemplates = {
      'application/json': given.templates ? responseTemplate : '{"hello":"world"}',
    }
    await client.putIntegrationResponse({ ...key, statusCode: '200', responseTemplates })
    await client.createDeployment({ restApiId, stageName: 'prod' })
    return restApiId
  }
  const modelOf = async (restApiId: string, schema: string) => {
    const contentType = 'application/json'
    await client.createModel({ restApiId, name: 'Entry', contentType, schema })
    const { id: requestValidatorId } = await client.createRequestValidator({
      restApiId,
      name: 'body',
      validateRequestBody: true,
    })
    return { requestValidatorId, requestModels: { [contentType]: 'Entry' } }
  }
  const planned = async (plan: object, isStaged = false, given: Given = {}): Promise<Keyed> => {
    const restApiId = await api(true, given)
    if (isStaged)
      await client.updateStage({
        restApiId,
        stageName: 'prod',
        patchOperations: [
          { op: 'replace', path: '/*/*/throttling/rateLimit', value: String(wide.rateLimit) },
          { op: 'replace', path: '/*/*/throttling/burstLimit', value: String(wide.burstLimit) },
        ],
      })
    const { id: usagePlanId } = await client.createUsagePlan({
      name: 'bench',
      apiStages: [{ apiId: restApiId, stage: 'prod' }],
      ...plan,
    })
    // Of the few that the full account has left.
    const { id: keyId, value = '' } = await client.createApiKey({ enabled: true })
    await client.createUsagePlanKey({ usagePlanId, keyId, keyType: 'API_KEY' })
    return { path: `/_aws/execute-api/${restApiId}/prod/`, headers: { 'x-api-key': value } }
  }
  const quota = { limit: 2_000_000_000, period: 'DAY' as const }
  return {
    open: `/_aws/execute-api/${await api(false)}/prod/`,
    plain: await planned({}),
    full: await planned({ throttle: wide, quota }),
    staged: await planned({ throttle: wide, quota }, true),
    mapped: await planned({ throttle: wide, quota }, true, { templates: true }),
    modelled: await planned({ throttle: wide, quota }, true, { templates: true, schema }),
    rated: await planned({ throttle: rate }),
  }
}

const apiName = (at: number) => `bench${String(at).padStart(5, '0')}`

/** As the operations would have written it, without asking them a hundred thousand times. @returns values of the first account's keys */
async function populate(data: string): Promise<readonly string[]> {
  await using store = await openStore(`sqlite:${data}`)
  const { documents } = store
  const all: string[] = []
  for (let account = 0; account <= otherAccounts; account++) {
    const owner = account === 0 ? accountId : String(100_000_000_000 + account)
    const place = `${owner}/${region}`
    const planId = 'benchp'
    // The first account keeps room for what is measured.
    const count = account === 0 ? keysPerAccount - 100 : keysPerAccount
    await documents.transact((transaction) => {
      transaction.put(apiKeyCollections.counts, place, count)
      for (let at = 0; at < count; at++) {
        const id = `k${String(account)}${String(at).padStart(8, '0')}`
        const value = `bench-key-of-account-${account}-number-${at}`
        if (account === 0) all.push(value)
        transaction.put(apiKeyCollections.values, `${place}/${sha256(Buffer.from(value))}`, id)
        transaction.put(apiKeyCollections.planKeys, `${place}/${planId}/${id}`, {})
        transaction.put(apiKeyCollections.keys, `${place}/${id}`, {
          id,
          accountId: owner,
          region,
          value,
          enabled: true,
          createdAt: 0,
          updatedAt: 0,
          tags: {},
          planIds: [planId],
        })
      }
      transaction.put(apiKeyCollections.plans, `${place}/${planId}`, {
        id: planId,
        accountId: owner,
        region,
        name: 'bench',
        apiStages: Array.from({ length: account === 0 ? apis : 0 }, (_, at) => ({
          apiId: apiName(at),
          stage: 'prod',
        })),
        throttle: wide,
        tags: {},
      })
    })
  }
  await documents.transact((transaction) => {
    for (let at = 0; at < apis; at++) putApi(transaction, apiName(at))
  })
  return all
}

function putApi(
  transaction: { readonly put: (collection: string, key: string, value: unknown) => void },
  id: string,
): void {
  const method = {
    httpMethod: 'GET',
    authorizationType: 'NONE',
    apiKeyRequired: true,
    methodResponses: { '200': { statusCode: '200' } },
    methodIntegration: {
      type: 'MOCK',
      requestTemplates: { 'application/json': '{"statusCode": 200}' },
      integrationResponses: {
        '200': {
          statusCode: '200',
          responseTemplates: { 'application/json': '{"hello":"world"}' },
        },
      },
    },
  }
  const shared = {
    accountId,
    region,
    name: id,
    endpointTypes: ['REGIONAL'],
    vpcEndpointIds: [],
    disableExecuteApiEndpoint: false,
    binaryMediaTypes: [],
    apiKeySource: 'HEADER',
  }
  const resource = { id: 'root000000', path: '/', methods: { GET: method } }
  transaction.put(apigatewayCollections.owners, id, { accountId, region })
  transaction.put(apigatewayCollections.apis, `${accountId}/${region}/${id}`, {
    ...shared,
    id,
    createdAt: 0,
    ipAddressType: 'ipv4',
    tags: {},
    rootResourceId: resource.id,
    resources: { [resource.id]: resource },
    models: {},
  })
  transaction.put(apigatewayCollections.deployments, `${id}/dep000`, {
    id: 'dep000',
    createdAt: 0,
    models: {},
    snapshot: { ...shared, deploymentId: 'dep000', restApiId: id, resources: [resource] },
  })
  transaction.put(apigatewayCollections.stages, `${id}/prod`, {
    stageName: 'prod',
    deploymentId: 'dep000',
    variables: {},
    tracingEnabled: false,
    tags: {},
    createdAt: 0,
    updatedAt: 0,
  })
}
