/** Explanations in English. */
import type { Messages } from './messages.ts'

const mark = (matched: boolean) => (matched ? '✓' : '✗')

export const en: Messages = {
  policyTypes: {
    identity: 'identity-based policy',
    resource: 'resource-based policy',
    boundary: 'permissions boundary',
    session: 'session policy',
    scp: 'service control policy',
    rcp: 'resource control policy',
    vpcEndpoint: 'VPC endpoint policy',
    trust: 'role trust policy',
  },
  headline: (effect, decidedBy) =>
    effect === 'Allow'
      ? 'Allowed.'
      : effect === 'ExplicitDeny'
        ? `Denied: an explicit deny in the ${decidedBy}.`
        : `Denied: no ${decidedBy} allows it.`,
  request: (principal, action, resource) => `${principal} asked for ${action} on ${resource}`,
  determining: (policy, index) => `Decided by Statement[${index}] of ${policy}.`,
  policy: (type, name, effect) =>
    `${type} “${name}”: ${effect === 'Allow' ? 'allows' : effect === 'ExplicitDeny' ? 'denies' : 'says nothing'}`,
  noPolicy: 'No policy has a say.',
  statement: (index, sid, line, effect, applies) =>
    `Statement[${index}]${sid ? ` “${sid}”` : ''} (line ${line}), ${effect}: ${applies ? 'applies' : 'does not apply'}`,
  element: ({ element, matched, asked, values, naming }) =>
    `${mark(matched)} ${element} [${values.join(', ')}] ${matched ? 'covers' : 'does not cover'} ${asked}${naming ? en.naming[naming] : ''}`,
  naming: {
    nobody: '',
    everybody: ' (named as everybody)',
    account: ' (named by its account)',
    role: ' (named by its role)',
    direct: ' (named itself)',
  },
  condition: ({ operator, key, holds, reason, asked, values }) =>
    `${mark(holds)} ${operator} ${key}: the request has ${asked ? asked.join(', ') || '(nothing)' : en.absent}, the policy [${values.join(', ')}]: ${en.reasons[reason]}, so the condition ${holds ? 'holds' : 'does not hold'}`,
  reasons: {
    matched: 'the comparison is true',
    'not matched': 'the comparison is false',
    'key is absent': 'the key is absent',
    'key is present': 'the key is present',
    'several values': 'a plain operator cannot compare several values',
    'unreadable value': 'the value cannot be read (an Allow does not match, a Deny does)',
  },
  absent: 'no such key',
}
