/** A deployment made ready: routes, policy, templates and mappings, compiled once. */
import { type CompiledPolicy, compilePolicy } from '@sekisho/policy'
import { type CompiledAuthorizer, compileAuthorizer } from './authorizers/compiled-authorizer.ts'
import { type CompiledIntegration, compileIntegration } from './compiled-integration.ts'
import { compileRequestChecks, modelsOf, type RequestChecks } from './compiled-validation.ts'
import { type CustomResponses, compileCustomResponses } from './custom-responses.ts'
import type { DeploymentSnapshot, SnapshotMethod, SnapshotResource } from './snapshot.ts'

export interface RouteNode {
  readonly methods: Map<string, CompiledMethod>
  any: CompiledMethod | undefined
  readonly literals: Map<string, RouteNode>
  parameter: { readonly name: string; readonly node: RouteNode } | undefined
  greedy: { readonly name: string; readonly node: RouteNode } | undefined
}

export interface CompiledMethod {
  /** `ANY` where it takes all. */
  readonly name: string
  readonly resource: SnapshotResource
  readonly definition: SnapshotMethod
  readonly authorizationType: string
  /** That asks a function; undefined also where it cannot be read. */
  readonly authorizer: CompiledAuthorizer | undefined
  readonly apiKeyRequired: boolean
  /** Undefined: nothing is asked of a request. */
  readonly checks: RequestChecks | undefined
  /** Undefined: the deployment has nothing behind the method. */
  readonly integration: CompiledIntegration | undefined
}

/** No policy, a policy, or one that cannot be compiled: everything is refused then. */
export type ResourcePolicy = CompiledPolicy | 'none' | 'unreadable'

export interface Deployment {
  readonly snapshot: DeploymentSnapshot
  readonly root: RouteNode
  /** `arn:aws:execute-api:REGION:ACCOUNT:API/` */
  readonly arnPrefix: string
  readonly policy: ResourcePolicy
  readonly customResponses: CustomResponses
}

/** Never throws for a stored snapshot: what cannot be compiled refuses when it is called. */
export function compileDeployment(snapshot: DeploymentSnapshot): Deployment {
  const root = emptyNode()
  const modelOf = modelsOf(snapshot)
  const authorizers = new Map(
    Object.entries(snapshot.authorizers ?? {})
      .filter(([, { type }]) => type !== 'COGNITO_USER_POOLS')
      .map(([id, authorizer]) => [id, compileAuthorizer(authorizer)]),
  )
  const shared: Shared = {
    authorizers,
    checksOf: (method) => compileRequestChecks(method, snapshot, modelOf),
  }
  for (const resource of snapshot.resources) {
    const node = nodeAt(root, resource.path)
    for (const [name, definition] of Object.entries(resource.methods)) {
      const method = compileMethod(resource, name, definition, shared)
      if (name === 'ANY') node.any = method
      else node.methods.set(name, method)
    }
  }
  const { region, accountId, restApiId } = snapshot
  return {
    snapshot,
    root,
    arnPrefix: `arn:aws:execute-api:${region}:${accountId}:${restApiId}/`,
    policy: compileResourcePolicy(snapshot),
    customResponses: compileCustomResponses(snapshot.gatewayResponses),
  }
}

function compileResourcePolicy(snapshot: DeploymentSnapshot): ResourcePolicy {
  const { policy: written, policyWithIds: policy = written, restApiId } = snapshot
  if (policy === undefined) return 'none'
  try {
    return compilePolicy(policy, { type: 'resource', name: `resource policy of API ${restApiId}` })
  } catch {
    return 'unreadable'
  }
}

function emptyNode(): RouteNode {
  return {
    methods: new Map(),
    any: undefined,
    literals: new Map(),
    parameter: undefined,
    greedy: undefined,
  }
}

function nodeAt(root: RouteNode, path: string): RouteNode {
  let node = root
  for (const part of path.split('/').filter((each) => each !== '')) node = childOf(node, part)
  return node
}

function childOf(node: RouteNode, part: string): RouteNode {
  const variable = /^\{(.+?)(\+?)\}$/.exec(part)
  if (variable === null) {
    const child = node.literals.get(part) ?? emptyNode()
    node.literals.set(part, child)
    return child
  }
  const [, name = '', plus] = variable
  const key = plus === '+' ? 'greedy' : 'parameter'
  node[key] ??= { name, node: emptyNode() }
  return node[key].node
}

/** What methods of a deployment have in common. */
interface Shared {
  readonly authorizers: ReadonlyMap<string, CompiledAuthorizer | undefined>
  readonly checksOf: (method: SnapshotMethod) => RequestChecks | undefined
}

function compileMethod(
  resource: SnapshotResource,
  name: string,
  definition: SnapshotMethod,
  { authorizers, checksOf }: Shared,
): CompiledMethod {
  return {
    name,
    resource,
    definition,
    authorizationType: definition.authorizationType ?? 'NONE',
    authorizer: authorizers.get(definition.authorizerId ?? ''),
    apiKeyRequired: definition.apiKeyRequired ?? false,
    checks: checksOf(definition),
    integration:
      definition.methodIntegration && compileIntegration(definition, definition.methodIntegration),
  }
}
