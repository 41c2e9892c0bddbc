/** The verbs of the command, for whoever documents them. */
export { describeVerb, listVerbs } from './help.ts'
export type { Options, Verb } from './verb.ts'
export { laterVerbs, verbs } from './verbs/index.ts'
