/** What API does this OpenAPI document describe? */

import { createHash } from 'node:crypto'
import type { Authorizer } from '@aws-sdk/client-api-gateway'
import type { SnapshotGatewayResponse, SnapshotMethod } from '@sekisho/gateway'
import { type Content, dialects } from './dialects.ts'
import { readIntegration, unknownMembers } from './integration.ts'
import { OpenApiError } from './open-api-error.ts'
import { isNode, listAt, member, type Node, nodeAt, type OpenApiSource, textAt } from './parse.ts'
import { modelNameOf, resolveNode } from './references.ts'
import { modelSchema } from './schemas.ts'
import { readAuthorizers, readSecurity } from './security.ts'

export const basePathModes = ['ignore', 'prepend', 'split'] as const
export type BasePathMode = (typeof basePathModes)[number]

/** A method that names what has no id yet. */
export interface ImportedMethod extends SnapshotMethod {
  readonly authorizer?: string
  readonly requestValidator?: string
}

export interface ValidatorFlags {
  readonly validateRequestBody: boolean
  readonly validateRequestParameters: boolean
}

/** The document in API Gateway's own terms. Members that the document does not speak of are absent. */
export interface ImportedApi {
  readonly name?: string
  readonly description?: string
  readonly version?: string
  /** JSON text, as in the document: not yet validated, short ARNs not yet expanded. */
  readonly policy?: string
  readonly binaryMediaTypes?: readonly string[]
  readonly minimumCompressionSize?: number
  readonly apiKeySource?: string
  readonly endpointTypes?: readonly string[]
  readonly vpcEndpointIds?: readonly string[]
  readonly ipAddressType?: string
  readonly disableExecuteApiEndpoint?: boolean
  readonly securityPolicy?: string
  /** Path (base path applied) to HTTP method (or `ANY`) to method. */
  readonly paths: ReadonlyMap<string, Readonly<Record<string, ImportedMethod>>>
  /** Name to JSON schema. */
  readonly models: ReadonlyMap<string, Node>
  /** By name. */
  readonly authorizers: ReadonlyMap<string, Authorizer>
  /** By name. */
  readonly requestValidators: ReadonlyMap<string, ValidatorFlags>
  /** By type. */
  readonly gatewayResponses: ReadonlyMap<string, SnapshotGatewayResponse>
  readonly warnings: readonly string[]
  /** What cannot be imported; any of them refuses the whole document. */
  readonly errors: readonly string[]
}

/**
 * Reads a document into API Gateway's terms. Pure; nothing is refused half-way: all errors are collected.
 *
 * @throws OpenApiError  a reference leaves the document or runs in a circle, or `paths` is not an object
 * @see API Gateway Developer Guide, "Develop REST APIs using OpenAPI in API Gateway"
 */
export function importDocument(
  source: OpenApiSource,
  options: { basePath: BasePathMode },
): ImportedApi {
  const reading = new Reading(source)
  const prefix = prefixOf(dialects[source.version].basePath(source.root), options.basePath)
  const paths = new Map<string, Record<string, ImportedMethod>>()
  const declared = member(source.root, 'paths')
  if (declared !== undefined && !isNode(declared))
    throw new OpenApiError('`paths` is not an object')
  for (const [path, item] of Object.entries(declared ?? {})) {
    if (path.startsWith('x-')) continue
    const full = `${prefix}${path}`.replace(/(.)\/+$/, '$1')
    paths.set(full, {
      ...paths.get(full),
      ...reading.methods(path, resolveNode(source.root, item)),
    })
  }
  for (const [name, schema] of Object.entries(dialects[source.version].schemas(source.root)))
    reading.models.set(name, isNode(schema) ? schema : {})
  for (const [name, schema] of reading.models) {
    const { dropped } = modelSchema(schema, '')
    if (dropped.size > 0)
      reading.warnings.push(
        `Ignoring unsupported keyword(s) in model '${name}': ${[...dropped].join(', ')}`,
      )
  }
  return {
    ...settingsOf(source, reading),
    paths,
    models: reading.models,
    authorizers: readAuthorizers(dialects[source.version].securitySchemes(source.root)),
    requestValidators: readValidators(source.root),
    gatewayResponses: readGatewayResponses(source.root),
    warnings: reading.warnings,
    errors: reading.errors,
  }
}

/** Extensions of the root that change who may call or what is answered, and are not served yet: refused, not dropped. */
const unsupportedAtRoot = ['x-amazon-apigateway-endpoint-access-mode'] as const

const httpMethods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch'] as const

/** One pass over a document: what it found besides the methods. */
class Reading {
  readonly warnings: string[] = []
  readonly errors: string[] = []
  readonly models = new Map<string, Node>()
  readonly #source: OpenApiSource

  constructor(source: OpenApiSource) {
    this.#source = source
  }

  methods(path: string, item: Node): Record<string, ImportedMethod> {
    const methods: Record<string, ImportedMethod> = {}
    for (const key of httpMethods) {
      const operation = member(item, key)
      if (isNode(operation))
        methods[key.toUpperCase()] = this.#method(path, key.toUpperCase(), operation, item)
    }
    const any = member(item, 'x-amazon-apigateway-any-method')
    if (isNode(any)) methods['ANY'] = this.#method(path, 'ANY', any, item)
    return methods
  }

  #method(path: string, httpMethod: string, operation: Node, item: Node): ImportedMethod {
    const { root, version } = this.#source
    const dialect = dialects[version]
    const at = `on '${httpMethod}' for resource at path '${path}'`
    const {
      unsupported,
      ignored = [],
      authorizationScopes,
      ...security
    } = readSecurity(operation, dialect.securitySchemes(root))
    for (const name of ignored)
      this.warnings.push(`Security scheme '${name}' ${at} is no authorizer, ignoring.`)
    if (unsupported) this.errors.push(`Unable to put method ${at}: ${unsupported}`)
    for (const name of unknownExtensions(operation, 'operation'))
      this.warnings.push(`Extension '${name}' ${at} is not known, ignoring.`)
    const key = 'x-amazon-apigateway-request-validator'
    const requestValidator = textAt(operation, key) ?? textAt(root, key)
    const parameters = this.#parameters(operation, item)
    const requestParameters = this.#requestParameters(parameters, at)
    const requestModels = this.#modelNames(dialect.requestContent(root, operation, parameters))
    const operationName = textAt(operation, 'operationId')
    const methodResponses = this.#methodResponses(operation, at)
    const extension = resolveIntegration(root, operation)
    return {
      httpMethod,
      ...security,
      ...(authorizationScopes && { authorizationScopes: [...authorizationScopes] }),
      ...(requestValidator !== undefined && { requestValidator }),
      ...(operationName !== undefined && { operationName }),
      ...(Object.keys(requestParameters).length > 0 && { requestParameters }),
      ...(Object.keys(requestModels).length > 0 && { requestModels }),
      ...(Object.keys(methodResponses).length > 0 && { methodResponses }),
      ...(extension && { methodIntegration: this.#integration(extension, at, methodResponses) }),
    }
  }

  /** Those of the path item, overridden by the operation's of the same place and name. */
  #parameters(operation: Node, item: Node): readonly Node[] {
    const { root } = this.#source
    const found = new Map<string, Node>()
    for (const entry of [...listAt(item, 'parameters'), ...listAt(operation, 'parameters')]) {
      const parameter = resolveNode(root, entry)
      found.set(`${textAt(parameter, 'in')}.${textAt(parameter, 'name')}`, parameter)
    }
    return [...found.values()]
  }

  #requestParameters(parameters: readonly Node[], at: string): Record<string, boolean> {
    const places: Readonly<Record<string, string>> = {
      path: 'path',
      query: 'querystring',
      header: 'header',
    }
    const found: Record<string, boolean> = {}
    for (const parameter of parameters) {
      const where = textAt(parameter, 'in') ?? ''
      if (where === 'body') continue
      const place = Object.hasOwn(places, where) ? places[where] : undefined
      const name = textAt(parameter, 'name')
      if (place === undefined || name === undefined)
        this.warnings.push(`Parameter '${name}' in '${where}' ${at} is not supported, ignoring.`)
      else
        found[`method.request.${place}.${name}`] =
          place === 'path' || member(parameter, 'required') === true
    }
    return found
  }

  #methodResponses(operation: Node, at: string): NonNullable<SnapshotMethod['methodResponses']> {
    const { root, version } = this.#source
    const responses: NonNullable<SnapshotMethod['methodResponses']> = {}
    for (const [statusCode, entry] of Object.entries(nodeAt(operation, 'responses'))) {
      if (!/^[1-5]\d\d$/.test(statusCode)) {
        if (!statusCode.startsWith('x-'))
          this.warnings.push(`Response '${statusCode}' ${at} has no status code, ignoring.`)
        continue
      }
      const response = resolveNode(root, entry)
      const responseModels = this.#modelNames(
        dialects[version].responseContent(root, operation, response),
      )
      const headers = Object.keys(nodeAt(response, 'headers')).map((name) => [
        `method.response.header.${name}`,
        false,
      ])
      responses[statusCode] = {
        statusCode,
        ...(headers.length > 0 && {
          responseParameters: Object.fromEntries(headers) as Record<string, boolean>,
        }),
        ...(Object.keys(responseModels).length > 0 && { responseModels }),
      }
    }
    return responses
  }

  /** Media type to model name; an inline schema becomes a model of its own, named by its content. */
  #modelNames(content: Content): Record<string, string> {
    const names: Record<string, string> = {}
    for (const [mediaType, schema] of Object.entries(content)) {
      const name = modelNameOf(schema) ?? inlineName(schema)
      if (modelNameOf(schema) === undefined && isNode(schema)) this.models.set(name, schema)
      names[mediaType] = name
    }
    return names
  }

  #integration(
    extension: Node,
    at: string,
    methodResponses: NonNullable<SnapshotMethod['methodResponses']>,
  ) {
    for (const key of unknownMembers(extension))
      this.warnings.push(`Integration member '${key}' ${at} is not known, ignoring.`)
    const integration = readIntegration(extension)
    for (const response of Object.values(integration.integrationResponses ?? {})) {
      const isMapped = Object.keys(response.responseParameters ?? {}).length > 0
      if (isMapped && !Object.hasOwn(methodResponses, response.statusCode ?? ''))
        this.errors.push(
          `Unable to put integration response ${at}: Invalid mapping expression specified: Validation Result: warnings : [], errors : [No method response exists for method.]`,
        )
    }
    return integration
  }
}

function readValidators(root: Node): ReadonlyMap<string, ValidatorFlags> {
  const written = nodeAt(root, 'x-amazon-apigateway-request-validators')
  return new Map(
    Object.keys(written).map((name) => {
      const flags = nodeAt(written, name)
      return [
        name,
        {
          validateRequestBody: member(flags, 'validateRequestBody') === true,
          validateRequestParameters: member(flags, 'validateRequestParameters') === true,
        },
      ]
    }),
  )
}

/** @see API Gateway Developer Guide, "x-amazon-apigateway-gateway-responses object" */
function readGatewayResponses(root: Node): ReadonlyMap<string, SnapshotGatewayResponse> {
  const written = nodeAt(root, 'x-amazon-apigateway-gateway-responses')
  const textsAt = (node: Node, key: string) =>
    Object.fromEntries(Object.entries(nodeAt(node, key)).map(([name, of]) => [name, String(of)]))
  return new Map(
    Object.keys(written).map((type) => {
      const response = nodeAt(written, type)
      const statusCode = member(response, 'statusCode')
      const responseParameters = textsAt(response, 'responseParameters')
      const responseTemplates = textsAt(response, 'responseTemplates')
      return [
        type,
        {
          responseType: type as NonNullable<SnapshotGatewayResponse['responseType']>,
          ...(statusCode != null && { statusCode: String(statusCode) }),
          ...(Object.keys(responseParameters).length > 0 && { responseParameters }),
          ...(Object.keys(responseTemplates).length > 0 && { responseTemplates }),
        },
      ]
    }),
  )
}

/** What is known at the root and of an operation; another name of this form may be a misspelt one. */
const known: Readonly<Record<'root' | 'operation', ReadonlySet<string>>> = {
  root: new Set([
    'api-key-source',
    'binary-media-types',
    'documentation',
    'endpoint-configuration',
    'gateway-responses',
    'minimum-compression-size',
    'policy',
    'request-validator',
    'request-validators',
    'security-policy',
  ]),
  operation: new Set(['auth', 'integration', 'request-validator']),
}

const extensionPrefix = 'x-amazon-apigateway-'

function unknownExtensions(node: Node, place: keyof typeof known): readonly string[] {
  return Object.keys(node).filter(
    (key) =>
      key.startsWith(extensionPrefix) && !known[place].has(key.slice(extensionPrefix.length)),
  )
}

function settingsOf({ root, version }: OpenApiSource, reading: Reading) {
  for (const key of unknownExtensions(root, 'root'))
    if (!unsupportedAtRoot.some((each) => each === key))
      reading.warnings.push(`Extension '${key}' is not known, ignoring.`)
  for (const key of unsupportedAtRoot)
    if (Object.hasOwn(root, key)) reading.errors.push(`${key} is not supported by Sekisho yet`)
  const info = nodeAt(root, 'info')
  const endpoint = dialects[version].endpointConfiguration(root)
  const policy = member(root, 'x-amazon-apigateway-policy')
  const compression = member(root, 'x-amazon-apigateway-minimum-compression-size')
  const disabled = member(endpoint, 'disableExecuteApiEndpoint')
  const binaryMediaTypes = listAt(root, 'x-amazon-apigateway-binary-media-types').map(String)
  const endpointTypes = listAt(endpoint, 'types').map(String)
  const vpcEndpointIds = listAt(endpoint, 'vpcEndpointIds').map(String)
  return {
    ...present('name', textAt(info, 'title')),
    ...present('description', textAt(info, 'description')),
    ...present('version', textAt(info, 'version')),
    ...present(
      'policy',
      policy == null ? undefined : typeof policy === 'string' ? policy : JSON.stringify(policy),
    ),
    ...present('binaryMediaTypes', binaryMediaTypes.length > 0 ? binaryMediaTypes : undefined),
    ...present('minimumCompressionSize', compression == null ? undefined : Number(compression)),
    ...present('apiKeySource', textAt(root, 'x-amazon-apigateway-api-key-source')),
    ...present('securityPolicy', textAt(root, 'x-amazon-apigateway-security-policy')),
    ...present('endpointTypes', endpointTypes.length > 0 ? endpointTypes : undefined),
    ...present('vpcEndpointIds', vpcEndpointIds.length > 0 ? vpcEndpointIds : undefined),
    ...present('ipAddressType', textAt(endpoint, 'ipAddressType')),
    ...present(
      'disableExecuteApiEndpoint',
      disabled === undefined ? undefined : disabled === true || disabled === 'true',
    ),
  }
}

function present<Key extends string, Value>(
  key: Key,
  value: Value | undefined,
): { [K in Key]?: Value } {
  return (value === undefined ? {} : { [key]: value }) as { [K in Key]?: Value }
}

/** An operation may name an integration of `components/x-amazon-apigateway-integrations`. */
function resolveIntegration(root: Node, operation: Node): Node | undefined {
  const extension = member(operation, 'x-amazon-apigateway-integration')
  return extension === undefined ? undefined : resolveNode(root, extension)
}

function inlineName(schema: unknown): string {
  return `MODEL${createHash('sha256').update(JSON.stringify(schema)).digest('hex').slice(0, 6)}`
}

function prefixOf(basePath: string, mode: BasePathMode): string {
  if (mode === 'ignore') return ''
  return mode === 'prepend' ? basePath : basePath.replace(/^\/[^/]*/, '')
}
