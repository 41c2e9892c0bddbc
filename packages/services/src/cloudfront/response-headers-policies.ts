/** Response headers policies: what is added to answers, and taken from them, on their way to the viewer. */
import { fail, invalidArgument } from './errors.ts'
import { type Kept, type Kind, typeOf } from './kept.ts'
import { keptOperations } from './kept-operations.ts'
import { managedResponseHeadersPolicies } from './managed-policies.ts'
import { checkName } from './policy-rules.ts'
import { behavioursOf, cloudfrontCollections, type ResponseHeadersPolicyConfig } from './records.ts'

export const responseHeadersPolicyKind: Kind<ResponseHeadersPolicyConfig> = {
  collection: cloudfrontCollections.responseHeadersPolicies,
  word: 'response headers policy',
  missing: 'NoSuchResponseHeadersPolicy',
  taken: 'ResponseHeadersPolicyAlreadyExists',
  inUse: 'ResponseHeadersPolicyInUse',
  tooMany: 'TooManyResponseHeadersPolicies',
  most: 20,
  newId: (ids) => ids.uuid(),
  managed: managedResponseHeadersPolicies,
  refers: (config, id) =>
    behavioursOf(config).some(({ ResponseHeadersPolicyId }) => ResponseHeadersPolicyId === id),
  check,
}

export const responseHeadersPolicies = keptOperations(responseHeadersPolicyKind, {
  word: 'ResponseHeadersPolicy',
  path: 'response-headers-policy',
  resource: 'response-headers-policy',
  shown,
  listed: (kept) => ({ Type: typeOf(kept), ResponseHeadersPolicy: shown(kept) }),
})

function shown({ id, modifiedAt, config }: Kept<ResponseHeadersPolicyConfig>) {
  return { Id: id, LastModifiedTime: new Date(modifiedAt), ResponseHeadersPolicyConfig: config }
}

const headerName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$/
const headerValue = /^[\t\x20-\x7e]*$/
const methods = ['GET', 'POST', 'OPTIONS', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'ALL']

function check(config: ResponseHeadersPolicyConfig): void {
  checkName(config.Name)
  const { CorsConfig, SecurityHeadersConfig, ServerTimingHeadersConfig } = config
  const custom = config.CustomHeadersConfig?.Items ?? []
  const removed = config.RemoveHeadersConfig?.Items ?? []
  if (custom.length > 10)
    throw fail(
      'TooManyCustomHeadersInResponseHeadersPolicy',
      'The number of custom headers in the response headers policy is too large.',
    )
  if (removed.length > 10)
    throw fail(
      'TooManyRemoveHeadersInResponseHeadersPolicy',
      'The number of headers to remove in the response headers policy is too large.',
    )
  for (const { Header, Value } of custom) {
    checkHeader(Header)
    checkValue(Header, Value)
  }
  for (const { Header } of removed) checkHeader(Header)
  const { ContentSecurityPolicy, XSSProtection, FrameOptions } = SecurityHeadersConfig ?? {}
  if ((ContentSecurityPolicy?.ContentSecurityPolicy?.length ?? 0) > 1_783)
    throw fail(
      'TooLongCSPInResponseHeadersPolicy',
      'The length of the Content-Security-Policy header value is too large.',
    )
  checkValue('Content-Security-Policy', ContentSecurityPolicy?.ContentSecurityPolicy ?? '')
  checkValue('X-XSS-Protection', XSSProtection?.ReportUri ?? '')
  if (FrameOptions && !['DENY', 'SAMEORIGIN'].includes(FrameOptions.FrameOption))
    throw invalidArgument('The parameter FrameOption is not valid.')
  const { SamplingRate = 0 } = ServerTimingHeadersConfig ?? {}
  if (!(SamplingRate >= 0 && SamplingRate <= 100))
    throw invalidArgument('The parameter SamplingRate must be between 0 and 100.')
  if (CorsConfig) {
    const allowed = CorsConfig.AccessControlAllowMethods.Items
    if (!allowed.every((method) => methods.includes(method)))
      throw invalidArgument('The parameter AccessControlAllowMethods is not valid.')
    const names = [
      ...CorsConfig.AccessControlAllowOrigins.Items,
      ...CorsConfig.AccessControlAllowHeaders.Items,
      ...(CorsConfig.AccessControlExposeHeaders?.Items ?? []),
    ]
    for (const name of names) checkValue('CORS', name)
    const hasStar = names.includes('*') || allowed.includes('ALL')
    if (CorsConfig.AccessControlAllowCredentials && hasStar)
      throw invalidArgument(
        'The parameter AccessControlAllowCredentials cannot be true where a list holds an asterisk.',
      )
  }
}

/** Said by CloudFront or by HTTP itself. @see CloudFront Developer Guide, "Understand response headers policies" */
const neverSet: ReadonlySet<string> = new Set([
  'connection',
  'content-encoding',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'via',
  'warning',
  'x-cache',
])

function checkHeader(name: string): void {
  const lower = name.toLowerCase()
  const isOurs = /^x-(?:amz-cf|edge|accel)-/.test(lower) || neverSet.has(lower)
  if (!headerName.test(name) || isOurs)
    throw invalidArgument(`The parameter Header contains ${name} that is not allowed.`)
}

function checkValue(name: string, value: string): void {
  if (!headerValue.test(value))
    throw invalidArgument(`The value of the header ${name} contains invalid characters.`)
}
