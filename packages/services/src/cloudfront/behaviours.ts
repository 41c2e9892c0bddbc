/** What may a cache behaviour say, and what stands where it says nothing? */
import { fail, invalidArgument, notSupported } from './errors.ts'
import { counted } from './quantities.ts'
import type { DefaultBehavior, DistributionConfig } from './records.ts'

/** @see CloudFront Developer Guide, "Quotas" */
const limits = { behaviours: 75, pattern: 255, headers: 10, cookies: 10, queryKeys: 10 } as const

/** @throws AwsError  what is wrong with the list of behaviours */
export function checkPatterns({ CacheBehaviors }: DistributionConfig): void {
  const patterns = (CacheBehaviors?.Items ?? []).map(({ PathPattern }) => PathPattern)
  if (patterns.length > limits.behaviours)
    throw fail(
      'TooManyCacheBehaviors',
      'You cannot create more cache behaviors for the distribution.',
    )
  for (const pattern of patterns)
    if (!/^[\w.*?$/~"'@:+&;!()=,%-]+$/.test(pattern) || pattern.length > limits.pattern)
      throw invalidArgument('The parameter PathPattern contains invalid characters.')
  const plain = patterns.map((pattern) => pattern.replace(/^\//, ''))
  if (new Set(plain).size < plain.length)
    throw invalidArgument('The parameter PathPattern contains the same pattern twice.')
}

const allMethods = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT']
const allowedSets = ['GET,HEAD', 'GET,HEAD,OPTIONS', allMethods.join()]
const cachedSets = ['GET,HEAD', 'GET,HEAD,OPTIONS']
const setOf = (methods: readonly string[]) => [...methods].sort().join()

/** @throws AwsError  what is wrong with it, or what is not built */
export function checkBehaviour(behaviour: DefaultBehavior): void {
  if (!['allow-all', 'https-only', 'redirect-to-https'].includes(behaviour.ViewerProtocolPolicy))
    throw invalidArgument('The parameter ViewerProtocolPolicy is not valid.')
  const { AllowedMethods } = behaviour
  const allowed = AllowedMethods?.Items ?? ['GET', 'HEAD']
  const cached = AllowedMethods?.CachedMethods?.Items ?? ['GET', 'HEAD']
  if (!allowedSets.includes(setOf(allowed)))
    throw invalidArgument('The parameter AllowedMethods is not valid.')
  if (!cachedSets.includes(setOf(cached)) || !cached.every((each) => allowed.includes(each)))
    throw invalidArgument('The parameter CachedMethods is not valid.')
  refuseUnbuilt(behaviour)
  const events = (behaviour.FunctionAssociations?.Items ?? []).map(({ EventType }) => EventType)
  const isOfViewers = events.every(
    (each) => each === 'viewer-request' || each === 'viewer-response',
  )
  if (!isOfViewers || new Set(events).size < events.length)
    throw fail('InvalidFunctionAssociation', 'A CloudFront function association is invalid.')
  const groups = behaviour.TrustedKeyGroups
  if (groups && groups.Enabled !== groups.Quantity > 0)
    throw invalidArgument(
      'The parameter TrustedKeyGroups is not valid: Enabled says whether there are any.',
    )
  if ((groups?.Quantity ?? 0) > 4)
    throw invalidArgument('The parameter TrustedKeyGroups holds more than 4 key groups.')
  const { CachePolicyId, ForwardedValues, OriginRequestPolicyId } = behaviour
  if (CachePolicyId) {
    if (ForwardedValues)
      throw invalidArgument(
        'The parameter ForwardedValues cannot be used when a cache policy is associated to the cache behavior.',
      )
    for (const name of ['MinTTL', 'DefaultTTL', 'MaxTTL'] as const)
      if (behaviour[name] !== undefined)
        throw invalidArgument(
          `The parameter ${name} cannot be used when a cache policy is associated to the cache behavior.`,
        )
    return
  }
  if (!ForwardedValues) throw invalidArgument('The parameter ForwardedValues is required.')
  if (OriginRequestPolicyId)
    throw invalidArgument(
      'The parameter OriginRequestPolicyId cannot be used without a cache policy associated to the cache behavior.',
    )
  checkForwarded(behaviour, ForwardedValues)
}

function refuseUnbuilt(behaviour: DefaultBehavior): void {
  if ((behaviour.LambdaFunctionAssociations?.Quantity ?? 0) > 0) throw notSupported('Lambda@Edge')
  if (behaviour.TrustedSigners?.Enabled)
    throw notSupported('Trust in the signers of an account (where a key group is not enough)')
  if (behaviour.SmoothStreaming) throw notSupported('Smooth Streaming')
  if (behaviour.FieldLevelEncryptionId) throw notSupported('Field-level encryption')
  if (behaviour.RealtimeLogConfigArn) throw notSupported('A real-time log')
  if (behaviour.GrpcConfig?.Enabled) throw notSupported('gRPC')
}

/** @throws AwsError  of the settings from before there were policies */
function checkForwarded(
  { MinTTL, DefaultTTL = Math.max(86_400, MinTTL ?? 0), MaxTTL }: DefaultBehavior,
  forwarded: NonNullable<DefaultBehavior['ForwardedValues']>,
): void {
  if (MinTTL === undefined) throw invalidArgument('The parameter MinTTL is required.')
  const most = MaxTTL ?? Math.max(31_536_000, DefaultTTL)
  if (!(MinTTL >= 0 && MinTTL <= DefaultTTL && DefaultTTL <= most))
    throw fail('InvalidTTLOrder', 'The TTL order specified is not valid.')
  const { Cookies, Headers, QueryString, QueryStringCacheKeys } = forwarded
  const names = Cookies.WhitelistedNames?.Items ?? []
  if (!['none', 'whitelist', 'all'].includes(Cookies.Forward))
    throw invalidArgument('The parameter Forward is not valid.')
  if ((Cookies.Forward === 'whitelist') !== names.length > 0)
    throw fail(
      'InvalidForwardCookies',
      "Your request contains forward cookies option which doesn't match with the expectation for the whitelisted list of cookie names.",
    )
  if (names.length > limits.cookies)
    throw fail(
      'TooManyCookieNamesInWhiteList',
      'Your request contains more cookie names in the whitelist than are allowed per cache behavior.',
    )
  const headers = Headers?.Items ?? []
  if (headers.length > limits.headers)
    throw fail(
      'TooManyHeadersInForwardedValues',
      'Your request contains too many headers in forwarded values.',
    )
  if (headers.includes('*') && headers.length > 1)
    throw invalidArgument('The parameter Headers cannot hold an asterisk and other names.')
  const keys = QueryStringCacheKeys?.Items ?? []
  if (keys.length > limits.queryKeys)
    throw fail(
      'TooManyQueryStringParameters',
      'Your request contains too many query string parameters.',
    )
  if (keys.length > 0 && !QueryString)
    throw invalidArgument(
      'The parameter QueryStringCacheKeys cannot be used unless query strings are forwarded.',
    )
}

/** As CloudFront gives it back. */
export function filledBehaviour<Behaviour extends DefaultBehavior>(
  behaviour: Behaviour,
): Behaviour {
  const { AllowedMethods: methods, ForwardedValues: forwarded } = behaviour
  const allowed = methods?.Items ?? ['HEAD', 'GET']
  const cached = methods?.CachedMethods?.Items ?? ['HEAD', 'GET']
  const { DefaultTTL = Math.max(86_400, behaviour.MinTTL ?? 0) } = behaviour
  return {
    ...behaviour,
    TrustedSigners: { Enabled: false, Quantity: 0 },
    TrustedKeyGroups: behaviour.TrustedKeyGroups ?? { Enabled: false, Quantity: 0 },
    AllowedMethods: {
      Quantity: allowed.length,
      Items: allowed,
      CachedMethods: { Quantity: cached.length, Items: cached },
    },
    SmoothStreaming: false,
    Compress: behaviour.Compress ?? false,
    LambdaFunctionAssociations: { Quantity: 0 },
    FunctionAssociations: counted(behaviour.FunctionAssociations?.Items ?? []),
    FieldLevelEncryptionId: '',
    GrpcConfig: { Enabled: false },
    ...(forwarded && {
      ForwardedValues: {
        ...forwarded,
        Headers: counted(forwarded.Headers?.Items ?? []),
        QueryStringCacheKeys: counted(forwarded.QueryStringCacheKeys?.Items ?? []),
      },
      DefaultTTL,
      MaxTTL: behaviour.MaxTTL ?? Math.max(31_536_000, DefaultTTL),
    }),
  }
}
