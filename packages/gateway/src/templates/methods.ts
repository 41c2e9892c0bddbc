/** The methods of Java's strings, lists and maps that templates call. */
import { TemplateError } from './syntax.ts'
import { printed, TemplateObject, type TemplateValue } from './values.ts'

type Arguments = readonly TemplateValue[]
type Methods<T> = Readonly<Record<string, (self: T, args: Arguments) => TemplateValue>>

const text = (value: TemplateValue) => printed(value)
const whole = (value: TemplateValue) => Math.trunc(Number(value))

const stringMethods: Methods<string> = {
  charAt: (self, [at]) => self.charAt(whole(at)),
  concat: (self, [other]) => self + text(other),
  contains: (self, [part]) => self.includes(text(part)),
  endsWith: (self, [part]) => self.endsWith(text(part)),
  equals: (self, [other]) => self === other,
  equalsIgnoreCase: (self, [other]) => self.toLowerCase() === text(other).toLowerCase(),
  indexOf: (self, [part]) => self.indexOf(text(part)),
  isEmpty: (self) => self === '',
  lastIndexOf: (self, [part]) => self.lastIndexOf(text(part)),
  length: (self) => self.length,
  matches: (self, [pattern]) => regex(`^(?:${text(pattern)})$`, 's').test(self),
  replace: (self, [from, to]) => self.replaceAll(text(from), () => text(to)),
  replaceAll: (self, [from, to]) => self.replace(regex(text(from), 'g'), javaReplacement(text(to))),
  replaceFirst: (self, [from, to]) =>
    self.replace(regex(text(from), ''), javaReplacement(text(to))),
  split: (self, [separator]) => self.split(regex(text(separator), '')),
  startsWith: (self, [part]) => self.startsWith(text(part)),
  substring: (self, [from, to]) =>
    self.substring(whole(from), to === undefined ? undefined : whole(to)),
  toLowerCase: (self) => self.toLowerCase(),
  toString: (self: string) => self,
  toUpperCase: (self) => self.toUpperCase(),
  trim: (self) => self.trim(),
}

const listMethods: Methods<TemplateValue[]> = {
  add(self, [item]) {
    self.push(item)
    return true
  },
  contains: (self, [item]) => self.includes(item),
  get: (self, [at]) => self[whole(at)],
  isEmpty: (self) => self.length === 0,
  size: (self) => self.length,
  toString: (self: TemplateValue[]) => JSON.stringify(self),
}

const mapMethods: Methods<Record<string, TemplateValue>> = {
  containsKey: (self, [key]) => Object.hasOwn(self, text(key)),
  entrySet: (self) => Object.entries(self).map(([key, value]) => ({ key, value })),
  get: (self, [key]) => (Object.hasOwn(self, text(key)) ? self[text(key)] : undefined),
  isEmpty: (self) => Object.keys(self).length === 0,
  keySet: (self) => Object.keys(self),
  put(self, [key, value]) {
    if (text(key) !== '__proto__') self[text(key)] = value
    return undefined
  },
  size: (self) => Object.keys(self).length,
  toString: (self: Record<string, TemplateValue>) => printed(self),
  values: (self) => Object.values(self),
}

/** @returns undefined when there is no such method, which prints as the reference was written */
export function callMethod(self: TemplateValue, name: string, args: Arguments): TemplateValue {
  if (self instanceof TemplateObject) return self.call(name, args)
  if (typeof self === 'string') return find(stringMethods, name)?.(self, args)
  if (Array.isArray(self)) return find(listMethods, name)?.(self, args)
  if (typeof self === 'object' && self !== null)
    return find(mapMethods, name)?.(self as Record<string, TemplateValue>, args)
  return name === 'toString' ? String(self) : undefined
}

function find<T>(methods: Methods<T>, name: string) {
  return Object.hasOwn(methods, name) ? methods[name] : undefined
}

function regex(source: string, flags: string): RegExp {
  try {
    return new RegExp(source, flags)
  } catch (cause) {
    throw new TemplateError(`\`${source}\` is no regular expression`, { cause })
  }
}

/** In Java `\` quotes and `$1` is a group. */
function javaReplacement(replacement: string): string {
  return replacement.replace(/\\(.)|\$(?!\d)/g, (_, quoted: string | undefined) =>
    quoted === undefined || quoted === '$' ? '$$' : quoted,
  )
}
