/** What was asked of this server? Flags over environment over the configuration file over defaults. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import {
  environmentName,
  laterSettings,
  type Setting,
  type SettingName,
  type Settings,
  settings,
} from './config-settings.ts'
import { isLoopback } from './net/addresses.ts'

export interface RootKeySetting {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

export interface Config extends Settings {
  /** From SEKISHO_ROOT_ACCESS_KEY_ID and SEKISHO_ROOT_SECRET_ACCESS_KEY; used at the first start only. */
  readonly rootKey?: RootKeySetting
  /** PATH, where interpreters of functions are looked for. */
  readonly path: string
}

/** A setting that cannot be followed; `message` says which, and how to mend it. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly code = 'CONFIG'
}

/** Where settings come from. */
export interface ConfigSources {
  /** As typed: `--port`, `5000`, `--allow-reset`, `--region=eu-west-1`. */
  readonly args?: readonly string[]
  /** The process's own unless given. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** For relative paths and for `sekisho.config.json`. */
  readonly cwd?: string
}

/** @throws ConfigError */
export function readConfig({ args = [], env = process.env, cwd = '.' }: ConfigSources): Config {
  const { file, ...flags } = readFlags(args)
  const fromFile = readFile(resolve(cwd, file ?? 'sekisho.config.json'), file !== undefined)
  const given = { ...fromFile, ...readEnvironment(env), ...flags.given }
  const chosen = Object.fromEntries(
    Object.entries(settings).map(([name, setting]) => [name, chosenValue(setting, given[name])]),
  ) as unknown as Settings
  const rootKey = readRootKey(env)
  const config = {
    ...chosen,
    data: resolve(cwd, chosen.data),
    'user-pools': chosen['user-pools'] && resolve(cwd, chosen['user-pools']),
    ...(rootKey && { rootKey }),
    path: env['PATH'] ?? '',
  }
  checkTogether(config)
  return config
}

/** A value as text, and where it stood, for messages. */
interface Given {
  readonly text: string
  readonly where: string
}
type GivenSettings = { [name: string]: Given }

function readFlags(args: readonly string[]): { file?: string; given: GivenSettings } {
  const given: GivenSettings = {}
  let file: string | undefined
  for (let at = 0; at < args.length; at++) {
    const [, name, inline] = /^--([a-z][a-z-]*)(?:=(.*))?$/s.exec(args[at]!) ?? []
    if (name === undefined) throw new ConfigError(`unexpected argument \`${args[at]}\``)
    const isSwitch = isSetting(name) && settings[name].value === undefined
    const text = inline ?? (isSwitch ? 'true' : args[++at])
    if (name === 'config') {
      if (text === undefined) throw new ConfigError('`--config` needs a file')
      file = text
      continue
    }
    checkName(name, `\`--${name}\``)
    if (text === undefined)
      throw new ConfigError(`\`--${name}\` needs a value: ${settings[name].value}`)
    given[name] = { text, where: `\`--${name}\`` }
  }
  return { given, ...(file !== undefined && { file }) }
}

function readEnvironment(env: NonNullable<ConfigSources['env']>): GivenSettings {
  const given: GivenSettings = {}
  for (const name of [...Object.keys(settings), ...laterSettings]) {
    const text = env[environmentName(name)]
    if (text === undefined || text === '') continue
    checkName(name, `\`${environmentName(name)}\``)
    given[name] = { text, where: `\`${environmentName(name)}\`` }
  }
  return given
}

function readFile(path: string, isAsked: boolean): GivenSettings {
  let source: string
  try {
    source = readFileSync(path, 'utf8')
  } catch (cause) {
    if (!isAsked && (cause as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw new ConfigError(`cannot read \`${path}\`: ${(cause as Error).message}`, { cause })
  }
  const parsed = parseFile(source, path)
  const given: GivenSettings = {}
  for (const [name, value] of Object.entries(parsed)) {
    const where = `\`${name}\` of \`${path}\``
    checkName(name, where)
    given[name] = { text: Array.isArray(value) ? value.join(',') : String(value), where }
  }
  return given
}

function parseFile(source: string, path: string): object {
  let parsed: unknown
  try {
    parsed = JSON.parse(source)
  } catch (cause) {
    throw new ConfigError(`\`${path}\` is no JSON: ${(cause as Error).message}`, { cause })
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw new ConfigError(`\`${path}\` must hold one JSON object`)
  return parsed
}

function isSetting(name: string): name is SettingName {
  return Object.hasOwn(settings, name)
}

function checkName(name: string, where: string): asserts name is SettingName {
  if ((laterSettings as readonly string[]).includes(name))
    throw new ConfigError(`${where} is not supported yet`)
  if (!isSetting(name))
    throw new ConfigError(`unknown setting ${where}; see \`sekisho help start\``)
}

function chosenValue(setting: Setting<unknown>, given: Given | undefined): unknown {
  if (given === undefined) return setting.fallback
  const value = setting.read(given.text)
  if (value === undefined)
    throw new ConfigError(
      `${given.where} cannot be \`${given.text}\`; it is ${setting.value === undefined ? '`true` or `false`' : `${setting.value}: ${setting.help}`}`,
    )
  return value
}

function readRootKey(env: NonNullable<ConfigSources['env']>): RootKeySetting | undefined {
  const accessKeyId = env['SEKISHO_ROOT_ACCESS_KEY_ID']
  const secretAccessKey = env['SEKISHO_ROOT_SECRET_ACCESS_KEY']
  if (!accessKeyId && !secretAccessKey) return undefined
  if (!accessKeyId || !secretAccessKey)
    throw new ConfigError(
      'set both `SEKISHO_ROOT_ACCESS_KEY_ID` and `SEKISHO_ROOT_SECRET_ACCESS_KEY`, or neither',
    )
  if (!/^\w{4,128}$/.test(accessKeyId))
    throw new ConfigError(
      '`SEKISHO_ROOT_ACCESS_KEY_ID` must be 4 to 128 letters, digits or underscores',
    )
  if (!/^[\x21-\x7e]{8,256}$/.test(secretAccessKey))
    throw new ConfigError(
      '`SEKISHO_ROOT_SECRET_ACCESS_KEY` must be 8 to 256 visible ASCII characters',
    )
  return { accessKeyId, secretAccessKey }
}

function checkTogether(config: Settings): void {
  if (config.iam !== 'enforce' && !isLoopback(config.host))
    throw new ConfigError(
      `\`--iam ${config.iam}\` would let others in: use it with a loopback \`--host\`, not \`${config.host}\``,
    )
  if (config['tls-certificates'].length > 0 && !config.tls)
    throw new ConfigError('`--tls-certificates` says what `--tls` serves with: give both')
  if (config.store !== 'embedded' && config.store !== 'memory:')
    throw new ConfigError(`\`--store ${config.store}\` is not supported yet; use \`embedded\``)
  if (config.workers > 1 && config.store === 'memory:')
    throw new ConfigError('`--workers` above 1 needs state that processes can share, not `memory:`')
}
