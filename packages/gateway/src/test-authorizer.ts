/** An authorizer of an API as it is now, tried by its owner: what it says of a request, whatever methods and policies say. */
import { askAuthorizer } from './authorizers/lambda.ts'
import { userPoolAuthorizer } from './authorizers/user-pool.ts'
import { compileDeployment } from './deployment.ts'
import { GatewayError, gatewayResponses, messageOf } from './gateway-responses.ts'
import { longestLine } from './logs/execution.ts'
import { masked } from './logs/masked.ts'
import { match } from './match.ts'
import type { Matched } from './pass.ts'
import type { Ports } from './ports.ts'
import type { DeploymentSnapshot, SnapshotMethod } from './snapshot.ts'
import { receivedInTest, type TestedCall, testStage, timeOf } from './test-call.ts'

export interface TestedAuthorizer extends TestedCall {
  readonly snapshot: DeploymentSnapshot
  readonly authorizerId: string
  /** Instead of what the call itself would have: `identity.sourceIp`. */
  readonly additionalContext: Readonly<Record<string, string>>
}

export interface AuthorizerTest {
  /** What a client would get of the authorizer: 200, or its refusal. */
  readonly status: number
  readonly log: string
  readonly latencyMs: number
  readonly claims?: Readonly<Record<string, string>>
  readonly principalId?: string
  /** JSON text. */
  readonly policy?: string
}

export type TestAuthorizer = (tested: TestedAuthorizer) => Promise<AuthorizerTest>

export async function testAuthorizer(
  tested: TestedAuthorizer,
  ports: Ports,
): Promise<AuthorizerTest> {
  const begun = ports.machineNowMs()
  const lines = [`Starting authorizer: ${tested.authorizerId} for request: ${tested.requestId}`]
  const told = async (): Promise<Omit<AuthorizerTest, 'log' | 'latencyMs'>> => {
    try {
      const said = await asked(matchedBy(tested, ports), watching(ports, lines))
      if (said.principalId !== undefined)
        lines.push(`Using valid authorizer policy for principal: ${masked(said.principalId)}`)
      lines.push('Successfully completed authorizer execution')
      return { status: 200, ...said }
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error
      lines.push(error.details.detail ?? messageOf(error))
      return { status: gatewayResponses[error.type].status }
    }
  }
  const answer = await told()
  const ended = ports.machineNowMs()
  const log = lines.map((line) => `${timeOf(ended)} : ${line}\n`).join('')
  return {
    ...answer,
    log: `Execution log for request ${tested.requestId}\n${log}`,
    latencyMs: ended - begun,
  }
}

/** What the function says is told before anybody makes something of it. */
function watching(ports: Ports, lines: string[]): Ports {
  return {
    ...ports,
    invokeFunction: async (call) => {
      const answer = await ports.invokeFunction(call)
      const said = new TextDecoder().decode(answer.payload)
      lines.push(`Authorizer result body before parsing: ${said.slice(0, longestLine)}`)
      return answer
    },
  }
}

async function asked(
  matched: Matched,
  ports: Ports,
): Promise<Pick<AuthorizerTest, 'claims' | 'principalId' | 'policy'>> {
  if (matched.method.authorizationType === 'COGNITO_USER_POOLS') {
    const { authorizer } = await userPoolAuthorizer(matched, undefined, ports, {
      strictPaths: false,
    })
    return { claims: authorizer?.['claims'] as Readonly<Record<string, string>> }
  }
  const { principalId, policyText } = await askAuthorizer(matched, ports)
  return { principalId, policy: policyText }
}

/** A call to an API that has nothing but the authorizer, on every path. */
function matchedBy(tested: TestedAuthorizer, ports: Ports): Matched {
  const { policy: _, policyWithIds: __, ...snapshot } = tested.snapshot
  const isPool = snapshot.authorizers?.[tested.authorizerId]?.type === 'COGNITO_USER_POOLS'
  const method: SnapshotMethod = {
    authorizationType: isPool ? 'COGNITO_USER_POOLS' : 'CUSTOM',
    authorizerId: tested.authorizerId,
  }
  const resources = ['/', '/{proxy+}'].map((path) => ({ id: path, path, methods: { ANY: method } }))
  const { additionalContext, stageVariables: variables } = tested
  const received = {
    ...receivedInTest(tested, 'GET', new Uint8Array(), ports),
    additionalContext,
  }
  const stage = { stageName: testStage, deploymentId: snapshot.deploymentId, variables }
  return match(received, compileDeployment({ ...snapshot, resources }), stage)
}
