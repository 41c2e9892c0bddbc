/** What a template computes with, and how it is printed. */

/** JSON values, and objects whose methods a template may call. */
export type TemplateValue = unknown

/** An object that templates call methods on: `$util`, `$input`. */
export abstract class TemplateObject {
  /** @returns undefined when it has no such method */
  abstract call(name: string, args: readonly TemplateValue[]): TemplateValue
  /** Printed by itself. */
  abstract toString(): string
}

/** How a value is printed: lists of maps as JSON, maps as Java prints them. */
export function printed(value: TemplateValue): string {
  if (value === null || value === undefined) return ''
  if (Array.isArray(value)) return JSON.stringify(value)
  if (value instanceof TemplateObject || typeof value !== 'object') return String(value)
  return `{${Object.entries(value)
    .map(([key, each]) => `${key}=${each === null ? 'null' : printed(each)}`)
    .join(', ')}}`
}
