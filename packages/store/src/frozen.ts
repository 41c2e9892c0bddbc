/** A record that was read may be read by others too: nobody can change it. */

/** @param value  of JSON */
export function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  for (const name in value) frozen(value[name])
  return Object.freeze(value)
}
