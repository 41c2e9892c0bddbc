/** What callers may ask of a session: its duration, its own policies, its tags. */

import { PolicyError, parsePolicy } from '@sekisho/policy'
import { AwsError } from '@sekisho/protocols'
import type { Tag } from '../iam/records.ts'
import type { TemporaryCredentials } from '../iam/sessions.ts'
import { type RequestKeys, requestTags } from '../service.ts'

export const validationError = (message: string) => new AwsError('ValidationError', message, 400)

/** Characters; what is packed counts together. @see IAM User Guide, "IAM and AWS STS quotas" */
const mostPolicyCharacters = 2_048
const mostPolicyArns = 10
const mostTags = 50
const packedBytes = 4_096

export const sessionName = [{ minLength: 2, maxLength: 64 }, { pattern: /[\w+=,.@-]*/ }] as const

export interface GivenTag {
  readonly Key: string
  readonly Value: string
}

interface GivenSession {
  readonly Policy?: string | undefined
  readonly PolicyArns?: readonly { readonly arn?: string | undefined }[] | undefined
  readonly Tags?: readonly GivenTag[] | undefined
}

export interface SessionLimits {
  readonly policies: readonly string[]
  readonly policyArns: readonly string[]
  readonly tags: readonly Tag[]
  /** Percent of what fits. */
  readonly packedSize: number | undefined
}

/** @throws AwsError MalformedPolicyDocument, PackedPolicyTooLarge, ValidationError, InvalidParameterValue */
export function sessionLimits({ Policy, PolicyArns = [], Tags = [] }: GivenSession): SessionLimits {
  if (Policy !== undefined) checkSessionPolicy(Policy)
  if (PolicyArns.length > mostPolicyArns)
    throw validationError(
      `1 validation error detected: Value at 'policyArns' failed to satisfy constraint: Member must have length less than or equal to ${mostPolicyArns}`,
    )
  checkTags(Tags)
  const policyArns = PolicyArns.flatMap(({ arn }) => (arn === undefined ? [] : [arn]))
  for (const arn of policyArns)
    if (!/^arn:aws[a-z-]*:iam::(?:\d{12}|aws):policy\/.+$/.test(arn))
      throw validationError(`${arn} is invalid`)
  const given = [Policy ?? '', ...policyArns, ...Tags.map(({ Key, Value }) => Key + Value)]
  const used = given.join('').length
  const packedSize = used === 0 ? undefined : Math.ceil((used / packedBytes) * 100)
  if (packedSize !== undefined && packedSize > 100)
    throw new AwsError(
      'PackedPolicyTooLarge',
      `Packed size of session tags consumes ${packedSize}% of allotted space.`,
      400,
    )
  return { policies: Policy === undefined ? [] : [Policy], policyArns, tags: Tags, packedSize }
}

function checkSessionPolicy(document: string): void {
  if (document.length > mostPolicyCharacters)
    throw validationError(
      `1 validation error detected: Value at 'policy' failed to satisfy constraint: Member must have length less than or equal to ${mostPolicyCharacters}`,
    )
  try {
    parsePolicy(document, { type: 'session' })
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error
    const isJson = error.faults[0]?.code !== 'INVALID_JSON'
    throw new AwsError(
      'MalformedPolicyDocument',
      isJson ? 'Syntax errors in policy.' : 'This policy contains invalid Json',
      400,
    )
  }
}

function checkTags(tags: readonly GivenTag[]): void {
  if (tags.length > mostTags)
    throw validationError(
      `1 validation error detected: Value at 'tags' failed to satisfy constraint: Member must have length less than or equal to ${mostTags}`,
    )
  const keys = new Set(tags.map(({ Key }) => Key.toLowerCase()))
  if (keys.size < tags.length)
    throw new AwsError(
      'InvalidParameterValue',
      'Duplicate tag keys found. Please note that Tag keys are case insensitive.',
      400,
    )
  for (const { Key, Value } of tags)
    if (Key === '' || Key.length > 128 || Value.length > 256 || /^aws:/i.test(Key))
      throw validationError(`The tag ${Key} is not valid.`)
}

export function tagKeys(tags: readonly GivenTag[] | undefined): RequestKeys {
  return requestTags(Object.fromEntries((tags ?? []).map(({ Key, Value }) => [Key, Value])))
}

export function shownCredentials(credentials: TemporaryCredentials) {
  return {
    AccessKeyId: credentials.accessKeyId,
    SecretAccessKey: credentials.secretAccessKey,
    SessionToken: credentials.sessionToken,
    Expiration: new Date(credentials.expiresAt),
  }
}
