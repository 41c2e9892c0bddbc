/** The methods of Java's strings, lists and maps that templates call. */
import { spend, type Work } from '../work.ts'
import { matchesWhole, replaceMatches, split } from './text-methods.ts'
import {
  isSettableOnce,
  jsonOf,
  numberOf,
  printed,
  setMember,
  spendText,
  TemplateObject,
  type TemplateValue,
} from './values.ts'

type Arguments = readonly TemplateValue[]
type Methods<T> = Readonly<Record<string, (self: T, args: Arguments, work: Work) => TemplateValue>>

const whole = (value: TemplateValue) => Math.trunc(numberOf(value))

const stringMethods: Methods<string> = {
  charAt: (self, [at]) => self.charAt(whole(at)),
  concat: (self, [other], work) => self + printed(other, work),
  contains: (self, [part], work) => self.includes(printed(part, work)),
  endsWith: (self, [part], work) => self.endsWith(printed(part, work)),
  equals: (self, [other]) => self === other,
  equalsIgnoreCase: (self, [other], work) =>
    lowerCase(self, work) === lowerCase(printed(other, work), work),
  indexOf: (self, [part, from], work) =>
    self.indexOf(printed(part, work), from === undefined ? 0 : whole(from)),
  isEmpty: (self) => self === '',
  lastIndexOf: (self, [part], work) => self.lastIndexOf(printed(part, work)),
  length: (self) => self.length,
  matches: (self, [pattern], work) => matchesWhole(self, printed(pattern, work), work),
  replace: (self, [from, to], work) => replaced(self, printed(from, work), printed(to, work), work),
  replaceAll: (self, [from, to], work) =>
    replaceMatches(self, printed(from, work), printed(to, work), false, work),
  replaceFirst: (self, [from, to], work) =>
    replaceMatches(self, printed(from, work), printed(to, work), true, work),
  split: (self, [separator], work) => split(self, printed(separator, work), work),
  startsWith: (self, [part], work) => self.startsWith(printed(part, work)),
  substring: (self, [from, to]) =>
    self.substring(whole(from), to === undefined ? undefined : whole(to)),
  toLowerCase: (self) => self.toLowerCase(),
  toString: (self: string) => self,
  toUpperCase: (self) => self.toUpperCase(),
  trim: (self) => self.trim(),
}

/** Of a list, item by item. */
const looksThrough: ReadonlySet<string> = new Set(['contains', 'indexOf', 'remove'])

const listMethods: Methods<TemplateValue[]> = {
  add(self, [item]) {
    self.push(item)
    return true
  },
  addAll(self, [items], work) {
    if (!Array.isArray(items)) return false
    spend(work, items.length)
    // It may be the list itself, and longer than a call can have arguments.
    for (let at = 0, { length } = items; at < length; at++) self.push(items[at]!)
    return items.length > 0
  },
  clear(self) {
    self.length = 0
    return undefined
  },
  contains: (self, [item]) => self.includes(item),
  get: (self, [at]) => self[whole(at)],
  indexOf: (self, [item]) => self.indexOf(item),
  isEmpty: (self) => self.length === 0,
  /** By its place, or itself where it is no number. */
  remove(self, [item]) {
    const at = typeof item === 'number' ? item : self.indexOf(item)
    const removed = at in self ? self.splice(at, 1) : []
    return typeof item === 'number' ? removed[0] : removed.length > 0
  },
  set(self, [at, item]) {
    const before = self[whole(at)]
    if (whole(at) in self) self[whole(at)] = item
    return before
  },
  size: (self) => self.length,
  toString: (self: TemplateValue[], _args: Arguments, work: Work) => jsonOf(self, work),
}

const mapMethods: Methods<Record<string, TemplateValue>> = {
  containsKey: (self, [key], work) => Object.hasOwn(self, printed(key, work)),
  containsValue: (self, [value]) => Object.values(self).includes(value),
  entrySet: (self) => Object.entries(self).map(([key, value]) => ({ key, value })),
  get: (self, [key], work) =>
    Object.hasOwn(self, printed(key, work)) ? self[printed(key, work)] : undefined,
  getOrDefault: (self, [key, otherwise], work) =>
    Object.hasOwn(self, printed(key, work)) ? self[printed(key, work)] : otherwise,
  isEmpty: (self) => Object.keys(self).length === 0,
  keySet: (self) => Object.keys(self),
  put(self, [key, value], work) {
    setMember(self, printed(key, work), value)
    return undefined
  },
  putAll(self, [others], work) {
    if (typeof others !== 'object' || others === null || others instanceof TemplateObject)
      return undefined
    spend(work, Object.keys(others).length)
    for (const [key, value] of Object.entries(others)) setMember(self, key, value)
    return undefined
  },
  remove(self, [key], work) {
    const name = printed(key, work)
    const before = Object.hasOwn(self, name) ? self[name] : undefined
    if (before !== undefined && !isSettableOnce(self)) delete self[name]
    return before
  },
  size: (self) => Object.keys(self).length,
  toString: (self: Record<string, TemplateValue>, _args: Arguments, work: Work) =>
    printed(self, work),
  values: (self) => Object.values(self),
}

/** @returns undefined when there is no such method, which prints as the reference was written */
export function callMethod(
  self: TemplateValue,
  name: string,
  args: Arguments,
  work: Work,
): TemplateValue {
  if (self instanceof TemplateObject) return self.call(name, args, work)
  if (typeof self === 'string') {
    spendText(self.length, work)
    const result = find(stringMethods, name)?.(self, args, work)
    if (typeof result === 'string') spendText(result.length, work)
    return result
  }
  if (Array.isArray(self)) {
    spend(work, looksThrough.has(name) ? 1 + self.length : 1)
    return find(listMethods, name)?.(self, args, work)
  }
  if (typeof self === 'object' && self !== null) {
    spend(work, Object.keys(self).length)
    return find(mapMethods, name)?.(self as Record<string, TemplateValue>, args, work)
  }
  return name === 'toString' ? String(self) : undefined
}

function find<T>(methods: Methods<T>, name: string) {
  return Object.hasOwn(methods, name) ? methods[name] : undefined
}

function lowerCase(text: string, work: Work): string {
  spendText(text.length, work)
  return text.toLowerCase()
}

/** How long it becomes is known before it is made. */
function replaced(self: string, from: string, to: string, work: Work): string {
  const count = self.split(from).length - 1
  spendText(self.length + count * Math.max(0, to.length - from.length), work)
  return self.replaceAll(from, () => to)
}
