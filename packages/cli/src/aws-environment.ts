/** Which variables point an AWS tool at this server, and at nothing else? */
import { join } from 'node:path'
import type { Access } from './data-folder.ts'
import type { Variables } from './environment.ts'

/** What would lead a tool to other keys, or elsewhere. */
const foreign = /^AWS_(?!PAGER$|CA_BUNDLE$|CLI_|MAX_ATTEMPTS$|RETRY_MODE$)/

/** The variables of one identity, by name. */
export function accessVariables(access: Access): Readonly<Record<string, string>> {
  return {
    AWS_ENDPOINT_URL: access.endpoint,
    AWS_ACCESS_KEY_ID: access.accessKeyId,
    AWS_SECRET_ACCESS_KEY: access.secretAccessKey,
    ...(access.sessionToken !== undefined && { AWS_SESSION_TOKEN: access.sessionToken }),
    AWS_REGION: access.region,
    AWS_DEFAULT_REGION: access.region,
    ...(access.authorityPath !== undefined && {
      AWS_CA_BUNDLE: access.authorityPath,
      NODE_EXTRA_CA_CERTS: access.authorityPath,
    }),
  }
}

/** The caller's variables without other AWS settings; the tool's own files are this server's. */
export function pointedHere(
  variables: Variables,
  access: Access,
  folder: string,
): Readonly<Record<string, string>> {
  const kept = Object.entries(variables).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !foreign.test(entry[0]),
  )
  return {
    ...Object.fromEntries(kept),
    ...accessVariables(access),
    AWS_CONFIG_FILE: join(folder, 'config'),
    AWS_SHARED_CREDENTIALS_FILE: join(folder, 'credentials'),
    AWS_EC2_METADATA_DISABLED: 'true',
  }
}
