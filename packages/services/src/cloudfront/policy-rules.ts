/** What cache policies and origin request policies have in common: a name, and selections of what a viewer sends. */
import type { AwsError } from '@sekisho/protocols'
import { invalidArgument } from './errors.ts'
import type { Counted } from './quantities.ts'

/** @throws AwsError InvalidArgument */
export function checkName(name: string): void {
  if (!/^[a-zA-Z0-9_-]{1,128}$/.test(name))
    throw invalidArgument('The parameter Name contains invalid characters.')
}

/** @see CloudFront Developer Guide, "Quotas on policies" */
const mostNames = 10

/**
 * Names stand exactly where the behaviour asks for some.
 *
 * @param parameter  `HeaderBehavior`
 * @throws AwsError InvalidArgument, or what `tooMany` makes
 */
export function checkSelection(
  parameter: string,
  behavior: string,
  names: Counted<string> | undefined,
  {
    behaviors,
    tooMany,
  }: { readonly behaviors: readonly string[]; readonly tooMany: () => AwsError },
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
