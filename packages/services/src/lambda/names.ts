/** Which function, and which version or alias of it, does a caller mean? */
import { invalidParameter, validation } from './errors.ts'

export interface Owner {
  readonly accountId: string
  readonly region: string
}

export interface FunctionName extends Owner {
  readonly name: string
}

export interface Named extends FunctionName {
  /** `$LATEST`, a number or an alias; absent: what is asked of a function as a whole. */
  readonly qualifier?: string | undefined
}

export const latest = '$LATEST'

const nameForm =
  /^(?:arn:aws[a-z-]*:lambda:([a-z0-9-]+):(\d{12}):function:|(?:(\d{12}):)?(?:function:)?)([a-zA-Z0-9-_]{1,64})(?::(\$LATEST|[a-zA-Z0-9-_]{1,128}))?$/

/** As AWS writes it. */
const namePattern = String.raw`(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}(-gov)?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?`

/**
 * A name, a partial or a whole ARN.
 *
 * @throws AwsError InvalidParameterValueException, ValidationException
 * @see Lambda API Reference, "GetFunction" (FunctionName)
 */
export function namedBy(text: string, { accountId, region }: Owner, given?: string): Named {
  const match = nameForm.exec(text)
  if (match === null) throw validation(text, 'functionName', namePattern)
  const [, arnRegion, arnAccount, account, name = '', inName] = match
  if (given !== undefined && inName !== undefined && given !== inName)
    throw invalidParameter(
      'The derived qualifier from the function name does not match the specified qualifier.',
    )
  const qualifier = given ?? inName
  if (qualifier !== undefined && !/^(?:\$LATEST|[a-zA-Z0-9$_-]{1,128})$/.test(qualifier))
    throw validation(qualifier, 'qualifier', '(|[a-zA-Z0-9$_-]+)')
  return {
    accountId: arnAccount ?? account ?? accountId,
    region: arnRegion ?? region,
    name,
    ...(qualifier !== undefined && { qualifier }),
  }
}

/** Of the function as a whole. */
export function arnOf({ accountId, region, name }: FunctionName): string {
  return `arn:aws:lambda:${region}:${accountId}:function:${name}`
}

/** As it was named: with its version or alias, where it has one. */
export function qualifiedArnOf(named: Named): string {
  const arn = arnOf(named)
  return named.qualifier === undefined ? arn : `${arn}:${named.qualifier}`
}

export function keyOf({ accountId, region, name }: FunctionName): string {
  return `${accountId}/${region}/${name}`
}

/** Of what belongs to a function as a whole, or to a version or an alias of it. */
export function qualifiedKeyOf(named: Named): string {
  return `${keyOf(named)}/${named.qualifier ?? latest}`
}

/** In the order of their numbers. */
export function versionKeyOf(named: FunctionName, version: string): string {
  return `${keyOf(named)}/${version.padStart(10, '0')}`
}

export function isVersionNumber(qualifier: string): boolean {
  return /^\d+$/.test(qualifier)
}
