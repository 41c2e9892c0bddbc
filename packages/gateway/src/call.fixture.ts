/** A call to an API that a test describes in a few words. */
import { type Credentials, sha256, signRequest } from '@sekisho/sigv4'
import { compileDeployment, type Deployment } from './deployment.ts'
import { invoke } from './invoke.ts'
import type { GatewayReply, Received } from './pass.ts'
import type {
  CallerIdentity,
  GatewayOptions,
  Ports,
  UpstreamRequest,
  UpstreamResponse,
} from './ports.ts'
import type {
  DeploymentSnapshot,
  SnapshotMethod,
  SnapshotResource,
  StageSettings,
  Throttle,
} from './snapshot.ts'

export const nowMs = Date.UTC(2026, 0, 2, 3, 4, 5)
export const owner = '000000001234'
export const key: Credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI' }

const identity = (accountId: string, keys: CallerIdentity['keys']): CallerIdentity => ({
  secretAccessKey: key.secretAccessKey,
  accountId,
  principal: { type: 'root', accountId, arn: `arn:aws:iam::${accountId}:root` },
  policies: {},
  keys,
})

export const mock: SnapshotMethod = {
  authorizationType: 'NONE',
  methodResponses: { '200': { statusCode: '200' } },
  methodIntegration: {
    type: 'MOCK',
    requestTemplates: { 'application/json': '{"statusCode": 200}' },
    integrationResponses: {
      '200': { statusCode: '200', responseTemplates: { 'application/json': '{"hello":"world"}' } },
    },
  },
}

/** A method that takes pets alone, each with a name, and what its API has for that. */
export const petMethod: SnapshotMethod = {
  ...mock,
  requestValidatorId: 'v',
  requestModels: { 'application/json': 'Pet' },
}
export const petModels = {
  requestValidators: {
    v: { id: 'v', name: 'v', validateRequestBody: true, validateRequestParameters: false },
  },
  models: {
    Pet: {
      id: 'm',
      name: 'Pet',
      contentType: 'application/json',
      schema: '{"type":"object","required":["name"]}',
    },
  },
} satisfies Partial<DeploymentSnapshot>

/** Paths to methods; `GET /` alone unless more is said. */
export type Paths = Readonly<Record<string, Readonly<Record<string, SnapshotMethod>>>>

export function snapshotOf(
  paths: Paths,
  more: Partial<DeploymentSnapshot> = {},
): DeploymentSnapshot {
  return {
    deploymentId: 'dep123',
    restApiId: 'abcdefghij',
    name: 'test',
    accountId: owner,
    region: 'us-east-1',
    endpointTypes: ['REGIONAL'],
    vpcEndpointIds: [],
    disableExecuteApiEndpoint: false,
    binaryMediaTypes: [],
    apiKeySource: 'HEADER',
    resources: Object.entries(paths).map(
      ([path, methods], at): SnapshotResource => ({ id: `res${at}`, path, methods }),
    ),
    ...more,
  }
}

export interface CallOptions {
  readonly method?: string
  readonly path?: string
  readonly query?: string
  readonly headers?: readonly string[]
  readonly body?: string
  readonly sourceIp?: string
  /** What else the socket and the host say of the call. */
  readonly received?: Partial<Received>
  /** Signs with `key`; the account that the key belongs to. */
  readonly signedBy?: string
  /** Condition keys that its session brings. */
  readonly callerKeys?: CallerIdentity['keys']
  readonly identify?: Ports['identify']
  readonly variables?: Readonly<Record<string, string>>
  readonly upstream?: (request: UpstreamRequest) => UpstreamResponse | Promise<UpstreamResponse>
  readonly invokeFunction?: Ports['invokeFunction']
  readonly askService?: Ports['askService']
  /** Of this very snapshot, where calls share what it remembers. */
  readonly deployment?: Deployment
  readonly strictPaths?: boolean
  readonly at?: number
  readonly findKey?: Ports['findKey']
  readonly draw?: Ports['draw']
  readonly accountThrottle?: Throttle
  readonly methodSettings?: StageSettings['methodSettings']
  readonly stage?: Partial<StageSettings>
  readonly journal?: Ports['journal']
  readonly cache?: Ports['cache']
  /** What time it is when the call comes; signatures are by `at`. */
  readonly now?: number
  readonly userPools?: Ports['userPools']
}

export async function call(
  snapshot: DeploymentSnapshot,
  options: CallOptions = {},
): Promise<GatewayReply> {
  const {
    method = 'GET',
    path = '/',
    query = '',
    body = '',
    sourceIp = '11.22.33.44',
    at = nowMs,
  } = options
  const rawPath = `/prod${path}`
  const host = ['Host', 'abcdefghij.execute-api.us-east-1.localhost']
  const unsigned = [...host, ...(options.headers ?? [])]
  const signature =
    options.signedBy === undefined
      ? []
      : signRequest({ method, rawPath, rawQuery: query, headers: unsigned }, key, {
          region: 'us-east-1',
          service: 'execute-api',
          now: new Date(at),
          payloadHash: sha256(body),
        })
  const received: Received = {
    requestId: '3d2b9f4e-0000-4000-8000-000000000000',
    extendedRequestId: 'AbCdEfGhIjKlMnO=',
    method,
    rawPath,
    stagePath: path,
    rawQuery: query,
    headers: [...unsigned, ...signature],
    sourceIp,
    domainName: 'abcdefghij.execute-api.us-east-1.localhost',
    isSecure: false,
    receivedAtMs: nowMs,
    hasBody: body !== '',
    readBody: async () => Buffer.from(body),
    ...options.received,
  }
  const ports: Ports = {
    nowMs: () => options.now ?? nowMs,
    machineNowMs: () => nowMs,
    identify:
      options.identify ??
      ((id) =>
        id === key.accessKeyId
          ? identity(options.signedBy ?? owner, options.callerKeys ?? new Map())
          : 'unknown'),
    findKey: options.findKey ?? (() => undefined),
    draw: options.draw ?? (() => -1),
    ...(options.accountThrottle && { accountThrottle: options.accountThrottle }),
    send: async (request) => (options.upstream ?? refuse)(request),
    invokeFunction: async (asked) => (options.invokeFunction ?? refuse)(asked),
    askService: async (asked) => (options.askService ?? refuse)(asked),
    ...(options.userPools && { userPools: options.userPools }),
    ...(options.journal && { journal: options.journal }),
    ...(options.cache && { cache: options.cache }),
  }
  const gateway: GatewayOptions = { strictPaths: options.strictPaths ?? false }
  const stage = {
    stageName: 'prod',
    deploymentId: 'dep123',
    variables: options.variables ?? {},
    ...(options.methodSettings && { methodSettings: options.methodSettings }),
    ...options.stage,
  }
  const deployment = options.deployment ?? compileDeployment(snapshot)
  return invoke(received, deployment, stage, ports, gateway)
}

function refuse(): never {
  throw new Error('no upstream was expected')
}

export function headerOf(reply: GatewayReply, name: string): string | undefined {
  const at = reply.headers.findIndex(
    (each, index) => index % 2 === 0 && each.toLowerCase() === name.toLowerCase(),
  )
  return at < 0 ? undefined : reply.headers[at + 1]
}

export function textOf(reply: GatewayReply): string {
  return typeof reply.body === 'string' ? reply.body : Buffer.from(reply.body).toString()
}
