/** What cache policies and origin request policies have in common: a name, and selections of what a viewer sends. */
import type { AwsError } from '@sekisho/protocols'
import { fail, invalidArgument } from './errors.ts'
import type { Counted } from './quantities.ts'

/** @throws AwsError InvalidArgument */
export function checkName(name: string): void {
  if (!/^[a-zA-Z0-9_-]{1,128}$/.test(name))
    throw invalidArgument('The parameter Name contains invalid characters.')
}

/** @see CloudFront Developer Guide, "Quotas on policies" */
const mostNames = 10

interface Selections {
  readonly HeadersConfig: {
    readonly HeaderBehavior: string
    readonly Headers?: Counted<string> | undefined
  }
  readonly CookiesConfig: {
    readonly CookieBehavior: string
    readonly Cookies?: Counted<string> | undefined
  }
  readonly QueryStringsConfig: {
    readonly QueryStringBehavior: string
    readonly QueryStrings?: Counted<string> | undefined
  }
}

/** What each selection may be, by the parts of a request. */
export interface SelectionRules {
  readonly policy: 'CachePolicy' | 'OriginRequestPolicy'
  readonly headers: readonly string[]
  readonly cookies: readonly string[]
  readonly queries: readonly string[]
  /** Headers by their lower-case names. */
  readonly neverListed: ReadonlySet<string>
}

const policyWords = {
  CachePolicy: 'cache policy',
  OriginRequestPolicy: 'origin request policy',
} as const satisfies Record<SelectionRules['policy'], string>

/** @throws AwsError InvalidArgument, or that there are too many of a kind */
export function checkSelections(given: Selections, rules: SelectionRules): void {
  const { HeadersConfig, CookiesConfig, QueryStringsConfig } = given
  const tooMany = (kind: 'Headers' | 'Cookies' | 'QueryStrings', words: string) =>
    fail(
      `TooMany${kind}In${rules.policy}`,
      `The number of ${words} in the ${policyWords[rules.policy]} is too large.`,
    )
  const { HeaderBehavior, Headers } = HeadersConfig
  checkSelection('HeaderBehavior', HeaderBehavior, Headers, rules.headers, () =>
    tooMany('Headers', 'headers'),
  )
  const { CookieBehavior, Cookies } = CookiesConfig
  checkSelection('CookieBehavior', CookieBehavior, Cookies, rules.cookies, () =>
    tooMany('Cookies', 'cookies'),
  )
  const { QueryStringBehavior, QueryStrings } = QueryStringsConfig
  checkSelection('QueryStringBehavior', QueryStringBehavior, QueryStrings, rules.queries, () =>
    tooMany('QueryStrings', 'query strings'),
  )
  if (HeaderBehavior === 'allExcept') return
  const forbidden = Headers?.Items?.find((name) => rules.neverListed.has(name.toLowerCase()))
  if (forbidden !== undefined)
    throw invalidArgument(`The parameter Headers contains ${forbidden} that is not allowed.`)
}

/**
 * Names stand exactly where the behaviour asks for some.
 *
 * @param parameter  `HeaderBehavior`
 * @throws AwsError InvalidArgument, or what `tooMany` makes
 */
function checkSelection(
  parameter: string,
  behavior: string,
  names: Counted<string> | undefined,
  behaviors: readonly string[],
  tooMany: () => AwsError,
): void {
  if (!behaviors.includes(behavior))
    throw invalidArgument(`The parameter ${parameter} is not valid: ${behavior}.`)
  const items = names?.Items ?? []
  const wantsNames = /^whitelist$|^allExcept$|AndWhitelist/.test(behavior)
  if (wantsNames !== items.length > 0)
    throw invalidArgument(
      wantsNames
        ? `The parameter ${parameter} is ${behavior}, which needs at least one name.`
        : `The parameter ${parameter} is ${behavior}, which takes no names.`,
    )
  if (items.length > mostNames && !behavior.includes('CloudFront')) throw tooMany()
  const lower = items.map((item) => item.toLowerCase())
  if (new Set(lower).size < lower.length)
    throw invalidArgument(`The parameter ${parameter} names the same twice.`)
  if (items.some((item) => item === '' || /[\s,;]/.test(item)))
    throw invalidArgument(`The parameter ${parameter} contains a name that is not valid.`)
}
