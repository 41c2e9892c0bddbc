/** What lies in the data folder beside state: credentials, the operator's token, and the lock. */
import { randomBytes } from 'node:crypto'
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join, relative } from 'node:path'
import { lockFolder, sweepBackups } from '@sekisho/store'

export interface FolderParts {
  readonly path: string
  readonly operatorToken: string
  readonly socketPath: string
  readonly trailFolder: string
}

export type DataFolder = FolderParts & Disposable

/** @throws LockedError  another server has it; EACCES, EEXIST and so on for a folder that cannot be had */
export function openDataFolder(path: string): DataFolder {
  const isNew = !existsSync(path)
  mkdirSync(path, { recursive: true, mode: 0o700 })
  accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK)
  // A folder that was there may belong to something else as well: files protect themselves.
  if (isNew) chmodSync(path, 0o700)
  const lock = lockFolder(path)
  sweepBackups(path)
  if (!existsSync(join(path, '.gitignore'))) writeFileSync(join(path, '.gitignore'), '*\n')
  return {
    ...joinDataFolder(path),
    [Symbol.dispose]() {
      rmSync(join(path, 'operator.sock'), { force: true })
      lock[Symbol.dispose]()
    },
  }
}

/** The same folder, for a process whose parent holds the lock. */
export function joinDataFolder(path: string): FolderParts {
  return {
    path,
    operatorToken: readOperatorToken(join(path, 'operator-token')),
    socketPath: shorter(join(path, 'operator.sock')),
    trailFolder: join(path, 'decisions'),
  }
}

function readOperatorToken(path: string): string {
  if (existsSync(path)) {
    if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600)
    const token = readFileSync(path, 'utf8').trim()
    if (token.length >= 32) return token
  }
  const token = randomBytes(32).toString('base64url')
  writePrivately(path, `${token}\n`)
  return token
}

/** Complete or not at all, and never readable by others in between. */
export function writePrivately(path: string, text: string): void {
  const temporary = `${path}.${process.pid}.tmp`
  writeFileSync(temporary, text, { mode: 0o600, flush: true })
  chmodSync(temporary, 0o600)
  renameSync(temporary, path)
}

/** Sockets' names are bounded (107 bytes); from here a relative one may do. */
function shorter(path: string): string {
  const other = relative('', path)
  return other.length < path.length ? other : path
}

export interface Profile {
  readonly name: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/**
 * `credentials` and `config` as AWS's tools read them. The first account is `[default]`.
 * @see AWS SDKs and Tools Reference Guide, "Using shared config and credentials files"
 */
export function writeCredentials(
  folder: string,
  profiles: readonly Profile[],
  {
    endpoint,
    region,
    authorityPath,
  }: {
    readonly endpoint: string
    readonly region: string
    /** Of an HTTPS endpoint: whom clients have to trust. */
    readonly authorityPath?: string
  },
): void {
  const named = profiles.map((profile, place) => ({
    ...profile,
    name: place === 0 ? 'default' : profile.name,
  }))
  const credentials = named.map(
    ({ name, accessKeyId, secretAccessKey }) =>
      `[${name}]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`,
  )
  const bundle = authorityPath === undefined ? '' : `ca_bundle = ${authorityPath}\n`
  const config = named.map(
    ({ name }) =>
      `[${name === 'default' ? name : `profile ${name}`}]\nregion = ${region}\nendpoint_url = ${endpoint}\n${bundle}`,
  )
  writePrivately(join(folder, 'credentials'), credentials.join('\n'))
  writePrivately(join(folder, 'config'), config.join('\n'))
}
