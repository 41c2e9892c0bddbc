/** Where is the server's data, and what does it tell about endpoint and keys? */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { type Environment, pathOf } from './environment.ts'
import { CliError, exitCodes, usageError } from './exit-codes.ts'
import { parseProfiles } from './profiles.ts'

export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

/** How an account is reached: what AWS's tools need to know. */
export interface Access extends Credentials {
  readonly endpoint: string
  readonly region: string
  /** Of an HTTPS endpoint: the file of the certificate to trust. */
  readonly authorityPath?: string
}

/** Where `start` keeps its data: `--data`, or SEKISHO_DATA, or `data` of sekisho.config.json, or `.sekisho`. */
export function ownDataFolder(given: string | undefined, environment: Environment): string {
  const { cwd } = environment
  return named(given, environment) ?? configured(cwd) ?? join(cwd, '.sekisho')
}

/** The same; where nothing is named and nothing was started here, the nearest folder above that has a server's data. */
export function dataFolder(given: string | undefined, environment: Environment): string {
  const { cwd } = environment
  const found = named(given, environment) ?? configured(cwd)
  if (found !== undefined) return found
  const here = join(cwd, '.sekisho')
  return existsSync(here) ? here : (above(cwd) ?? here)
}

/**
 * @param profile  an account's name; `default` is the first account
 * @throws CliError  no such folder (nothing was ever started there), or no such account
 */
export function readAccess(folder: string, profile = 'default'): Access {
  const credentials = readProfiles(folder, 'credentials').get(profile)
  const config = readProfiles(folder, 'config')
  const settings =
    config.get(profile === 'default' ? profile : `profile ${profile}`) ?? config.get('default')
  if (credentials === undefined)
    throw usageError(`no account \`${profile}\` in \`${join(folder, 'credentials')}\``)
  const authorityPath = settings?.get('ca_bundle')
  return {
    ...(authorityPath !== undefined && { authorityPath }),
    endpoint: needed(settings?.get('endpoint_url'), 'endpoint_url', folder),
    region: needed(settings?.get('region'), 'region', folder),
    accessKeyId: needed(credentials.get('aws_access_key_id'), 'aws_access_key_id', folder),
    secretAccessKey: needed(
      credentials.get('aws_secret_access_key'),
      'aws_secret_access_key',
      folder,
    ),
  }
}

/**
 * The file's text, trimmed; undefined where it cannot be read.
 *
 * @throws CliError  it is another user's
 */
export function readDataFile(folder: string, name: string): string | undefined {
  const path = join(folder, name)
  try {
    return readFileSync(path, 'utf8').trim()
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EACCES') return undefined
    const message = `this user may not read \`${path}\`: only who started the server there may`
    throw new CliError(exitCodes.unreachable, message, { cause })
  }
}

export function noServerIn(folder: string, cause?: unknown): CliError {
  return new CliError(
    exitCodes.unreachable,
    `no server serves \`${folder}\`; start one there, or name its folder with \`--data\``,
    { cause },
  )
}

function readProfiles(folder: string, name: 'credentials' | 'config') {
  const text = readDataFile(folder, name)
  if (text === undefined) throw noServerIn(folder)
  return parseProfiles(text)
}

function needed(value: string | undefined, name: string, folder: string): string {
  if (value === undefined) throw usageError(`no \`${name}\` in the AWS files of \`${folder}\``)
  return value
}

function named(given: string | undefined, environment: Environment): string | undefined {
  const name = given ?? (environment.variables['SEKISHO_DATA'] || undefined)
  return name === undefined ? undefined : pathOf(name, environment)
}

function above(below: string): string | undefined {
  const folder = dirname(below)
  if (folder === below) return undefined
  const found = configured(folder) ?? join(folder, '.sekisho')
  return isOurs(found) ? found : above(folder)
}

/** A stranger's folder above ours, such as one in /tmp, must not lead us to the stranger's server. */
function isOurs(folder: string): boolean {
  const owner = statSync(folder, { throwIfNoEntry: false })?.uid
  return owner !== undefined && owner === (process.getuid?.() ?? owner)
}

function configured(folder: string): string | undefined {
  const path = join(folder, 'sekisho.config.json')
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
  try {
    const { data } = JSON.parse(text) as { data?: unknown }
    return typeof data === 'string' ? resolve(folder, data) : undefined
  } catch (cause) {
    throw usageError(`\`${path}\` is no JSON: ${(cause as Error).message}`, { cause })
  }
}
