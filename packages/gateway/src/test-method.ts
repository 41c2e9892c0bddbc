/** A method of an API as it is now, tried by its owner: no policy, authorizer, key or limit is asked. */
import type { Principal } from '@sekisho/policy'
import { type CompiledMethod, compileDeployment, type RouteNode } from './deployment.ts'
import { serveAdmitted } from './invoke.ts'
import { executionLines } from './logs/execution.ts'
import { match } from './match.ts'
import type { Admitted, GatewayReply, Received } from './pass.ts'
import type { Ports } from './ports.ts'
import type { Progress } from './progress.ts'
import type { DeploymentSnapshot, StageSettings } from './snapshot.ts'
import { receivedInTest, type TestedCall, testStage, timeOf } from './test-call.ts'

export interface TestedMethod extends TestedCall {
  readonly snapshot: DeploymentSnapshot
  readonly resourceId: string
  /** Of the method; of one for all methods the one that is tried. */
  readonly httpMethod: string
  readonly body: string
  readonly clientCertificateId?: string | undefined
  readonly caller: Principal
}

export interface TestAnswer {
  readonly reply: GatewayReply
  /** The steps of the call, a line each. */
  readonly log: string
  readonly latencyMs: number
}

/** @returns undefined  the resource has no such method */
export type TestMethod = (tested: TestedMethod) => Promise<TestAnswer | undefined>

/** @see API Gateway Developer Guide, "Test a REST API with the API Gateway console" */
export async function testMethod(
  tested: TestedMethod,
  ports: Ports,
): Promise<TestAnswer | undefined> {
  const { snapshot, httpMethod, caller } = tested
  const deployment = compileDeployment(snapshot)
  const found = methodOf(deployment.root, tested.resourceId, httpMethod)
  if (found === undefined) return undefined
  const method = withinTestTime(found)
  const stage: StageSettings = {
    stageName: testStage,
    deploymentId: snapshot.deploymentId,
    variables: tested.stageVariables,
    ...(tested.clientCertificateId !== undefined && {
      clientCertificateId: tested.clientCertificateId,
    }),
  }
  const body = Buffer.from(tested.body)
  const received = receivedInTest(tested, httpMethod, body, ports)
  const now = ports.machineNowMs
  const progress: Progress = { received, deployment, stage, times: { now, begun: now() } }
  const admitted: Admitted = {
    received,
    deployment,
    stage,
    httpMethod,
    method,
    pathParameters: parametersOf(received, deployment, stage, method),
    methodArn: `${deployment.arnPrefix}${testStage}/${httpMethod}${tested.path}`,
    caller,
    admitted: true,
    apiKey: { id: 'test-invoke-api-key-id', value: 'test-invoke-api-key' },
  }
  progress.matched = admitted
  const reply = await collected(await serveAdmitted(progress, admitted, body, ports))
  return { reply, log: logOf(progress, reply), latencyMs: now() - progress.times!.begun }
}

/** @see API Gateway Developer Guide, "Troubleshoot issues with response streaming in API Gateway" (TestInvokeMethod) */
const mostStreamed = { ms: 35_000, bytes: 1_048_576 } as const

function withinTestTime(method: CompiledMethod): CompiledMethod {
  const { integration } = method
  if (integration?.streams !== true) return method
  const timeoutMs = Math.min(integration.timeoutMs, mostStreamed.ms)
  return { ...method, integration: { ...integration, timeoutMs } }
}

/** What is passed on as it comes is shown as far as it came. */
async function collected({ stream, ...reply }: GatewayReply): Promise<GatewayReply> {
  if (stream === undefined) return reply
  const pieces: Uint8Array[] = []
  let size = 0
  try {
    for await (const piece of stream) {
      pieces.push(piece)
      size += piece.length
      if (size > mostStreamed.bytes) break
    }
  } catch {
    // Out of time, or cut: what there is counts.
  }
  return { ...reply, body: Buffer.concat(pieces) }
}

function methodOf(
  { methods, any, literals, parameter, greedy }: RouteNode,
  resourceId: string,
  httpMethod: string,
): CompiledMethod | undefined {
  const own = methods.get(httpMethod) ?? any
  if (own?.resource.id === resourceId) return own
  const below = [...literals.values(), parameter?.node, greedy?.node]
  for (const node of below) {
    const found = node && methodOf(node, resourceId, httpMethod)
    if (found) return found
  }
  return undefined
}

/** None where the path is another's: AWS takes it all the same. */
function parametersOf(
  received: Received,
  deployment: Admitted['deployment'],
  stage: StageSettings,
  method: CompiledMethod,
): Readonly<Record<string, string>> {
  try {
    const matched = match(received, deployment, stage)
    return matched.method === method ? matched.pathParameters : {}
  } catch {
    return {}
  }
}

/** Of who was asked before there is nothing to tell. */
function logOf(progress: Progress, reply: GatewayReply): string {
  const lines = [...executionLines(progress, reply)]
  const first = lines.findIndex(({ text }) => text.startsWith('Starting execution'))
  const told = lines
    .slice(Math.max(0, first))
    .filter(({ text }) => !text.startsWith('Gateway response'))
    .map(({ at, text }) => `${timeOf(at)} : ${text}\n`)
  return `Execution log for request ${progress.received.requestId}\n${told.join('')}`
}
