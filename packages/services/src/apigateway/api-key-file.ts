/** Which keys does a CSV file of API keys hold? */
import { badRequest } from './errors.ts'

export interface ImportedKey {
  readonly value: string
  readonly name: string
  readonly description?: string
  readonly enabled: boolean
  readonly planIds: readonly string[]
}

export interface Imported {
  readonly rows: readonly ImportedKey[]
  /** Of rows that are left out. */
  readonly warnings: readonly string[]
}

/** As many as an account may have. */
const maxRows = 10_000

/**
 * Columns in any order and any case, unknown ones ignored; of rows with the same key the last counts.
 *
 * @throws AwsError BadRequestException  no such file at all
 * @see API Gateway Developer Guide, "API Gateway API key file format"
 */
export function importedKeys(text: string): Imported {
  const [header, ...lines] = recordsOf(text.replace(/^\ufeff/, ''))
  const columns = (header ?? []).map((name) => name.trim().toLowerCase())
  for (const required of ['name', 'key'])
    if (!columns.includes(required))
      throw badRequest(`Failed to parse API keys: the column '${required}' is missing`)
  if (lines.length > maxRows)
    throw badRequest(`Failed to parse API keys: there are more than ${maxRows} rows`)
  const rows = new Map<string, ImportedKey>()
  const warnings: string[] = []
  for (const [at, fields] of lines.entries()) {
    const row = Object.fromEntries(columns.map((name, place) => [name, fields[place] ?? '']))
    const read = keyOf(row)
    if (typeof read === 'string') warnings.push(`Row ${at + 1}: ${read}`)
    else rows.set(read.value, read)
  }
  return { rows: [...rows.values()], warnings }
}

/** The key, or what is wrong with it. */
function keyOf(row: Readonly<Record<string, string>>): ImportedKey | string {
  const { key: value = '', name = '', description = '', enabled = '', usageplanids = '' } = row
  if (value.length < 20) return 'API Key value should be at least 20 characters'
  if (value.length > 128) return 'API Key value exceeds maximum size of 128 characters'
  if (name.length > 1_024) return 'Invalid API Key name, can be at most 1024 characters.'
  if (!/^(true|false)?$/i.test(enabled)) return `Invalid value '${enabled}' for enabled`
  return {
    value,
    name,
    ...(description !== '' && { description }),
    enabled: enabled.toLowerCase() !== 'false',
    planIds: usageplanids
      .split(',')
      .map((id) => id.trim())
      .filter((id) => id !== ''),
  }
}

/** Fields may be quoted, by double or single quotes; a doubled quote within is one. Empty lines are none. */
function recordsOf(text: string): readonly (readonly string[])[] {
  const records: string[][] = []
  let record: string[] = []
  const field =
    /[^\S\r\n]*(?:"((?:[^"]|"")*)"|'((?:[^']|'')*)'|([^,\r\n]*))[^\S\r\n]*(,|\r?\n|\r|$)/gy
  for (let match = field.exec(text); match !== null; match = field.exec(text)) {
    const [, double, single, plain = '', end] = match
    record.push(double?.replaceAll('""', '"') ?? single?.replaceAll("''", "'") ?? plain.trim())
    if (end === ',') continue
    if (record.length > 1 || record[0] !== '') records.push(record)
    record = []
    if (field.lastIndex >= text.length) return records
  }
  throw badRequest('Failed to parse API keys: a quoted field does not end')
}
