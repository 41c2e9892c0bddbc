/** Which method of the API does this request ask for? */
import type { CompiledMethod, Deployment, RouteNode } from './deployment.ts'
import { GatewayError } from './gateway-responses.ts'
import type { Matched, Received } from './pass.ts'
import type { StageSettings } from './snapshot.ts'

/** Sent once and as a method's name, it replaces the method before anything else looks at it. */
const override = 'x-http-method-override'

/**
 * Static segments before `{parameters}` before `{proxy+}`; a resource without the method gives way to a less specific one.
 *
 * @throws GatewayError MISSING_AUTHENTICATION_TOKEN  nothing answers to path and method
 * @see API Gateway Developer Guide, "Amazon API Gateway important notes for REST APIs"
 */
export function match(received: Received, deployment: Deployment, stage: StageSettings): Matched {
  const httpMethod = methodOf(received)
  const found = route(deployment.root, received.stagePath, httpMethod)
  if (found === undefined) throw new GatewayError('MISSING_AUTHENTICATION_TOKEN')
  const path = received.stagePath === '' ? '/' : received.stagePath
  return {
    received,
    deployment,
    stage,
    httpMethod,
    method: found.method,
    pathParameters: found.parameters,
    methodArn: `${deployment.arnPrefix}${stage.stageName}/${httpMethod}${path}`,
  }
}

export function methodOf({ method, headers }: Received): string {
  let replaced: string | undefined
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at]!
    if (name.length !== override.length || name.toLowerCase() !== override) continue
    const value = headers[at + 1]!.trim().toUpperCase()
    // Two of them, or one that is no method, could be read differently by those behind us.
    if (replaced !== undefined || !/^[A-Z]{1,20}$/.test(value))
      throw new GatewayError('MISSING_AUTHENTICATION_TOKEN')
    replaced = value
  }
  return replaced ?? method
}

interface Found {
  readonly method: CompiledMethod
  readonly parameters: Readonly<Record<string, string>>
}

const noParameters: Readonly<Record<string, string>> = Object.freeze({})

function route(root: RouteNode, path: string, httpMethod: string): Found | undefined {
  if (path === '' || path === '/') {
    const method = root.methods.get(httpMethod) ?? root.any
    if (method) return { method, parameters: noParameters }
    return undefined
  }
  return walk(root, path, 1, httpMethod, undefined)
}

/** Names and values of the parameters on the way, innermost first. */
interface Taken {
  readonly name: string
  readonly value: string
  readonly before: Taken | undefined
}

function walk(
  node: RouteNode,
  path: string,
  start: number,
  httpMethod: string,
  taken: Taken | undefined,
): Found | undefined {
  // A trailing slash is forgiven: what is left is nothing.
  if (start >= path.length) {
    const method = node.methods.get(httpMethod) ?? node.any
    return method && { method, parameters: collect(taken) }
  }
  const slash = path.indexOf('/', start)
  const end = slash < 0 ? path.length : slash
  const segment = path.slice(start, end)
  const literal = node.literals.get(segment)
  const found = literal && walk(literal, path, end + 1, httpMethod, taken)
  if (found) return found
  if (node.parameter && segment !== '') {
    const inner = walk(node.parameter.node, path, end + 1, httpMethod, {
      name: node.parameter.name,
      value: segment,
      before: taken,
    })
    if (inner) return inner
  }
  if (!node.greedy) return undefined
  const method = node.greedy.node.methods.get(httpMethod) ?? node.greedy.node.any
  const rest = path.slice(start).replace(/\/$/, '')
  return (
    method && {
      method,
      parameters: collect({ name: node.greedy.name, value: rest, before: taken }),
    }
  )
}

function collect(taken: Taken | undefined): Readonly<Record<string, string>> {
  if (taken === undefined) return noParameters
  const parameters: Record<string, string> = {}
  for (let each: Taken | undefined = taken; each !== undefined; each = each.before)
    parameters[each.name] = each.value
  return parameters
}
