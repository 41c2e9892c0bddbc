/** Principal, Action and Resource, with their negations. */
import { arnParts, parseArn } from './arn.ts'
import type { PolicyType } from './decision.ts'
import type {
  ListElement,
  PolicyVersion,
  PrincipalElement,
  PrincipalKind,
  ResourceElement,
} from './document.ts'
import type { Faults } from './faults.ts'
import { type Grammar, grammars } from './grammars.ts'
import type { JsonNode, Place } from './json.ts'
import { parseTemplate, type Template, VariableError } from './variables.ts'

type Members = ReadonlyMap<string, JsonNode>

export function readAction(
  members: Members,
  statement: JsonNode,
  grammar: Grammar,
  faults: Faults,
): ListElement | undefined {
  const element = either(members, statement, 'Action', 'NotAction', faults)
  if (element === undefined) {
    if (!members.has('Action'))
      faults.add('MISSING_ELEMENT', statement, '`Action` or `NotAction` is missing')
    return undefined
  }
  if (element.isNegated && !grammar.notAction)
    faults.add(
      'PROHIBITED_ELEMENT',
      element.node,
      '`NotAction` may not stand in this type of policy',
    )
  const values = faults.strings(element.node, `\`${element.name}\``)
  for (const value of values) checkAction(value, grammar, faults)
  return {
    ...placeOf(element.node),
    isNegated: element.isNegated,
    values: values.map(({ value }) => value),
  }
}

/** `prefix:Name` or `*`; wildcards may stand anywhere. @see IAM User Guide, "AWS JSON policy elements: Action" */
function checkAction(node: Place & { value: string }, grammar: Grammar, faults: Faults): void {
  const { value } = node
  if (value !== '*' && !/^[A-Za-z0-9*?-]+:[A-Za-z0-9*?_.-]+$/.test(value))
    faults.add('INVALID_ACTION', node, `\`${value}\` is no action; write \`service:Name\` or \`*\``)
  else if (grammar.actions && !grammar.actions.test(value))
    faults.add('INVALID_ACTION', node, `\`${value}\` may not stand in this type of policy`)
}

export function readResource(
  members: Members,
  statement: JsonNode,
  type: PolicyType,
  version: PolicyVersion,
  faults: Faults,
): ResourceElement | undefined {
  const grammar = grammars[type]
  const element = either(members, statement, 'Resource', 'NotResource', faults)
  if (element === undefined) {
    const isThere = members.has('Resource') || members.has('NotResource')
    if (!isThere && grammar.resource === 'required')
      faults.add('MISSING_ELEMENT', statement, '`Resource` or `NotResource` is missing')
    return undefined
  }
  if (grammar.resource === 'prohibited') {
    faults.add(
      'PROHIBITED_ELEMENT',
      element.node,
      `\`${element.name}\` may not stand in this type of policy`,
    )
    return undefined
  }
  const values = faults.strings(element.node, `\`${element.name}\``)
  const templates = values.flatMap(
    (value) => readResourceValue(value, grammar, version, faults) ?? [],
  )
  return {
    ...placeOf(element.node),
    isNegated: element.isNegated,
    values: values.map(({ value }) => value),
    templates,
  }
}

function readResourceValue(
  node: Place & { value: string },
  grammar: Grammar,
  version: PolicyVersion,
  faults: Faults,
): Template | undefined {
  const { value } = node
  if (value === '*') return parseTemplate('*', false)
  const fields = splitFields(value)
  const fault = (message: string) => void faults.add('INVALID_RESOURCE', node, message)
  if (fields[0] !== 'arn' && !/^[*?]/.test(fields[0]!))
    return fault(`\`${value}\` is no ARN and not \`*\``)
  if (fields.length < arnParts && !fillsShortArn(value, grammar))
    return fault(`\`${value}\` has fewer than six parts`)
  const filled = [...fields, ...Array<string>(Math.max(0, arnParts - fields.length)).fill('*')]
  const head = filled.slice(0, arnParts - 1).join(':')
  if (head.includes('${'))
    return fault(`\`${value}\` has a variable before its resource part, where none acts`)
  const resource = filled.slice(arnParts - 1).join(':')
  return readTemplate(`${head}:${resource}`, node, version === '2012-10-17', faults)
}

/** Colons inside `${…}` part nothing, nor does any beyond the fifth. */
function splitFields(value: string): readonly string[] {
  const fields: string[] = []
  let start = 0
  for (let at = 0; at < value.length && fields.length < arnParts - 1; at++) {
    if (value.startsWith('${', at)) {
      const end = value.indexOf('}', at)
      if (end < 0) break
      at = end
    } else if (value[at] === ':') {
      fields.push(value.slice(start, at))
      start = at + 1
    }
  }
  return [...fields, value.slice(start)]
}

function fillsShortArn(value: string, { shortArn }: Grammar): boolean {
  if (shortArn === 'filled') return true
  if (shortArn === 'filled if it has a wildcard') return /[*?]/.test(value)
  return shortArn === 'filled if it ends in a wildcard' && value.endsWith('*')
}

export function readTemplate(
  text: string,
  place: Place,
  withVariables: boolean,
  faults: Faults,
): Template | undefined {
  try {
    return parseTemplate(text, withVariables)
  } catch (error) {
    if (!(error instanceof VariableError)) throw error
    faults.add('INVALID_VARIABLE', place, error.message)
    return undefined
  }
}

const principalKinds = ['AWS', 'Service', 'Federated'] as const satisfies readonly PrincipalKind[]

export function readPrincipal(
  members: Members,
  statement: JsonNode,
  grammar: Grammar,
  effect: 'Allow' | 'Deny' | undefined,
  faults: Faults,
): PrincipalElement | undefined {
  const element = either(members, statement, 'Principal', 'NotPrincipal', faults)
  if (element === undefined) {
    const isThere = members.has('Principal') || members.has('NotPrincipal')
    if (!isThere && grammar.principal !== 'prohibited')
      faults.add('MISSING_ELEMENT', statement, '`Principal` is missing')
    return undefined
  }
  const isAllowed =
    grammar.principal !== 'prohibited' && (!element.isNegated || grammar.notPrincipal)
  if (!isAllowed) {
    faults.add(
      'PROHIBITED_ELEMENT',
      element.node,
      `\`${element.name}\` may not stand in this type of policy`,
    )
    return undefined
  }
  const values = principalValues(element.node, faults)
  const isEverybody = values.some(({ kind, value }) => kind === 'AWS' && value === '*')
  if (grammar.principal === 'everybody' && !(isEverybody && values.length === 1))
    faults.add('INVALID_PRINCIPAL', element.node, '`Principal` must be `*` in this type of policy')
  if (element.isNegated && isEverybody && effect === 'Allow')
    faults.add('INVALID_PRINCIPAL', element.node, '`NotPrincipal` of everybody allows nobody')
  return { ...placeOf(element.node), isNegated: element.isNegated, isEverybody, values }
}

function principalValues(node: JsonNode, faults: Faults): PrincipalElement['values'] {
  if (node.type === 'string') {
    if (node.value !== '*')
      faults.add(
        'INVALID_PRINCIPAL',
        node,
        `\`${node.value}\` is no principal; write \`*\` or \`{"AWS": …}\``,
      )
    return [{ kind: 'AWS', value: node.value }]
  }
  if (node.type !== 'object' || node.members.length === 0) {
    faults.add(
      'INVALID_PRINCIPAL',
      node,
      'a principal is `*` or an object of `AWS`, `Service`, `Federated`',
    )
    return []
  }
  return node.members.flatMap(({ name, value }) => {
    const kind = principalKinds.find((each) => each === name)
    if (kind === undefined) {
      const why =
        name === 'CanonicalUser' ? 'is not supported; name the account' : 'is no kind of principal'
      faults.add('INVALID_PRINCIPAL', value, `\`${name}\` ${why}`)
      return []
    }
    return faults.strings(value, `principal \`${name}\``).map((item) => {
      checkPrincipal(kind, item, faults)
      return { kind, value: item.value }
    })
  })
}

const validPrincipals = {
  AWS: (value) =>
    value === '*' ||
    /^\d{12}$/.test(value) ||
    /^A(?:IDA|ROA)[A-Z0-9]{5,}$/.test(value) ||
    isPrincipalArn(value),
  Service: (value) => /^[a-z0-9][a-z0-9.-]*\.[a-z]{2,}$/i.test(value),
  Federated: (value) =>
    /^arn:[a-z-]+:iam::\d{12}:(?:oidc|saml)-provider\/.+$/.test(value) ||
    /^[a-z0-9.-]+\.[a-z]+(?:[/:].*)?$/i.test(value),
} satisfies Record<PrincipalKind, (value: string) => boolean>

/** @see IAM User Guide, "AWS JSON policy elements: Principal" */
function isPrincipalArn(value: string): boolean {
  const arn = parseArn(value)
  if (
    arn === undefined ||
    arn.region !== '' ||
    !/^\d{12}$/.test(arn.accountId) ||
    /[*?]/.test(value)
  )
    return false
  if (arn.service === 'iam') return /^(?:root|user\/.+|role\/.+)$/.test(arn.resource)
  return (
    arn.service === 'sts' &&
    /^(?:assumed-role\/[^/]+\/[^/]+|federated-user\/.+)$/.test(arn.resource)
  )
}

function checkPrincipal(
  kind: PrincipalKind,
  node: Place & { value: string },
  faults: Faults,
): void {
  if (!validPrincipals[kind](node.value))
    faults.add('INVALID_PRINCIPAL', node, `\`${node.value}\` is no principal of kind \`${kind}\``)
}

function either(
  members: Members,
  statement: JsonNode,
  name: string,
  negatedName: string,
  faults: Faults,
) {
  const node = members.get(name)
  const negated = members.get(negatedName)
  if (node && negated) {
    faults.add(
      'CONFLICTING_ELEMENTS',
      statement,
      `\`${name}\` and \`${negatedName}\` stand in one statement`,
    )
    return undefined
  }
  if (node) return { node, name, isNegated: false }
  return negated && { node: negated, name: negatedName, isNegated: true }
}

function placeOf({ pointer, line, column }: Place): Place {
  return { pointer, line, column }
}
