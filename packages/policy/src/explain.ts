/** A trace in sentences, for people. */
import { en } from './messages/en.ts'
import { ja } from './messages/ja.ts'
import type { Messages } from './messages/messages.ts'
import { type PolicyTrace, principalName, type StatementTrace, type Trace } from './trace.ts'

export const languages = { en, ja } as const satisfies Record<string, Messages>
export type Language = keyof typeof languages

/**
 * @param language  one of `languages`
 * @returns lines, the answer first; what lies deeper is indented by two spaces
 */
export function explain(trace: Trace, language: Language = 'en'): string {
  const say = languages[language]
  const decidedBy = trace.decidedBy && say.policyTypes[trace.decidedBy]
  return [
    say.headline(trace.effect, decidedBy),
    say.request(principalName(trace.principal), trace.action, trace.resource),
    ...trace.determining.map(({ policy, index }) => say.determining(policy, index)),
    ...(trace.policies.length === 0 ? [say.noPolicy] : []),
    ...trace.policies.flatMap((policy) => ['', ...explainPolicy(policy, say)]),
  ].join('\n')
}

function explainPolicy(policy: PolicyTrace, say: Messages): readonly string[] {
  return [
    say.policy(say.policyTypes[policy.type], policy.name, policy.effect),
    ...policy.statements.flatMap((statement) => explainStatement(statement, say)),
  ]
}

function explainStatement(statement: StatementTrace, say: Messages): readonly string[] {
  const { index, sid, line, effect, applies, elements, conditions } = statement
  return [
    `  ${say.statement(index, sid, line, effect, applies)}`,
    ...elements.map((element) => `    ${say.element(element)}`),
    ...conditions.map((condition) => `    ${say.condition(condition)}`),
  ]
}
