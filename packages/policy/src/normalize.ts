/** The document as AWS stores it: short forms of principals and of API Gateway's ARNs written out. */
import { type JsonNode, parseJson } from './json.ts'

export interface ExecuteApi {
  readonly partition: string
  readonly region: string
  readonly accountId: string
  readonly restApiId: string
}

/** What a value becomes, as JSON text. */
type Rewrite = (value: JsonNode) => string

type StringNode = JsonNode & { readonly type: 'string' }

/** Which strings of a member, and what each becomes. */
type InPlace = readonly [(node: JsonNode) => readonly StringNode[], (value: string) => string]

/**
 * Writes a resource policy of an API out: `execute-api:/stage/METHOD/path` becomes the full ARN of this API, twelve
 * digits become the account's ARN. Everything else stays as it was. Parse the result: this only rewrites.
 *
 * @param source  JSON text as somebody wrote it
 * @returns JSON text without spaces; numbers to the digit as they were
 * @throws PolicyError  the text is not JSON, or repeats a member (which would be lost here)
 * @see API Gateway Developer Guide, "Create and attach an API Gateway resource policy to an API"
 */
export function normalizeExecuteApiPolicy(source: string, api: ExecuteApi): string {
  const root = rootOf(api)
  const principal: Rewrite = (value) => longPrincipal(value, api.partition)
  return rewriteStatements(source, {
    Resource: (value) => mapStrings(value, (each) => longResource(each, root)),
    NotResource: (value) => mapStrings(value, (each) => longResource(each, root)),
    Principal: principal,
    NotPrincipal: principal,
  })
}

const nothing: InPlace = [() => [], (value) => value]

/**
 * The same for a file that somebody still writes: its lines stay its lines, and what is not written out stays in its place.
 *
 * @throws PolicyError  the text is not JSON, or repeats a member
 */
export function writeOutExecuteApiPolicy(source: string, api: ExecuteApi): string {
  const root = rootOf(api)
  const resource: InPlace = [stringsOf, (value) => longResource(value, root)]
  const principal: InPlace = [awsOf, (value) => longAccount(value, api.partition)]
  const rewrites: Readonly<Record<string, InPlace>> = {
    Resource: resource,
    NotResource: resource,
    Principal: principal,
    NotPrincipal: principal,
  }
  const starts = startsOfLines(source)
  let written = source
  // From the end, so that the places before stay true.
  for (const { name, value } of membersOfStatements(parseJson(source)).reverse()) {
    const [stringsIn, long] = Object.hasOwn(rewrites, name) ? rewrites[name]! : nothing
    for (const node of stringsIn(value).toReversed()) {
      const at = starts[node.line - 1]! + node.column - 1
      const end = at + /^"(?:[^"\\]|\\.)*"/.exec(written.slice(at))![0].length
      if (long(node.value) !== node.value)
        written = written.slice(0, at) + JSON.stringify(long(node.value)) + written.slice(end)
    }
  }
  return written
}

/**
 * Twelve digits in `Principal` become the account's ARN, in any resource or trust policy.
 *
 * @throws PolicyError  the text is not JSON, or repeats a member
 */
export function normalizePrincipals(source: string, partition = 'aws'): string {
  const principal: Rewrite = (value) => longPrincipal(value, partition)
  return rewriteStatements(source, { Principal: principal, NotPrincipal: principal })
}

/**
 * Gives every value of kind `AWS` in `Principal` and `NotPrincipal` another name (as AWS keeps unique ids, and shows ARNs).
 *
 * @throws PolicyError  the text is not JSON, or repeats a member
 * @see IAM User Guide, "AWS JSON policy elements: Principal"
 */
export function renamePrincipals(source: string, rename: (value: string) => string): string {
  const principal: Rewrite = (value) =>
    mapMembers(value, { AWS: (node) => mapStrings(node, rename) })
  return rewriteStatements(source, { Principal: principal, NotPrincipal: principal })
}

function rewriteStatements(source: string, rewrites: Readonly<Record<string, Rewrite>>): string {
  const statement: Rewrite = (node) => mapMembers(node, rewrites)
  return mapMembers(parseJson(source), {
    Statement: (node) =>
      node.type === 'array' ? `[${node.items.map(statement).join(',')}]` : statement(node),
  })
}

function membersOfStatements(root: JsonNode) {
  const list = membersOf(root).find(({ name }) => name === 'Statement')?.value
  return (list?.type === 'array' ? list.items : list ? [list] : []).flatMap(membersOf)
}

function membersOf(node: JsonNode) {
  return node.type === 'object' ? node.members : []
}

function stringsOf(node: JsonNode): readonly StringNode[] {
  if (node.type === 'string') return [node]
  return node.type === 'array' ? node.items.filter((item) => item.type === 'string') : []
}

function awsOf(principal: JsonNode): readonly StringNode[] {
  const named = membersOf(principal).find(({ name }) => name === 'AWS')
  return named ? stringsOf(named.value) : []
}

function startsOfLines(source: string): readonly number[] {
  return [0, ...Array.from(source.matchAll(/\n/g), ({ index }) => index + 1)]
}

function rootOf({ partition, region, accountId, restApiId }: ExecuteApi): string {
  return `arn:${partition}:execute-api:${region}:${accountId}:${restApiId}/`
}

function longResource(value: string, root: string): string {
  if (!value.startsWith('execute-api:')) return value
  return root + value.slice('execute-api:'.length).replace(/^\//, '')
}

function longPrincipal(value: JsonNode, partition: string): string {
  return mapMembers(value, {
    AWS: (node) => mapStrings(node, (each) => longAccount(each, partition)),
  })
}

function longAccount(value: string, partition: string): string {
  return /^\d{12}$/.test(value) ? `arn:${partition}:iam::${value}:root` : value
}

function mapStrings(node: JsonNode, map: (value: string) => string): string {
  const one: Rewrite = (each) =>
    each.type === 'string' ? JSON.stringify(map(each.value)) : textOf(each)
  return node.type === 'array' ? `[${node.items.map(one).join(',')}]` : one(node)
}

function mapMembers(node: JsonNode, rewrites: Readonly<Record<string, Rewrite>>): string {
  if (node.type !== 'object') return textOf(node)
  const members = node.members.map(({ name, value }) => {
    const rewrite = Object.hasOwn(rewrites, name) ? rewrites[name]! : textOf
    return `${JSON.stringify(name)}:${rewrite(value)}`
  })
  return `{${members.join(',')}}`
}

function textOf(node: JsonNode): string {
  switch (node.type) {
    case 'object':
      return mapMembers(node, {})
    case 'array':
      return `[${node.items.map(textOf).join(',')}]`
    case 'string':
      return JSON.stringify(node.value)
    case 'null':
      return 'null'
    default:
      return node.text
  }
}
