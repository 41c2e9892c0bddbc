/** What a template computes with, and how it is printed. */
import { spend, type Work } from '../work.ts'
import { TemplateError } from './syntax.ts'

/** JSON values, and objects whose methods a template may call. */
export type TemplateValue = unknown

/** An object that templates call methods on: `$util`, `$input`. */
export abstract class TemplateObject {
  /** @returns undefined when it has no such method */
  abstract call(name: string, args: readonly TemplateValue[], work: Work): TemplateValue
  /** Printed by itself. */
  abstract toString(): string
}

const deepest = 200
const longest = 10 * 1024 * 1024

/** Characters handled for one unit of work. */
const perUnit = 16

/** Of a text that was made or looked through. @throws TemplateError  it is too long */
export function spendText(length: number, work: Work): void {
  if (length > longest) throw new TemplateError('a text is longer than 10 MB')
  spend(work, 1 + Math.ceil(length / perUnit))
}

/** How a value is printed: lists of maps as JSON, maps as Java prints them. */
export function printed(value: TemplateValue, work: Work, depth = 0): string {
  spend(work, 1)
  if (depth > deepest) throw new TemplateError('a value contains itself')
  if (value === null || value === undefined) return ''
  if (Array.isArray(value)) return jsonOf(value, work, depth)
  if (value instanceof TemplateObject || typeof value !== 'object') return String(value)
  const text = `{${Object.entries(value)
    .map(([key, each]) => `${key}=${each === null ? 'null' : printed(each, work, depth + 1)}`)
    .join(', ')}}`
  refuseLong(text)
  return text
}

/** What templates make can contain itself, or one thing a million times: JSON.stringify would go on. */
export function jsonOf(value: TemplateValue, work: Work, depth = 0): string {
  spend(work, 1)
  if (depth > deepest) throw new TemplateError('a value contains itself')
  if (value instanceof TemplateObject || value === undefined) return 'null'
  if (typeof value !== 'object' || value === null) {
    const text = JSON.stringify(value)
    spendText(text.length, work)
    return text
  }
  const text = Array.isArray(value)
    ? `[${value.map((each) => jsonOf(each, work, depth + 1)).join(',')}]`
    : `{${Object.entries(value)
        .map(([key, each]) => `${JSON.stringify(key)}:${jsonOf(each, work, depth + 1)}`)
        .join(',')}}`
  refuseLong(text)
  return text
}

function refuseLong(text: string): void {
  if (text.length > longest) throw new TemplateError('a text is longer than 10 MB')
}

/** A copy that templates may change. */
export function copied(value: TemplateValue, work: Work, depth = 0): TemplateValue {
  spend(work, 1)
  if (depth > deepest) throw new TemplateError('a value is nested too deeply')
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((each) => copied(each, work, depth + 1))
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, copied(each, work, depth + 1)]),
  )
}

/** Of numbers and texts; nothing else is one. */
export function numberOf(value: TemplateValue): number {
  return typeof value === 'number' || typeof value === 'string' ? Number(value) : Number.NaN
}

const setOnce = new WeakSet<object>()

/** A map whose members can be set, and not set again: what overrides are. Maps in it may be replaced once. */
export function settableOnce<T extends object>(holder: T): T {
  setOnce.add(holder)
  return holder
}

export function isSettableOnce(holder: object): boolean {
  return setOnce.has(holder)
}

/** @throws TemplateError  it is set already, and stays */
export function setMember(holder: object, key: string, value: TemplateValue): void {
  if (key === '__proto__') return
  const before = Object.hasOwn(holder, key) ? (holder as Record<string, unknown>)[key] : undefined
  const isEmptyMap = typeof before === 'object' && before !== null && setOnce.has(before)
  if (setOnce.has(holder) && before !== undefined && !isEmptyMap)
    throw new TemplateError(`\`${key}\` is overridden twice`)
  ;(holder as Record<string, TemplateValue>)[key] = value
}
