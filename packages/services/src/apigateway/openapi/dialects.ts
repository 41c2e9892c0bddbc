/** What Swagger 2.0 and OpenAPI 3.0 say differently: one row a version, one column a question. */
import { isNode, listAt, member, type Node, nodeAt, type OpenApiVersion, textAt } from './parse.ts'
import { resolveNode } from './references.ts'

/** A schema by media type, as request and response bodies declare it. */
export type Content = Readonly<Record<string, unknown>>

export interface Dialect {
  /** `/a/b`, or `` when there is none. */
  readonly basePath: (root: Node) => string
  readonly schemas: (root: Node) => Node
  readonly securitySchemes: (root: Node) => Node
  readonly requestContent: (root: Node, operation: Node, parameters: readonly Node[]) => Content
  readonly responseContent: (root: Node, operation: Node, response: Node) => Content
  /** `x-amazon-apigateway-endpoint-configuration` stands at the root, in OpenAPI 3 also in a server. */
  readonly endpointConfiguration: (root: Node) => Node
}

export const dialects = {
  swagger: {
    basePath: (root) => trimSlash(textAt(root, 'basePath') ?? ''),
    schemas: (root) => nodeAt(root, 'definitions'),
    securitySchemes: (root) => nodeAt(root, 'securityDefinitions'),
    requestContent(root, operation, parameters) {
      const body = parameters.find((parameter) => textAt(parameter, 'in') === 'body')
      const schema = body && member(body, 'schema')
      return schema === undefined
        ? {}
        : byMediaType(mediaTypes(root, operation, 'consumes'), schema)
    },
    responseContent(root, operation, response) {
      const schema = member(response, 'schema')
      return schema === undefined
        ? {}
        : byMediaType(mediaTypes(root, operation, 'produces'), schema)
    },
    endpointConfiguration: (root) => nodeAt(root, 'x-amazon-apigateway-endpoint-configuration'),
  },
  oas30: {
    basePath: oas30BasePath,
    schemas: (root) => nodeAt(nodeAt(root, 'components'), 'schemas'),
    securitySchemes: (root) => nodeAt(nodeAt(root, 'components'), 'securitySchemes'),
    requestContent: (root, operation) =>
      schemasOf(resolveNode(root, member(operation, 'requestBody'))),
    responseContent: (_root, _operation, response) => schemasOf(response),
    endpointConfiguration(root) {
      const key = 'x-amazon-apigateway-endpoint-configuration'
      const server = listAt(root, 'servers').find(
        (entry) => isNode(entry) && isNode(member(entry, key)),
      )
      return isNode(server) ? nodeAt(server, key) : nodeAt(root, key)
    },
  },
} satisfies Record<OpenApiVersion, Dialect>

/**
 * A server variable named `basePath` wins; without one, the path of the server's url.
 * @see API Gateway Developer Guide, "Set the OpenAPI basePath property"
 */
function oas30BasePath(root: Node): string {
  const servers = listAt(root, 'servers').filter(isNode)
  for (const server of servers) {
    const value = textAt(nodeAt(nodeAt(server, 'variables'), 'basePath'), 'default')
    if (value !== undefined) return withSlash(trimSlash(value))
  }
  const url = servers[0] && textAt(servers[0], 'url')
  const path = url === undefined ? '' : url.replace(/^[a-z]+:\/\/[^/]*/i, '')
  return path.includes('{') ? '' : withSlash(trimSlash(path))
}

function mediaTypes(root: Node, operation: Node, key: 'consumes' | 'produces'): readonly string[] {
  const own = listAt(operation, key)
  const types = (own.length > 0 ? own : listAt(root, key)).filter(
    (type) => typeof type === 'string',
  )
  return types.length > 0 ? types : ['application/json']
}

function byMediaType(types: readonly string[], schema: unknown): Content {
  return Object.fromEntries(types.map((type) => [type, schema]))
}

function schemasOf(body: Node): Content {
  const entries = Object.entries(nodeAt(body, 'content'))
  return Object.fromEntries(
    entries.flatMap(([type, media]) =>
      isNode(media) && member(media, 'schema') !== undefined
        ? [[type, member(media, 'schema')]]
        : [],
    ),
  )
}

function trimSlash(path: string): string {
  return path.replace(/\/+$/, '')
}

function withSlash(path: string): string {
  return path === '' || path.startsWith('/') ? path : `/${path}`
}
