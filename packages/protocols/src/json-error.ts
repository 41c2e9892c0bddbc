/** How an error's content is written in JSON, under the names of its shape. */
import type { AwsError } from './aws-error.ts'
import { type JsonHabits, writeJson } from './json-codec.ts'
import { type ErrorModel, membersOf, traitsOf } from './model.ts'
import type { AnswerContext, Values } from './protocol.ts'

export interface JsonError {
  readonly body: Values
  /** Of members that the shape binds to headers: `Retry-After`. */
  readonly headers: readonly string[]
}

export function jsonErrorOf(
  error: AwsError,
  { model }: Pick<AnswerContext, 'model'>,
  habits: JsonHabits,
): JsonError {
  const shape = shapeOf(error, model.errors)
  if (shape === undefined)
    return { body: { ...error.details, [unmodelledName(error)]: error.message }, headers: [] }
  const members = membersOf(shape.schema)
  const names = new Set(members.map(([name]) => name))
  const messageName = names.has('Message') ? 'Message' : 'message'
  const details = {
    // Lambda's errors say whose fault it was.
    ...(names.has('Type') && { Type: error.status >= 500 ? 'Server' : 'User' }),
    ...error.details,
  }
  const headers = members.flatMap(([name, member]) => {
    const { httpHeader } = traitsOf(member)
    const value = (details as Values)[name]
    return httpHeader && value !== undefined ? [httpHeader, oneLine(String(value))] : []
  })
  const inBody = members.filter(([, member]) => traitsOf(member).httpHeader === undefined)
  const written = inBody.flatMap(([name, member]) => {
    const value = writeJson(member, (details as Values)[name], habits)
    const wireName = (habits.usesJsonName && traitsOf(member).jsonName) || name
    return value === undefined ? [] : [[wireName, value] as const]
  })
  return { body: { ...Object.fromEntries(written), [messageName]: error.message }, headers }
}

/** By what stands on the wire, which for query services is not the shape's name. */
function shapeOf(
  { code }: AwsError,
  errors: ReadonlyMap<string, ErrorModel>,
): ErrorModel | undefined {
  return errors.get(code) ?? [...errors.values()].find((error) => error.code === code)
}

/** *Observed*: refusals for lack of permission come from the framework, and with a capital. */
function unmodelledName({ code }: AwsError): string {
  return code === 'AccessDeniedException' ? 'Message' : 'message'
}

function oneLine(text: string): string {
  return text.replace(/[\r\n]+/g, ' ')
}
