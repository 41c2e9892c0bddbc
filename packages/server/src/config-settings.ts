/** Which settings are there? One row each: a flag, an environment variable and a key of the configuration file at once. */
import { isIP } from 'node:net'
import type { Throttle } from '@sekisho/gateway'
import { parseCidr } from './net/addresses.ts'
import { type VpcListener, vpcListenerOf } from './vpc-endpoints.ts'

/** Reads a setting's text; undefined when it is no value for it. */
type Read<T> = (text: string) => T | undefined

export interface Setting<T> {
  /** What help and error messages call the value; absent for a switch. */
  readonly value?: string
  readonly read: Read<T>
  readonly fallback: T
  readonly help: string
}

const text: Read<string> = (given) => (given === '' ? undefined : given)
const flag: Read<boolean> = (given) =>
  given === 'true' || given === '1' ? true : given === 'false' || given === '0' ? false : undefined
const integer =
  (min: number, max: number): Read<number> =>
  (given) => {
    const value = /^\d{1,15}$/.test(given) ? Number(given) : Number.NaN
    return value >= min && value <= max ? value : undefined
  }
const oneOf =
  <const Word extends string>(...words: readonly Word[]): Read<Word> =>
  (given) =>
    words.find((word) => word === given)
const address: Read<string> = (given) => (isIP(given) ? given : undefined)
const list =
  (isItem: (item: string) => boolean): Read<readonly string[]> =>
  (given) => {
    const items = given.split(',').map((item) => item.trim())
    return items.every(isItem) ? items : undefined
  }

/** Of `10000/5000`: calls a second, and at once. */
export function throttleOf(given: string): Required<Throttle> | undefined {
  const [, rate, burst] = /^(\d{1,9}(?:\.\d{1,6})?)\/(\d{1,9})$/.exec(given) ?? []
  return rate === undefined ? undefined : { rateLimit: Number(rate), burstLimit: Number(burst) }
}

function row<T>(setting: Setting<T>): Setting<T> {
  return setting
}

export const iamModes = ['enforce', 'soft', 'off'] as const
export type IamMode = (typeof iamModes)[number]
export const logLevels = ['error', 'warn', 'info', 'debug'] as const
export type LogLevel = (typeof logLevels)[number]

/** By flag name. `SEKISHO_` and the upper-case name, with `_` for `-`, in the environment. */
export const settings = {
  port: row({
    value: 'PORT',
    read: integer(0, 65_535),
    fallback: 4566,
    help: 'port to listen on, up to 65535; 0 picks a free one',
  }),
  host: row({
    value: 'ADDRESS',
    read: text,
    fallback: '127.0.0.1',
    help: 'address to listen on; `::` is every address of both families',
  }),
  'web-identity-keys': row<readonly string[]>({
    value: 'ISSUER=KEYS[,…]',
    read: list((item) => /^[^=\s]+=.+$/.test(item)),
    fallback: [],
    help: "for AssumeRoleWithWebIdentity: an issuer's host and path, and the file or http(s) address of its keys (JWKS)",
  }),
  'user-pools': row({
    value: 'FILE',
    read: text,
    fallback: '',
    help: 'for COGNITO_USER_POOLS authorizers: a JSON file with the issuer, keys (JWKS, file or http(s) address) and clientIds of each user pool, by its ARN',
  }),
  'host-names': row<readonly string[]>({
    value: 'NAME[,NAME]',
    read: list((item) => /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(item)),
    fallback: [],
    help: 'further host names that requests may be addressed to',
  }),
  data: row({
    value: 'DIR',
    read: text,
    fallback: '.sekisho',
    help: 'folder that holds state, credentials and the decision log',
  }),
  region: row({
    value: 'REGION',
    read: (given: string) => (/^[a-z]{2}(-[a-z]+)+-\d{1,2}$/.test(given) ? given : undefined),
    fallback: 'us-east-1',
    help: 'region that `sekisho env` and the AWS config file name',
  }),
  iam: row<IamMode>({
    value: 'enforce|soft|off',
    read: oneOf(...iamModes),
    fallback: 'enforce',
    help: 'how the AWS APIs treat callers; deployed APIs always enforce',
  }),
  'trust-proxy': row<readonly string[]>({
    value: 'CIDR[,CIDR]',
    read: list((item) => parseCidr(item) !== undefined),
    fallback: [],
    help: 'peers whose X-Forwarded-For and X-Forwarded-Proto are read',
  }),
  functions: row({
    value: 'isolated|unsafe',
    read: oneOf('isolated', 'unsafe'),
    fallback: 'isolated' as 'isolated' | 'unsafe',
    help: 'run functions apart from the machine (bubblewrap), or as your own user',
  }),
  'functions-network': row({
    value: 'none|open',
    read: oneOf('none', 'open'),
    fallback: 'none' as 'none' | 'open',
    help: "what isolated functions reach beside this server: nothing, or all that this machine's network does",
  }),
  'functions-address': row({
    value: 'ADDRESS',
    read: address,
    fallback: '198.18.0.1',
    help: 'what calls of functions count as',
  }),
  'edge-address': row({
    value: 'ADDRESS',
    read: address,
    fallback: '198.18.0.2',
    help: 'source address of calls that distributions make to this endpoint',
  }),
  'edge-countries': row<readonly string[]>({
    value: 'CIDR=CC[,…]',
    read: list((item) => {
      const [, block = ''] = /^([^=]+)=[A-Z]{2}$/.exec(item) ?? []
      return parseCidr(block) !== undefined
    }),
    fallback: [],
    help: 'countries of viewers by their addresses, for geo restrictions; of several blocks the narrowest counts',
  }),
  'edge-cache-memory': row({
    value: 'MIB',
    read: integer(1, 1_048_576),
    fallback: 64,
    help: "memory that each process's cache of distributions may take, in MiB",
  }),
  'edge-cache-disk': row({
    value: 'MIB',
    read: integer(0, 1_048_576),
    fallback: 256,
    help: 'room in the data folder for what that memory lets go of, in MiB; 0 is none',
  }),
  'edge-log-interval': row({
    value: 'SECONDS',
    read: integer(1, 3_600),
    fallback: 60,
    help: 'how often the logs of distributions are delivered',
  }),
  'edge-cache-keep': row({
    read: flag,
    fallback: false,
    help: "keep the first process's cache of distributions over a restart",
  }),
  'integration-address': row({
    value: 'ADDRESS',
    read: address,
    fallback: '198.18.0.3',
    help: 'source address of calls that integrations make to this endpoint',
  }),
  workers: row({
    value: 'N',
    read: integer(1, 256),
    fallback: 1,
    help: 'processes that serve calls to deployed APIs',
  }),
  store: row({
    value: 'URL',
    read: text,
    fallback: 'embedded',
    help: 'where state lives: `embedded` (in the data folder) or `memory:`',
  }),
  'account-id': row({
    value: 'ID',
    read: (given: string) => (/^\d{12}$/.test(given) ? given : undefined),
    fallback: '000000000000',
    help: "the first account's number (twelve digits)",
  }),
  'log-level': row<LogLevel>({
    value: 'error|warn|info|debug',
    read: oneOf(...logLevels),
    fallback: 'info',
    help: 'least severe lines that are written to stderr',
  }),
  'log-retention': row({
    value: 'DAYS',
    read: integer(1, 3_650),
    fallback: 7,
    help: 'days that the decision log is kept, within 1 GiB',
  }),
  'allow-reset': row({
    read: flag,
    fallback: false,
    help: 'lets `sekisho reset` empty this server',
  }),
  'test-clock': row({
    read: flag,
    fallback: false,
    help: 'lets `sekisho clock` move the time that quotas, schedules and expiries go by',
  }),
  'account-throttle': row({
    value: 'RATE/BURST|none',
    read: (given: string) => (given === 'none' || throttleOf(given) ? given : undefined),
    fallback: 'none',
    help: 'calls to deployed APIs that each account and region may make a second, and at once; AWS begins with 10000/5000',
  }),
  tls: row({
    read: flag,
    fallback: false,
    help: 'serve HTTPS instead of HTTP, with certificates of an authority of its own in the data folder; clients may show theirs, for domain names with mutual TLS',
  }),
  'tls-certificates': row<readonly string[]>({
    value: 'CERTIFICATE=KEY[,…]',
    read: list((item) => /^[^=]+=[^=]+$/.test(item)),
    fallback: [],
    help: 'PEM files of certificates and their keys, for the hosts that each names',
  }),
  'vpc-endpoint': row<readonly VpcListener[]>({
    value: 'ID[@VPC]=ADDRESS:PORT[,…]',
    read(given) {
      const listeners = given.split(',').map((item) => vpcListenerOf(item.trim()))
      return listeners.every((each) => each !== undefined) ? listeners : undefined
    },
    fallback: [],
    help: 'listeners by which private APIs are called, as through that VPC endpoint (of that VPC)',
  }),
  'strict-paths': row({
    read: flag,
    fallback: false,
    help: 'a Deny applies to the path as received and to its normalised form',
  }),
  json: row({ read: flag, fallback: false, help: 'print one JSON object when ready' }),
} as const satisfies Record<string, Setting<never> | Setting<unknown>>

export type SettingName = keyof typeof settings

/** Known names of options that this version refuses instead of ignoring them. */
export const laterSettings = ['shared-counters'] as const

export type Settings = {
  readonly [Name in SettingName]: (typeof settings)[Name] extends Setting<infer T> ? T : never
}

export function environmentName(name: string): string {
  return `SEKISHO_${name.toUpperCase().replaceAll('-', '_')}`
}
