/** `arn:aws:apigateway:…`: which service does an AWS integration ask, and for what? */

export interface ServiceAddress {
  readonly region: string
  /** `lambda`, `s3` */
  readonly service: string
  /** What precedes the service in its host name: a bucket. */
  readonly subdomain: string | undefined
  readonly target:
    | { readonly kind: 'path'; readonly rawPath: string; readonly rawQuery: string }
    | { readonly kind: 'action'; readonly action: string; readonly rawQuery: string }
}

const form =
  /^arn:aws[a-z-]*:apigateway:([a-z0-9-]+):(?:([A-Za-z0-9.-]+)\.)?([a-z0-9-]+):(path|action)\/(.*)$/s

/**
 * @param uri  with its variables filled in
 * @returns undefined when it is no such address
 * @see API Gateway API Reference, "Integration" (uri)
 */
export function parseServiceAddress(uri: string): ServiceAddress | undefined {
  const [, region = '', subdomain, service = '', kind, rest = ''] = form.exec(uri) ?? []
  if (kind === undefined) return undefined
  if (kind === 'path') {
    const [, path = '', rawQuery = ''] = /^([^?]*)\??(.*)$/s.exec(rest) ?? []
    const target = { kind, rawPath: `/${path.replace(/^\/+/, '')}`, rawQuery } as const
    return { region, service, subdomain, target }
  }
  const [, action = '', rawQuery = ''] = /^(\w+)[&?]?(.*)$/s.exec(rest) ?? []
  if (action === '') return undefined
  return { region, service, subdomain, target: { kind: 'action', action, rawQuery } }
}

const functionPath = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/
const streamingPath = /^\/2021-11-15\/functions\/([^/]+)\/response-streaming-invocations$/

/**
 * The function that an address asks, as it names it.
 *
 * @param streams  for its answer as it comes: another operation, with an address of its own
 */
export function functionOf(
  { service, subdomain, target }: ServiceAddress,
  streams = false,
): string | undefined {
  if (service !== 'lambda' || subdomain !== undefined || target.kind !== 'path') return undefined
  const name = (streams ? streamingPath : functionPath).exec(target.rawPath)?.[1]
  if (name === undefined) return undefined
  try {
    return decodeURIComponent(name)
  } catch {
    return undefined
  }
}
