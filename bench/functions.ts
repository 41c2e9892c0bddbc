/** Warm functions behind the gateway, beside serverless-offline and beside a bare child process. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { APIGateway } from '@aws-sdk/client-api-gateway'
import { IAM } from '@aws-sdk/client-iam'
import { Lambda, type Runtime } from '@aws-sdk/client-lambda'
import { zip } from '../packages/server/src/functions/zip.fixture.ts'
import { load, type Side } from './lib/load.ts'
import { freePort, startServer } from './lib/processes.ts'
import { figure, type Goal, type Section } from './lib/report.ts'
import { type Measured, type RoundOptions, takeTurns } from './lib/rounds.ts'
import { launchOf, readCredentials, region } from './peers/sekisho.ts'
import { serverlessOffline } from './peers/serverless-offline.ts'

const answer = '{"hello":"world"}'
const functions = {
  node: {
    Runtime: 'nodejs22.x',
    file: 'index.js',
    code: `exports.handler = async () => ({ statusCode: 200, body: '${answer}' })`,
  },
  python: {
    Runtime: 'python3.12',
    file: 'index.py',
    code: `def handler(event, context):\n    return {"statusCode": 200, "body": '${answer}'}\n`,
  },
} as const

export async function measureFunctions(options: RoundOptions): Promise<readonly Section[]> {
  const port = await freePort()
  const data = mkdtempSync(join(tmpdir(), 'sekisho-bench-data-'))
  await using server = await startServer(launchOf(port, data))
  const endpoint = `http://127.0.0.1:${port}`
  const paths = await deploy(endpoint, data)
  const sekisho = { ...server, url: endpoint }
  const floorPort = await freePort()
  await using floor = await startServer({
    command: process.execPath,
    args: [join(import.meta.dirname, 'peers/child-floor.mjs'), String(floorPort)],
    url: `http://127.0.0.1:${floorPort}/`,
  })
  const sides: readonly Side[] = [
    { name: 'sekisho, Node', server: sekisho, path: paths.node },
    { name: 'sekisho, Python', server: sekisho, path: paths.python },
    { name: 'a bare child process (Node)', server: floor },
  ]
  const many = await takeTurns(sides, options)
  const alone = await takeTurns(
    sides.map((side) => ({ ...side, connections: 1 })),
    options,
  )
  const offline: Measured[] = []
  for (const args of [[], ['--useInProcess']]) {
    await using peer = await startServer(await serverlessOffline('http://127.0.0.1:9/', args))
    const name = `serverless-offline ${args.join(' ') || '(its default)'}`
    const side = { name, server: peer, path: '/function' }
    await load(side, 1)
    offline.push(...(await takeTurns([sides[0]!, side], options)))
    // Its connections have to be gone before the next.
    await sleep(500)
  }
  return [section(many, alone, offline)]
}

export async function deploy(
  endpoint: string,
  data: string,
): Promise<Readonly<Record<keyof typeof functions, string>>> {
  const credentials = readCredentials(join(data, 'credentials'))
  const settings = { endpoint, region, credentials }
  await new IAM(settings).createRole({
    RoleName: 'bench',
    AssumeRolePolicyDocument:
      '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}',
  })
  await new IAM(settings).putRolePolicy({
    RoleName: 'bench',
    PolicyName: 'logs',
    PolicyDocument:
      '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"logs:*","Resource":"*"}]}',
  })
  const lambda = new Lambda(settings)
  const api = new APIGateway(settings)
  const { id, rootResourceId } = await api.createRestApi({ name: 'functions' })
  const restApiId = id!
  for (const [name, { Runtime, file, code }] of Object.entries(functions)) {
    const { FunctionArn } = await lambda.createFunction({
      FunctionName: name,
      Runtime: Runtime as Runtime,
      Role: 'arn:aws:iam::000000000000:role/bench',
      Handler: 'index.handler',
      MemorySize: 512,
      Code: { ZipFile: zip([{ name: file, content: code }]) },
    })
    await lambda.addPermission({
      FunctionName: name,
      StatementId: 'api',
      Action: 'lambda:InvokeFunction',
      Principal: 'apigateway.amazonaws.com',
    })
    const resource = { restApiId, parentId: rootResourceId!, pathPart: name }
    const { id: resourceId } = await api.createResource(resource)
    const method = { restApiId, resourceId: resourceId!, httpMethod: 'GET' }
    await api.putMethod({ ...method, authorizationType: 'NONE' })
    await api.putIntegration({
      ...method,
      type: 'AWS_PROXY',
      integrationHttpMethod: 'POST',
      uri: `arn:aws:apigateway:${region}:lambda:path/2015-03-31/functions/${FunctionArn}/invocations`,
    })
  }
  await api.createDeployment({ restApiId, stageName: 'prod' })
  const base = `/_aws/execute-api/${restApiId}/prod`
  return { node: `${base}/node`, python: `${base}/python` }
}

function section(
  many: readonly Measured[],
  alone: readonly Measured[],
  [besideDefault, byDefault, besideInProcess, inProcess]: readonly Measured[],
): Section {
  const [node] = many
  const floorName = many.at(-1)!.name
  return {
    title: 'Warm functions behind the gateway (AWS_PROXY)',
    intro:
      'Every call is routed, decided, asked of the function’s own policy, run apart from everything else, logged and recorded; the bare child process is handed the same event and decides nothing. CPU is that of the server with its functions.',
    head: [
      'server',
      'requests/s',
      '× child',
      'CPU µs/request',
      'p50 ms',
      'p50 ms, 1 connection',
      'failed',
    ],
    rows: [
      ...many.map((side, at) => row(side, side.ratioTo(floorName), alone[at]!.p50Ms)),
      ...[
        [besideDefault!, byDefault!],
        [besideInProcess!, inProcess!],
      ].map(([beside, peer]) => row(peer!, node!.ratioTo(floorName) / beside!.ratioTo(peer!.name))),
    ],
    goals: [
      {
        what: 'p50 at one connection, Node',
        measured: alone[0]!.p50Ms,
        must: 0.2,
        better: 'lower',
        unit: 'ms',
      },
      ratio('against serverless-offline', besideDefault!.ratioTo(byDefault!.name), 15),
      ratio('against serverless-offline in process', besideInProcess!.ratioTo(inProcess!.name), 4),
    ],
  }
}

function row(side: Measured, ratioToFloor: number, aloneMs?: number): readonly string[] {
  return [
    side.name,
    figure(side.requestsPerSecond),
    figure(ratioToFloor),
    figure(side.cpuMicrosPerRequest),
    figure(side.p50Ms),
    aloneMs === undefined ? '' : figure(aloneMs),
    String(side.failures),
  ]
}

function ratio(what: string, measured: number, must: number): Goal {
  return { what, measured, must, better: 'higher', unit: '×' }
}
