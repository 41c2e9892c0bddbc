/** An operation's input as people write it down: JSON by the names of the model, whatever the operation's protocol. */
import { javaClassNames, readJson } from './json-codec.ts'
import type { OperationModel } from './model.ts'
import type { Values } from './protocol.ts'

/**
 * Bytes are text, and times are ISO 8601 or seconds since 1970.
 *
 * @throws AwsError SerializationException  a value of the wrong type
 */
export function readPlainInput({ input }: OperationModel, json: unknown): Values {
  const habits = { usesJsonName: false, names: javaClassNames, hasTextBlobs: true } as const
  return (readJson(input, json, habits) ?? {}) as Values
}
