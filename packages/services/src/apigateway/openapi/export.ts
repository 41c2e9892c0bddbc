/** The OpenAPI document that describes this API. */

import type { MethodResponse } from '@aws-sdk/client-api-gateway'
import type {
  SnapshotAuthorizer,
  SnapshotGatewayResponse,
  SnapshotMethod,
  SnapshotRequestValidator,
  SnapshotResource,
} from '@sekisho/gateway'
import { parseJson } from '@sekisho/policy'
import { writeIntegration } from './integration.ts'
import type { Node, OpenApiVersion } from './parse.ts'
import { documentSchema } from './schemas.ts'
import { writeAuthorizer } from './security.ts'

/** What an export speaks of: the API as it was deployed to a stage. */
export interface ExportedApi {
  readonly restApiId: string
  readonly region: string
  readonly stageName: string
  readonly name: string
  readonly description?: string
  readonly version?: string
  /** Stands for the version where the API has none. */
  readonly createdAt: Date
  readonly policy?: string
  readonly binaryMediaTypes: readonly string[]
  readonly minimumCompressionSize?: number
  readonly apiKeySource: string
  readonly endpointTypes: readonly string[]
  readonly vpcEndpointIds: readonly string[]
  readonly ipAddressType?: string
  readonly disableExecuteApiEndpoint: boolean
  readonly securityPolicy: string
  readonly resources: readonly SnapshotResource[]
  readonly models: ReadonlyMap<string, Node>
  readonly authorizers?: Readonly<Record<string, SnapshotAuthorizer>>
  readonly requestValidators?: Readonly<Record<string, SnapshotRequestValidator>>
  readonly gatewayResponses?: Readonly<Record<string, SnapshotGatewayResponse>>
}

export interface ExportOptions {
  readonly version: OpenApiVersion
  /** `x-amazon-apigateway-integration` with every operation. */
  readonly integrations: boolean
  /** `x-amazon-apigateway-authorizer` with every security scheme. */
  readonly authorizers: boolean
  /** Every extension: the policy, media types, key source … */
  readonly apiGateway: boolean
}

/**
 * Writes the document; a later import of it (with all extensions) gives the same API back.
 * @see API Gateway Developer Guide, "Export a REST API from API Gateway"
 */
export function exportDocument(api: ExportedApi, options: ExportOptions): Node {
  const write = writers[options.version]
  const paths = Object.fromEntries(
    [...api.resources]
      .filter((resource) => Object.keys(resource.methods).length > 0)
      .sort((one, other) => (one.path < other.path ? -1 : 1))
      .map((resource) => [resource.path, pathItem(api, resource, options)]),
  )
  const info = {
    title: api.name,
    ...(api.description !== undefined && { description: api.description }),
    version: api.version ?? api.createdAt.toISOString().replace(/\.\d{3}Z$/, 'Z'),
  }
  const schemes = securitySchemes(api, options)
  const schemas = Object.fromEntries(
    [...api.models].map(([name, schema]) => [
      name,
      documentSchema(schema, api.restApiId, options.version),
    ]),
  )
  return {
    ...write.head(api, info),
    paths,
    ...write.tail(schemes, schemas),
    ...(options.apiGateway && rootExtensions(api)),
  }
}

interface DialectWriter {
  readonly head: (api: ExportedApi, info: Node) => Node
  readonly tail: (schemes: Node, schemas: Node) => Node
  readonly parameter: (where: string, name: string, required: boolean) => Node
  readonly request: (models: Readonly<Record<string, string>>, parameters: readonly Node[]) => Node
  readonly response: (response: MethodResponse) => Node
  /** Media types of all responses of an operation, where the dialect lists them beside it. */
  readonly produces: (responses: readonly MethodResponse[]) => Node
}

const writers = {
  swagger: {
    head: (api, info) => ({
      swagger: '2.0',
      info,
      host: `${api.restApiId}.execute-api.${api.region}.amazonaws.com`,
      basePath: `/${api.stageName}`,
      schemes: ['https'],
    }),
    tail: (schemes, schemas) => ({
      ...(hasMembers(schemes) && { securityDefinitions: schemes }),
      ...(hasMembers(schemas) && { definitions: schemas }),
    }),
    parameter: (where, name, required) => ({ name, in: where, required, type: 'string' }),
    request(models, parameters) {
      const types = Object.keys(models)
      const body = Object.values(models)[0]
      const all =
        body === undefined
          ? parameters
          : [...parameters, { in: 'body', name: body, required: true, schema: swaggerSchema(body) }]
      return {
        ...(types.length > 0 && { consumes: types }),
        ...(all.length > 0 && { parameters: all }),
      }
    },
    response(response) {
      const model = Object.values(response.responseModels ?? {})[0]
      const headers = headersOf(response).map((name) => [name, { type: 'string' }])
      return {
        description: `${response.statusCode} response`,
        ...(model !== undefined && { schema: swaggerSchema(model) }),
        ...(headers.length > 0 && { headers: Object.fromEntries(headers) }),
      }
    },
    produces(responses) {
      const types = [
        ...new Set(responses.flatMap((response) => Object.keys(response.responseModels ?? {}))),
      ]
      return types.length > 0 ? { produces: types } : {}
    },
  },
  oas30: {
    head: (api, info) => ({
      openapi: '3.0.1',
      info,
      servers: [
        {
          url: `https://${api.restApiId}.execute-api.${api.region}.amazonaws.com/{basePath}`,
          variables: { basePath: { default: api.stageName } },
        },
      ],
    }),
    tail(schemes, schemas) {
      const components = {
        ...(hasMembers(schemas) && { schemas }),
        ...(hasMembers(schemes) && { securitySchemes: schemes }),
      }
      return hasMembers(components) ? { components } : {}
    },
    parameter: (where, name, required) => ({
      name,
      in: where,
      required,
      schema: { type: 'string' },
    }),
    request(models, parameters) {
      const content = contentOf(models)
      return {
        ...(parameters.length > 0 && { parameters }),
        ...(hasMembers(content) && { requestBody: { content, required: true } }),
      }
    },
    response(response) {
      const headers = headersOf(response).map((name) => [name, { schema: { type: 'string' } }])
      const content = contentOf(response.responseModels ?? {})
      return {
        description: `${response.statusCode} response`,
        ...(headers.length > 0 && { headers: Object.fromEntries(headers) }),
        ...(hasMembers(content) && { content }),
      }
    },
    produces: () => ({}),
  },
} satisfies Record<OpenApiVersion, DialectWriter>

const places: Readonly<Record<string, string>> = {
  path: 'path',
  querystring: 'query',
  header: 'header',
}

function pathItem(api: ExportedApi, resource: SnapshotResource, options: ExportOptions): Node {
  return Object.fromEntries(
    Object.entries(resource.methods).map(([httpMethod, method]) => [
      httpMethod === 'ANY' ? 'x-amazon-apigateway-any-method' : httpMethod.toLowerCase(),
      operation(api, resource, method, options),
    ]),
  )
}

function operation(
  api: ExportedApi,
  resource: SnapshotResource,
  method: SnapshotMethod,
  options: ExportOptions,
): Node {
  const write = writers[options.version]
  const parameters = Object.entries(method.requestParameters ?? {}).map(
    ([expression, required]) => {
      const [, , place = '', ...name] = expression.split('.')
      return write.parameter(places[place] ?? place, name.join('.'), required)
    },
  )
  const responses = Object.values(method.methodResponses ?? {})
  const authorizer = api.authorizers?.[method.authorizerId ?? '']
  const validator = api.requestValidators?.[method.requestValidatorId ?? '']
  const security = [
    ...(authorizer ? [{ [authorizer.name]: method.authorizationScopes ?? [] }] : []),
    ...(method.authorizationType === 'AWS_IAM' ? [{ sigv4: [] }] : []),
    ...(method.apiKeyRequired ? [{ api_key: [] }] : []),
  ]
  return {
    ...(method.operationName !== undefined && { operationId: method.operationName }),
    ...write.request(method.requestModels ?? {}, parameters),
    ...write.produces(responses),
    responses: Object.fromEntries(
      responses.map((response) => [response.statusCode ?? '', write.response(response)]),
    ),
    ...(security.length > 0 && { security }),
    ...(options.apiGateway &&
      validator && { 'x-amazon-apigateway-request-validator': validator.name }),
    ...((options.integrations || options.apiGateway) &&
      method.methodIntegration && {
        'x-amazon-apigateway-integration': writeIntegration(method.methodIntegration, resource.id),
      }),
  }
}

function securitySchemes(api: ExportedApi, options: ExportOptions): Node {
  const methods = api.resources.flatMap((resource) => Object.values(resource.methods))
  const isWhole = options.authorizers || options.apiGateway
  return {
    ...Object.fromEntries(
      Object.values(api.authorizers ?? {}).map((authorizer) => [
        authorizer.name,
        writeAuthorizer(authorizer, isWhole),
      ]),
    ),
    ...(methods.some((method) => method.apiKeyRequired) && {
      api_key: { type: 'apiKey', name: 'x-api-key', in: 'header' },
    }),
    ...(methods.some((method) => method.authorizationType === 'AWS_IAM') && {
      sigv4: {
        type: 'apiKey',
        name: 'Authorization',
        in: 'header',
        'x-amazon-apigateway-authtype': 'awsSigv4',
      },
    }),
  }
}

function rootExtensions(api: ExportedApi): Node {
  const validators = Object.values(api.requestValidators ?? {})
  const responses = Object.entries(api.gatewayResponses ?? {})
  return {
    ...(validators.length > 0 && {
      'x-amazon-apigateway-request-validators': Object.fromEntries(
        validators.map(({ name, id: _, ...flags }) => [name, flags]),
      ),
    }),
    ...(responses.length > 0 && {
      'x-amazon-apigateway-gateway-responses': Object.fromEntries(
        responses.map(([type, { responseType: _, ...response }]) => [type, response]),
      ),
    }),
    ...(api.policy !== undefined && { 'x-amazon-apigateway-policy': parseJson(api.policy) }),
    ...(api.binaryMediaTypes.length > 0 && {
      'x-amazon-apigateway-binary-media-types': api.binaryMediaTypes,
    }),
    ...(api.minimumCompressionSize !== undefined && {
      'x-amazon-apigateway-minimum-compression-size': api.minimumCompressionSize,
    }),
    ...(api.apiKeySource !== 'HEADER' && {
      'x-amazon-apigateway-api-key-source': api.apiKeySource,
    }),
    'x-amazon-apigateway-security-policy': api.securityPolicy,
    'x-amazon-apigateway-endpoint-configuration': {
      types: api.endpointTypes,
      ...(api.vpcEndpointIds.length > 0 && { vpcEndpointIds: api.vpcEndpointIds }),
      ...(api.ipAddressType === 'dualstack' && { ipAddressType: api.ipAddressType }),
      ...(api.disableExecuteApiEndpoint && { disableExecuteApiEndpoint: true }),
    },
  }
}

function swaggerSchema(name: string): Node {
  return { $ref: `#/definitions/${name}` }
}

/** OpenAPI 3's bodies: media type to schema. */
function contentOf(models: Readonly<Record<string, string>>): Node {
  const entries = Object.entries(models).map(([type, name]) => [
    type,
    { schema: { $ref: `#/components/schemas/${name}` } },
  ])
  return Object.fromEntries(entries)
}

function headersOf(response: MethodResponse): readonly string[] {
  return Object.keys(response.responseParameters ?? {}).map((expression) =>
    expression.slice('method.response.header.'.length),
  )
}

function hasMembers(node: object): boolean {
  return Object.keys(node).length > 0
}
