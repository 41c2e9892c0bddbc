/** From text to a policy document, or every fault in it. */
import type { PolicyType } from './decision.ts'
import type { PolicyDocument, PolicyVersion, Statement } from './document.ts'
import { Faults } from './faults.ts'
import { grammars } from './grammars.ts'
import { type JsonNode, parseJson } from './json.ts'
import { readCondition } from './parse-condition.ts'
import { readAction, readPrincipal, readResource } from './parse-elements.ts'
import { PolicyError } from './policy-error.ts'

export interface ParseOptions {
  readonly type: PolicyType
  /** Characters that the service at hand allows; all are counted. */
  readonly maxLength?: number
}

/** The widest that IAM's API takes. */
const longest = 131_072
/** @see IAM API Reference, "CreatePolicy" (pattern of PolicyDocument) */
const forbiddenCharacter = /[^\t\n\r\u0020-\u00ff]/

/**
 * Reads a policy of the given type. What cannot be evaluated later (an unknown operator, a CIDR that is none) is a fault now.
 *
 * @throws PolicyError  with all faults found
 * @see IAM User Guide, "Grammar of the IAM JSON policy language"
 */
export function parsePolicy(text: string, options: ParseOptions): PolicyDocument {
  refuseText(text, options.maxLength ?? longest)
  const root = parseJson(text)
  const faults = new Faults()
  const document = readDocument(root, options.type, faults)
  faults.throwIfAny()
  return document!
}

function refuseText(text: string, maxLength: number): void {
  const place = { pointer: '', line: 1, column: 1 }
  if (text.length > maxLength)
    throw new PolicyError([
      {
        code: 'TOO_LONG',
        message: `${text.length} characters; at most ${maxLength} are allowed`,
        ...place,
      },
    ])
  const found = forbiddenCharacter.exec(text)
  if (found === null) return
  const before = text.slice(0, found.index).split('\n')
  const code = found[0].charCodeAt(0).toString(16).padStart(4, '0').toUpperCase()
  throw new PolicyError([
    {
      code: 'INVALID_CHARACTER',
      message: `the character U+${code} may not stand in a policy`,
      pointer: '',
      line: before.length,
      column: before.at(-1)!.length + 1,
    },
  ])
}

function readDocument(
  root: JsonNode,
  type: PolicyType,
  faults: Faults,
): PolicyDocument | undefined {
  const members = faults.members(root, 'a policy', ['Version', 'Id', 'Statement'])
  if (members === undefined) return undefined
  const version = readVersion(members.get('Version'), faults)
  const id = members.get('Id')
  if (id && !grammars[type].hasId)
    faults.add('PROHIBITED_ELEMENT', id, '`Id` may not stand in this type of policy')
  if (id && id.type !== 'string') faults.add('INVALID_TYPE', id, '`Id` must be a string')
  const list = members.get('Statement')
  if (list === undefined) {
    faults.add('MISSING_ELEMENT', root, '`Statement` is missing')
    return undefined
  }
  const nodes = list.type === 'array' ? list.items : [list]
  const statements = nodes.flatMap(
    (node, index) => readStatement(node, index, type, version, faults) ?? [],
  )
  refuseRepeatedSids(nodes, faults)
  return { type, version, ...(id?.type === 'string' && { id: id.value }), statements }
}

function readVersion(node: JsonNode | undefined, faults: Faults): PolicyVersion {
  if (node === undefined) return '2008-10-17'
  if (node.type === 'string' && (node.value === '2012-10-17' || node.value === '2008-10-17'))
    return node.value
  faults.add('INVALID_VERSION', node, '`Version` must be `2012-10-17` or `2008-10-17`')
  return '2012-10-17'
}

const statementElements = [
  'Sid',
  'Effect',
  'Principal',
  'NotPrincipal',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Condition',
] as const

function readStatement(
  node: JsonNode,
  index: number,
  type: PolicyType,
  version: PolicyVersion,
  faults: Faults,
): Statement | undefined {
  const members = faults.members(node, 'a statement', statementElements)
  if (members === undefined) return undefined
  const grammar = grammars[type]
  const effect = readEffect(members.get('Effect'), node, faults)
  const sid = readSid(members.get('Sid'), grammar.sid, faults)
  const principal = readPrincipal(members, node, grammar, effect, faults)
  const action = readAction(members, node, grammar, faults)
  const resource = readResource(members, node, type, version, faults)
  const conditions = readConditions(members.get('Condition'), version, faults)
  if (effect === 'Allow' && grammar.denyOnly && !isAllowEverything(members))
    faults.add('INVALID_EFFECT', members.get('Effect') ?? node, 'this type of policy can only deny')
  if (effect === undefined || action === undefined) return undefined
  const { pointer, line, column } = node
  return {
    index,
    pointer,
    line,
    column,
    ...(sid !== undefined && { sid }),
    effect,
    ...(principal && { principal }),
    action,
    ...(resource && { resource }),
    conditions,
  }
}

function readEffect(
  node: JsonNode | undefined,
  statement: JsonNode,
  faults: Faults,
): 'Allow' | 'Deny' | undefined {
  if (node === undefined) faults.add('MISSING_ELEMENT', statement, '`Effect` is missing')
  else if (node.type === 'string' && (node.value === 'Allow' || node.value === 'Deny'))
    return node.value
  else faults.add('INVALID_EFFECT', node, '`Effect` must be `Allow` or `Deny`, in this spelling')
  return undefined
}

function readSid(node: JsonNode | undefined, allowed: RegExp, faults: Faults): string | undefined {
  if (node === undefined) return undefined
  if (node.type !== 'string') faults.add('INVALID_TYPE', node, '`Sid` must be a string')
  else if (!allowed.test(node.value))
    faults.add('INVALID_SID', node, `\`Sid\` \`${node.value}\` has characters that are not allowed`)
  else return node.value
  return undefined
}

/** An empty Sid names nothing and may stand in many statements. */
function refuseRepeatedSids(nodes: readonly JsonNode[], faults: Faults): void {
  const seen = new Set<string>()
  for (const node of nodes) {
    const sid =
      node.type === 'object' ? node.members.find(({ name }) => name === 'Sid')?.value : undefined
    if (sid?.type !== 'string' || sid.value === '') continue
    if (seen.has(sid.value))
      faults.add('DUPLICATE_SID', sid, `\`Sid\` \`${sid.value}\` stands in another statement too`)
    seen.add(sid.value)
  }
}

function readConditions(node: JsonNode | undefined, version: PolicyVersion, faults: Faults) {
  if (node === undefined) return []
  if (node.type !== 'object') {
    faults.add('INVALID_TYPE', node, '`Condition` must be an object')
    return []
  }
  return node.members.flatMap(({ name, value }) => readCondition(name, value, version, faults))
}

/** What an AWS managed RCPFullAWSAccess says; a resource control policy may allow nothing less. */
function isAllowEverything(members: ReadonlyMap<string, JsonNode>): boolean {
  const isStar = (name: string) => {
    const node = members.get(name)
    const only = node?.type === 'array' && node.items.length === 1 ? node.items[0] : node
    return only?.type === 'string' && only.value === '*'
  }
  return isStar('Action') && isStar('Resource') && !members.has('Condition')
}
