/** Which user pools does the operator describe, and where are their keys? */
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { UserPool } from '@sekisho/gateway'
import { ConfigError } from './config.ts'
import { openKeySet } from './web-keys.ts'

const arnForm = /^arn:aws[\w-]*:cognito-idp:[a-z0-9-]+:\d{12}:userpool\/[\w-]+$/
const members = ['issuer', 'keys', 'clientIds']

/**
 * Reads a file that describes pools by ARN: `{ "arn:…:userpool/…": { "issuer": "https://…", "keys": "file or address",
 * "clientIds": ["…"] } }`; a file of keys is looked for beside it.
 *
 * @throws ConfigError
 */
export function openUserPools(
  file: string,
  now: () => number,
): ReadonlyMap<string, UserPool> | undefined {
  if (file === '') return undefined
  const refuse = (why: string) => new ConfigError(`\`--user-pools\`: \`${file}\` ${why}`)
  let described: unknown
  try {
    described = JSON.parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    throw refuse(`cannot be read: ${(cause as Error).message}`)
  }
  if (!isObject(described)) throw refuse('is not an object of user pools by ARN')
  return new Map(
    Object.entries(described).map(([arn, pool]) => {
      if (!arnForm.test(arn)) throw refuse(`names \`${arn}\`, which is no ARN of a user pool`)
      if (!isObject(pool)) throw refuse(`does not describe \`${arn}\` as an object`)
      const { issuer, keys, clientIds } = pool
      const unknown = Object.keys(pool).find((member) => !members.includes(member))
      if (unknown !== undefined)
        throw refuse(`says \`${unknown}\` of \`${arn}\`; a user pool has ${members.join(', ')}`)
      if (typeof issuer !== 'string' || issuer === '')
        throw refuse(`does not say the \`issuer\` of \`${arn}\``)
      if (typeof keys !== 'string' || keys === '')
        throw refuse(`does not say where the \`keys\` of \`${arn}\` are`)
      const isList = Array.isArray(clientIds) && clientIds.length > 0
      if (!isList || !clientIds.every((id) => typeof id === 'string'))
        throw refuse(`does not list the \`clientIds\` of \`${arn}\``)
      const place = /^https?:\/\//.test(keys) ? keys : resolve(dirname(file), keys)
      return [arn, { issuer, clientIds: new Set(clientIds), keys: openKeySet(place, now) }]
    }),
  )
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
