/** What the reference pages say: one function a page, each over a table of the code. */
import { executeApiKeys, gatewayResponses } from '@sekisho/gateway'
import { contextKeys, negatedOperators, operators } from '@sekisho/policy'
import { commonErrors, readModel, serviceTraits } from '@sekisho/protocols'
import { environmentName, laterSettings, settings } from '@sekisho/server'
import { principalKeyRows, services } from '@sekisho/services'
import { describeVerb, laterVerbs, verbs } from 'sekisho'

/** File name to Markdown. */
export async function pages(): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ['command.md', await commandPage()],
    ['settings.md', settingsPage()],
    ['gateway-responses.md', gatewayResponsesPage()],
    ['condition-operators.md', operatorsPage()],
    ['condition-keys.md', keysPage()],
    ['operations.md', await operationsPage()],
    ['errors.md', errorsPage()],
  ])
}

function page(title: string, intro: string, ...tables: string[]): string {
  return `<!-- Printed by \`npm run docs\` from the tables of the code. -->\n\n# ${title}\n\n${intro}\n\n${tables.join('\n\n')}\n`
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cell = (text: string) => text.replaceAll('|', '\\|')
  return [head, head.map(() => '---'), ...rows]
    .map((row) => `| ${row.map(cell).join(' | ')} |`)
    .join('\n')
}

async function commandPage(): Promise<string> {
  const described = Object.entries(verbs).map(
    async ([name, verb]) => `## ${name}\n\n\`\`\`\n${await describeVerb(name, verb)}\n\`\`\``,
  )
  return page(
    'The `sekisho` command',
    'A verb ends with 0 when it is done, 1 when the check or the request said no, 2 for bad usage or bad input, 3 when no server is reached.',
    ...(await Promise.all(described)),
    `Not supported yet: ${laterVerbs.map((name) => `\`${name}\``).join(', ')}.`,
  )
}

function settingsPage(): string {
  const rows = Object.entries(settings).map(([name, { value, fallback, help }]) => [
    `\`--${name}${value ? ` ${value}` : ''}\``,
    `\`${environmentName(name)}\``,
    Array.isArray(fallback) ? 'none' : `\`${String(fallback)}\``,
    help,
  ])
  return page(
    'Settings',
    'Each is a flag of `sekisho start`, a variable of the environment and a key of `sekisho.config.json` (the flag without its dashes). A flag wins over the environment, which wins over the file.',
    table(['flag', 'environment', 'default', 'what it sets'], rows),
    `Refused as not supported yet: ${laterSettings.map((name) => `\`--${name}\``).join(', ')}.`,
  )
}

function gatewayResponsesPage(): string {
  const rows = Object.entries(gatewayResponses).map(([type, { status, errorType, message }]) => [
    `\`${type}\``,
    String(status),
    `\`${errorType}\``,
    message === 'null' ? '`null`' : message,
  ])
  return page(
    'Gateway responses',
    'What a deployed API answers by itself.',
    table(['type', 'status', '`x-amzn-ErrorType`', 'message'], rows),
  )
}

function operatorsPage(): string {
  const positive = Object.entries(operators).map(([name, { type, takesVariables }]) => {
    const negated = Object.entries(negatedOperators).find(([, of]) => of === name)?.[0]
    return [`\`${name}\``, negated ? `\`${negated}\`` : '', type, takesVariables ? 'yes' : 'no']
  })
  return page(
    'Condition operators',
    'Each takes `…IfExists` and the prefixes `ForAllValues:` and `ForAnyValue:`. `Null` asks whether a key is absent.',
    table(['operator', 'negated', 'type', 'policy variables'], positive),
  )
}

function keysPage(): string {
  const global = Object.entries(contextKeys).map(([name, { type, isMultivalued }]) => [
    `\`${name}\``,
    type,
    isMultivalued ? 'several' : 'one',
  ])
  const brought = (keys: object, when: string) =>
    Object.keys(keys).map((name) => [`\`${name}\``, when])
  return page(
    'Condition keys',
    'Keys are compared without regard to case.',
    '## Known to the policy language',
    table(['key', 'type', 'values'], global),
    '## Brought by a call to a deployed API',
    table(
      ['key', 'when'],
      [
        ...brought(executeApiKeys, 'any authorization type'),
        ...brought(principalKeyRows, '`AWS_IAM` only'),
      ],
    ),
  )
}

async function operationsPage(): Promise<string> {
  const sections: string[] = []
  for (const service of services) {
    const { operations } = readModel(await service.sdk())
    const names = [...service.operations.keys()].sort()
    sections.push(
      `## ${service.name}`,
      `${names.length} of the model's ${operations.size} operations:`,
      names.map((name) => `\`${name}\``).join(', '),
    )
  }
  const present = new Set(services.map(({ name }) => name as string))
  const absent = Object.keys(serviceTraits).filter((name) => !present.has(name))
  return page(
    'Operations',
    'An operation that is not listed answers 501 with its name, in the shape of its protocol.',
    ...sections,
    `## Not answered yet\n\n${absent.map((name) => `\`${name}\``).join(', ')}`,
  )
}

function errorsPage(): string {
  const rows = Object.entries(commonErrors).map(([code, status]) => [
    `\`${code}\``,
    statusOf(status),
  ])
  return page(
    'Common errors',
    'Errors that every service may answer with, beside those of its model.',
    table(['code', 'status'], rows),
  )
}

/** A status, or a row that has one. */
function statusOf(row: unknown): string {
  return String(typeof row === 'object' && row !== null && 'status' in row ? row.status : row)
}
