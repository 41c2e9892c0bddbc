/** Which road does a request take? The host decides, then the path; the AWS APIs take what is left. */
import { normalizeAddress } from './net/addresses.ts'

/** Where a call to a deployed API goes. Paths are raw. */
export interface ApiAddress {
  readonly road: 'execute-api'
  readonly apiId: string
  /** Absent in address forms that do not name it. */
  readonly region: string | undefined
  readonly stageName: string
  /** What follows the stage: begins with `/`, or is empty. */
  readonly path: string
  /** Of calls by a custom domain name: the host, and whose name it is. */
  readonly domain?: CalledDomain
  /** The host names a VPC endpoint beside the API: the two have to belong together. */
  readonly isByEndpointName?: boolean
}

export interface CalledDomain {
  readonly host: string
  readonly accountId: string
  readonly basePath: string
  /** Certificates as PEM: only whom they vouch for may call. */
  readonly truststore?: string
}

/** Where a call through a distribution goes. */
export interface DistributionAddress {
  readonly road: 'cloudfront'
  /** An id, the first label of a domain name, or an alternate domain name; lower case. */
  readonly name: string
  /** Begins with `/`, or is empty. */
  readonly path: string
}

export type Road =
  | ApiAddress
  | DistributionAddress
  | { readonly road: 'aws-api' }
  /** `/_sekisho/` and what follows it. */
  | { readonly road: 'operator'; readonly path: string }
  | { readonly road: 'function-url'; readonly urlId: string; readonly region: string }
  /** A link to a function's code: what follows `/_aws/lambda/code/`. */
  | { readonly road: 'function-code'; readonly link: string }
  /** A form of address whose road is not built. */
  | { readonly road: 'unsupported'; readonly what: string }
  /** The host may be a custom domain name; if it is none, the other road is meant. */
  | { readonly road: 'domain'; readonly host: string; readonly otherwise: Road }
  /** The host is none of ours. */
  | { readonly road: 'misdirected' }
  | { readonly road: 'nowhere' }

/** What a host name alone says. */
type HostForm =
  | { readonly form: 'execute-api'; readonly apiId: string; readonly region: string | undefined }
  | { readonly form: 'cloudfront'; readonly name: string }
  | { readonly form: 'function-url'; readonly urlId: string; readonly region: string }
  | { readonly form: 'unsupported'; readonly what: string }
  /** Whatever the path says is the key of an object. */
  | { readonly form: 'bucket' }
  | { readonly form: 'ours' }
  /** A name that somebody may have taken for an API. */
  | { readonly form: 'name'; readonly name: string; readonly isOurs: boolean }
  | { readonly form: 'address'; readonly address: string }
  | { readonly form: 'strange' }

export interface FrontDoor {
  readonly roadOf: (request: {
    readonly host: string
    readonly rawPath: string
    readonly localAddress: string
  }) => Road
}

const awsApi: Road = { road: 'aws-api' }
const misdirected: Road = { road: 'misdirected' }
const nowhere: Road = { road: 'nowhere' }

/** Hosts are chosen by callers: what is remembered of them is bounded. */
const mostHosts = 4_096

export function createFrontDoor(hostNames: readonly string[]): FrontDoor {
  const names = new Set(hostNames.map((name) => name.toLowerCase()))
  const known = new Map<string, HostForm>()
  const formOf = (host: string): HostForm => {
    let form = known.get(host)
    if (form === undefined) {
      form = hostForm(host, names)
      if (known.size >= mostHosts) known.clear()
      known.set(host, form)
    }
    return form
  }
  return {
    roadOf({ host, rawPath, localAddress }) {
      const form = formOf(host)
      switch (form.form) {
        case 'execute-api':
          return stagePath(form.apiId, form.region, rawPath, 1)
        case 'bucket':
          return awsApi
        case 'cloudfront':
          return { road: 'cloudfront', name: form.name, path: rawPath }
        case 'function-url':
          return { road: form.form, urlId: form.urlId, region: form.region }
        case 'ours':
          return roadOfPath(rawPath)
        case 'name':
          return {
            road: 'domain',
            host: form.name,
            otherwise: form.isOurs ? roadOfPath(rawPath) : misdirected,
          }
        case 'address':
          return form.address === localAddress ? roadOfPath(rawPath) : misdirected
        case 'strange':
          return misdirected
        default:
          return { road: 'unsupported', what: form.what }
      }
    },
  }
}

/** The last labels of a host name, and what the labels before them are. */
const suffixes: readonly (readonly [RegExp, (match: RegExpExecArray) => HostForm])[] = [
  [
    /^([a-z0-9-]+)\.execute-api\.(?:([a-z0-9-]+)\.)?localhost$/,
    ([, apiId = '', region]) => ({ form: 'execute-api', apiId, region }),
  ],
  [
    /^([a-z0-9]+)\.execute-api\.localhost\.localstack\.cloud$/,
    ([, apiId = '']) => ({ form: 'execute-api', apiId, region: undefined }),
  ],
  [/^([a-z0-9]+)\.cloudfront\.localhost$/, ([, name = '']) => ({ form: 'cloudfront', name })],
  [/.\.s3(?:[.-][a-z0-9-]+)?\.localhost$/, () => ({ form: 'bucket' })],
  [
    /^([a-z0-9]+)\.lambda-url\.([a-z0-9-]+)\.localhost$/,
    ([, urlId = '', region = '']) => ({ form: 'function-url', urlId, region }),
  ],
  [/^console\.localhost$/, () => ({ form: 'unsupported', what: 'the web console is' })],
  [/^(?:[a-z0-9_-]+\.){2,}localhost$/, ([name]) => ({ form: 'name', name, isOurs: true })],
  [/^(?:[a-z0-9_-]+\.)?localhost$/, () => ({ form: 'ours' })],
]

function hostForm(host: string, names: ReadonlySet<string>): HostForm {
  const [, bracketed, plain] =
    /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/i.exec(host) ?? []
  const name = (bracketed ?? plain ?? '').toLowerCase().replace(/\.$/, '')
  const address = normalizeAddress(name)
  if (address !== undefined) {
    // Behind a port mapping the address called is the machine's; its own loopback is always meant for us.
    return address === '::1' || address.startsWith('127.')
      ? { form: 'ours' }
      : { form: 'address', address }
  }
  if (bracketed !== undefined) return { form: 'strange' }
  for (const [pattern, read] of suffixes) {
    const match = pattern.exec(name)
    if (match) return read(match)
  }
  if (names.has(name)) return { form: 'ours' }
  return mayBeDomain.test(name) ? { form: 'name', name, isOurs: false } : { form: 'strange' }
}

/** At least two labels; the last is no number. */
const mayBeDomain = /^(?:[a-z0-9-]{1,63}\.)+(?!\d+$)[a-z0-9-]{1,63}$/

const apiPrefix = '/_aws/execute-api/'
export const codePrefix = '/_aws/lambda/code/'
const distributionPrefix = '/_aws/cloudfront/'
const operatorPrefix = '/_sekisho/'

function roadOfPath(rawPath: string): Road {
  // Nearly all paths are told apart by their second character.
  const second = rawPath.charCodeAt(1)
  if (second === 95 /* _ */) return roadOfOwnPath(rawPath)
  if (second === 114 /* r */ && rawPath.startsWith('/restapis/')) {
    const [, apiId, stageName, rest] =
      /^\/restapis\/([^/]+)\/([^/]+)\/_user_request_(\/.*)?$/s.exec(rawPath) ?? []
    if (apiId !== undefined && stageName !== undefined)
      return { road: 'execute-api', apiId, region: undefined, stageName, path: rest ?? '' }
  }
  return awsApi
}

function roadOfOwnPath(rawPath: string): Road {
  if (rawPath.startsWith(apiPrefix)) {
    const end = rawPath.indexOf('/', apiPrefix.length)
    const apiId = rawPath.slice(apiPrefix.length, end < 0 ? undefined : end)
    return stagePath(apiId, undefined, rawPath, end < 0 ? rawPath.length : end + 1)
  }
  if (rawPath.startsWith(operatorPrefix))
    return { road: 'operator', path: rawPath.slice(operatorPrefix.length) }
  if (rawPath.startsWith(codePrefix))
    return { road: 'function-code', link: rawPath.slice(codePrefix.length) }
  if (rawPath.startsWith(distributionPrefix)) {
    const end = rawPath.indexOf('/', distributionPrefix.length)
    const name = rawPath.slice(distributionPrefix.length, end < 0 ? undefined : end)
    return {
      road: 'cloudfront',
      name: name.toLowerCase(),
      path: end < 0 ? '' : rawPath.slice(end),
    }
  }
  if (rawPath === '/_console' || rawPath.startsWith('/_console/'))
    return { road: 'unsupported', what: 'the web console is' }
  return rawPath.startsWith('/_aws/') ? nowhere : awsApi
}

/** The stage is the segment that begins at `from`; a path without one names the empty stage. */
function stagePath(
  apiId: string,
  region: string | undefined,
  rawPath: string,
  from: number,
): ApiAddress {
  const end = rawPath.indexOf('/', from)
  return {
    road: 'execute-api',
    apiId,
    region,
    stageName: end < 0 ? rawPath.slice(from) : rawPath.slice(from, end),
    path: end < 0 ? '' : rawPath.slice(end),
  }
}
