/** What mappings and templates can read of a call: `$context`, parameters, body. */
import type { Principal } from '@sekisho/policy'
import { isBinary } from './content-handling.ts'
import { withForwarded } from './forwarded.ts'
import { droppedAtIngress, headerOf, lastHeaderOf } from './headers.ts'
import type {
  Admitted,
  CallEnvironment,
  Matched,
  OverrideTarget,
  Received,
  Validated,
} from './pass.ts'
import type { CallerIdentity } from './ports.ts'
import type { StageSettings } from './snapshot.ts'
import { settableOnce } from './templates/values.ts'

const emptyOverride = (): OverrideTarget =>
  settableOnce({
    header: settableOnce({}),
    path: settableOnce({}),
    querystring: settableOnce({}),
  })

export function environmentOf(validated: Validated): CallEnvironment {
  return new Environment(validated)
}

/** Made as far as somebody asks: most proxied calls read none of it. */
class Environment implements CallEnvironment {
  readonly validated: Validated
  #context: Record<string, unknown> | undefined
  #query: ReturnType<typeof queryOf> | undefined
  #headers: ReturnType<typeof headersOf> | undefined
  #bodyText: string | undefined

  constructor(validated: Validated) {
    this.validated = validated
  }

  get context(): Record<string, unknown> {
    return (this.#context ??= {
      ...contextOf(this.validated),
      requestOverride: emptyOverride(),
      responseOverride: emptyOverride(),
    })
  }

  get query() {
    return (this.#query ??= queryOf(this.validated.received.rawQuery))
  }

  get headers() {
    return (this.#headers ??= headersOf(withForwarded(this.validated.received)))
  }

  get bodyText() {
    return (this.#bodyText ??= textOf(this.validated))
  }

  get requestOverride() {
    return this.#context === undefined ? noOverride : overrideOf(this.#context['requestOverride'])
  }

  get responseOverride() {
    return this.#context === undefined ? noOverride : overrideOf(this.#context['responseOverride'])
  }
}

/** Nobody has had a context to override anything in. */
const noOverride: OverrideTarget & { status?: unknown } = { header: {}, path: {}, querystring: {} }

export function isUntouched(override: OverrideTarget): boolean {
  return override === noOverride
}

/** A template may have put anything in its place. */
function overrideOf(value: unknown): OverrideTarget & { status?: unknown } {
  const { header, path, querystring, status } = mapOf(value)
  return {
    header: mapOf(header),
    path: mapOf(path),
    querystring: mapOf(querystring),
    ...(status !== undefined && { status }),
  }
}

function mapOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {}
}

/** In templates a binary payload is base64. */
function textOf({ body, received, deployment }: Validated): string {
  if (body.length === 0) return ''
  const contentType = headerOf(received.headers, 'content-type') ?? ''
  return isBinary(contentType, deployment.snapshot.binaryMediaTypes)
    ? Buffer.from(body).toString('base64')
    : new TextDecoder().decode(body)
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const two = (value: number) => String(value).padStart(2, '0')

let saidSecond = Number.NaN
let said = ''

/** `dd/MMM/yyyy:HH:mm:ss +0000`; many requests share a second. */
function requestTime(ms: number): string {
  const second = Math.floor(ms / 1_000)
  if (second !== saidSecond) {
    said = timeOf(ms)
    saidSecond = second
  }
  return said
}

function timeOf(ms: number): string {
  const date = new Date(ms)
  const clock = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].map(two).join(':')
  return `${two(date.getUTCDate())}/${months[date.getUTCMonth()]}/${date.getUTCFullYear()}:${clock} +0000`
}

/** As far as the call has come: what is missing is not in its context. */
export type ContextSource = Pick<Matched, 'received' | 'deployment' | 'stage'> & Partial<Admitted>

/** @see API Gateway Developer Guide, "Mapping template and access logging variable reference" */
export function contextOf({
  received,
  deployment,
  stage,
  httpMethod = received.method,
  method,
  caller,
  accessKeyId,
  identity,
  authorization,
  apiKey,
  authorizer,
}: ContextSource): Record<string, unknown> {
  const { snapshot } = deployment
  const userId = caller && userIdOf(caller)
  const context = {
    accountId: snapshot.accountId,
    apiId: snapshot.restApiId,
    authorizer,
    deploymentId: snapshot.deploymentId,
    domainName: received.domainName,
    domainPrefix: received.domainName.split('.')[0],
    extendedRequestId: received.extendedRequestId,
    httpMethod,
    identity: {
      accessKey: accessKeyId,
      accountId: caller && 'accountId' in caller ? caller.accountId : undefined,
      apiKey: apiKey?.value,
      apiKeyId: apiKey?.id,
      caller: userId,
      clientCert: received.clientCertificate,
      ...notFromCognito,
      ...(identity && cognitoIdentityOf(identity)),
      principalOrgId: authorization?.request.context.get('aws:principalorgid'),
      sourceIp: received.sourceIp,
      vpcId: received.vpcEndpoint?.vpcId,
      vpceId: received.vpcEndpoint?.id,
      user: userId,
      userAgent: lastHeaderOf(received.headers, 'user-agent'),
      userArn: caller && 'arn' in caller ? caller.arn : undefined,
    },
    isCanaryRequest: stage.canarySettings && stage.isCanary === true,
    path: shownPath(received, stage),
    protocol: 'HTTP/1.1',
    requestId: received.requestId,
    requestTime: requestTime(received.receivedAtMs),
    requestTimeEpoch: received.receivedAtMs,
    resourceId: method?.resource.id,
    resourcePath: method?.resource.path,
    stage: stage.stageName,
  }
  return received.additionalContext === undefined
    ? context
    : withVariables(context, received.additionalContext)
}

function withVariables(
  context: Readonly<Record<string, unknown>>,
  variables: Readonly<Record<string, string>>,
): Record<string, unknown> {
  const all = { ...context }
  for (const [name, value] of Object.entries(variables)) {
    const parts = name.split('.')
    let holder = all
    for (const part of parts.slice(0, -1)) holder = holder[part] = { ...mapOf(holder[part]) }
    holder[parts.at(-1)!] = value
  }
  return all
}

const cognito = 'cognito-identity.amazonaws.com'

/** Whoever lists the members of an identity finds these, as they find all others. */
const notFromCognito = {
  cognitoAuthenticationProvider: undefined,
  cognitoAuthenticationType: undefined,
  cognitoIdentityId: undefined,
  cognitoIdentityPoolId: undefined,
}

/** Of callers whose session an identity pool has vouched for. */
function cognitoIdentityOf({ keys }: CallerIdentity): object | undefined {
  const poolId = keys.get(`${cognito}:aud`)
  if (poolId === undefined) return undefined
  const [type, ...providers] = [keys.get(`${cognito}:amr`) ?? []].flat()
  return {
    cognitoAuthenticationProvider: providers.length > 0 ? providers.join(',') : undefined,
    cognitoAuthenticationType: type,
    cognitoIdentityId: keys.get(`${cognito}:sub`),
    cognitoIdentityPoolId: poolId,
  }
}

/** From the stage on, whatever the address has before it; on a domain of its own as it came. */
function shownPath(
  { rawPath, stagePath, customDomain }: Received,
  { stageName }: StageSettings,
): string {
  if (customDomain !== undefined) return rawPath
  const path = `/${stageName}${stagePath}`
  return rawPath.endsWith(path) ? path : rawPath
}

/** `AIDA…` of a user, `AROA…:session` of a role. */
function userIdOf(caller: Principal): string | undefined {
  switch (caller.type) {
    case 'root':
      return caller.accountId
    case 'user':
      return caller.userId
    case 'assumed-role':
      return `${caller.roleId}:${caller.arn.slice(caller.arn.lastIndexOf('/') + 1)}`
    case 'federated-user':
      return `${caller.accountId}:${caller.arn.slice(caller.arn.lastIndexOf('/') + 1)}`
    default:
      return undefined
  }
}

/** Values decoded; `;` parts like `&`. */
export function queryOf(rawQuery: string): Record<string, readonly string[]> {
  const grouped: Record<string, string[]> = Object.create(null)
  for (const [name, value] of new URLSearchParams(rawQuery.replaceAll(';', '&'))) {
    grouped[name] ??= []
    grouped[name].push(value)
  }
  return grouped
}

export function headersOf(
  flat: readonly string[],
): ReadonlyMap<string, { name: string; values: string[] }> {
  const headers = new Map<string, { name: string; values: string[] }>()
  for (let at = 0; at + 1 < flat.length; at += 2) {
    const lower = flat[at]!.toLowerCase()
    if (droppedAtIngress.has(lower)) continue
    const known = headers.get(lower)
    if (known) known.values.push(flat[at + 1]!)
    else headers.set(lower, { name: flat[at]!, values: [flat[at + 1]!] })
  }
  return headers
}
