/** A parsed template and its variables to text, within bounds. */
import { spend, type Work, WorkLimitError } from '../work.ts'
import { callMethod } from './methods.ts'
import {
  type BinaryOperator,
  type Expression,
  type Part,
  type Reference,
  TemplateError,
} from './syntax.ts'
import {
  jsonOf,
  numberOf,
  printed,
  setMember,
  spendText,
  TemplateObject,
  type TemplateValue,
} from './values.ts'

export type Variables = Map<string, TemplateValue>

/** @see API Gateway Developer Guide, "Quotas for configuring and running a REST API" (iterations of #foreach) */
const maxIterations = 1_000
const maxSteps = 200_000
/** A step is one; texts, lists and expressions are more. */
const maxWork = 4_000_000
const maxOutput = 10 * 1024 * 1024

/** @throws TemplateError  a bound was passed, or a method was called in a way it has not */
export function render(parts: readonly Part[], variables: Variables): string {
  const rendering = new Rendering(variables)
  try {
    rendering.parts(parts)
  } catch (error) {
    throw error instanceof WorkLimitError
      ? new TemplateError('the template takes too much work')
      : error
  }
  return rendering.output
}

type Flow = 'next' | 'break' | 'stop'

/** What `#define` names. */
class Block {
  readonly parts: readonly Part[]

  constructor(parts: readonly Part[]) {
    this.parts = parts
  }
}

/** How many blocks may stand in one another, as Velocity has it. */
const deepestBlock = 20

class Rendering {
  readonly #variables: Variables
  readonly #work: Work = { left: maxWork }
  #steps = 0
  #blocks = 0
  output = ''

  constructor(variables: Variables) {
    this.#variables = variables
  }

  parts(parts: readonly Part[]): Flow {
    for (const part of parts) {
      if (++this.#steps > maxSteps) throw new TemplateError('the template takes too many steps')
      const flow = this.#part(part)
      if (flow !== 'next') return flow
    }
    return 'next'
  }

  #part(part: Part): Flow {
    switch (part.kind) {
      case 'text':
        return this.#print(part.text)
      case 'reference':
        return this.#print(this.#printedReference(part))
      case 'set':
        this.#set(part.target, this.#value(part.value))
        return 'next'
      case 'if': {
        const branch = part.branches.find(({ condition }) => isTrue(this.#value(condition)))
        return this.parts(branch ? branch.body : part.otherwise)
      }
      case 'foreach':
        return this.#foreach(part)
      case 'define':
        this.#variables.set(part.name, new Block(part.body))
        return 'next'
      default:
        return part.kind
    }
  }

  #print(text: string): Flow {
    if (this.output.length + text.length > maxOutput)
      throw new TemplateError('the output is larger than 10 MB')
    this.output += text
    return 'next'
  }

  /** A reference without a value prints as it was written, unless it is a quiet one. */
  #printedReference(reference: Reference): string {
    const value = this.#reference(reference)
    if (value === undefined) return reference.isQuiet ? '' : reference.source
    return printed(value, this.#work)
  }

  #foreach({ variable, source, body }: Part & { kind: 'foreach' }): Flow {
    const list = this.#value(source)
    const items = Array.isArray(list)
      ? list
      : typeof list === 'object' && list !== null && !(list instanceof TemplateObject)
        ? Object.values(list)
        : []
    if (items.length > maxIterations)
      throw new TemplateError(`#foreach has more than ${maxIterations} iterations`)
    const own = [variable, 'foreach', 'velocityCount', 'velocityHasNext'] as const
    const before = own.map((name) => this.#variables.get(name))
    let flow: Flow = 'next'
    for (const [index, item] of items.entries()) {
      const [count, hasNext] = [index + 1, index + 1 < items.length]
      this.#variables.set(variable, item)
      this.#variables.set('foreach', { index, count, hasNext, first: index === 0, last: !hasNext })
      // As older templates have it.
      this.#variables.set('velocityCount', count)
      this.#variables.set('velocityHasNext', hasNext)
      flow = this.parts(body)
      if (flow !== 'next') break
    }
    for (const [at, name] of own.entries()) this.#variables.set(name, before[at])
    return flow === 'stop' ? 'stop' : 'next'
  }

  /** Setting to nothing keeps what was there. */
  #set(target: Reference, value: TemplateValue): void {
    if (value === undefined || value === null) return
    const last = target.steps.at(-1)
    if (last === undefined) {
      this.#variables.set(target.name, value)
      return
    }
    const holder = this.#reference({ ...target, steps: target.steps.slice(0, -1) })
    if (
      typeof holder !== 'object' ||
      holder === null ||
      holder instanceof TemplateObject ||
      last.kind === 'method'
    )
      return
    const key = last.kind === 'property' ? last.name : printed(this.#value(last.index), this.#work)
    setMember(holder, key, value)
  }

  #value(expression: Expression): TemplateValue {
    if (++this.#steps > maxSteps) throw new TemplateError('the template takes too many steps')
    switch (expression.kind) {
      case 'literal':
        return expression.value
      case 'reference':
        return this.#reference(expression)
      case 'interpolated':
        return this.#textOf(expression.body)
      case 'list':
        return expression.items.map((item) => this.#value(item) ?? null)
      case 'map':
        return Object.fromEntries(
          expression.entries.map(([key, value]) => [
            printed(this.#value(key), this.#work),
            this.#value(value) ?? null,
          ]),
        )
      case 'range':
        return range(numberOf(this.#value(expression.from)), numberOf(this.#value(expression.to)))
      case 'not':
        return !isTrue(this.#value(expression.operand))
      case 'negative':
        return -numberOf(this.#value(expression.operand))
      case 'binary':
        return this.#binary(expression.operator, expression.left, expression.right)
    }
  }

  #textOf(parts: readonly Part[]): string {
    const before = this.output
    this.output = ''
    this.parts(parts)
    const text = this.output
    this.output = before
    return text
  }

  #blockText({ parts }: Block): string {
    if (++this.#blocks > deepestBlock)
      throw new TemplateError(`#define is nested more than ${deepestBlock} deep`)
    const text = this.#textOf(parts)
    this.#blocks--
    spendText(text.length, this.#work)
    return text
  }

  #binary(operator: BinaryOperator, left: Expression, right: Expression): TemplateValue {
    if (operator === '&&') return isTrue(this.#value(left)) && isTrue(this.#value(right))
    if (operator === '||') return isTrue(this.#value(left)) || isTrue(this.#value(right))
    return binary[operator](this.#value(left), this.#value(right), this.#work)
  }

  #reference({ name, steps }: Pick<Reference, 'name' | 'steps'>): TemplateValue {
    let value = this.#variables.get(name)
    if (value instanceof Block) value = this.#blockText(value)
    for (const step of steps) {
      // What is not there has no members and no methods; only the methods are missed.
      if (value === null && step.kind !== 'method') continue
      if (value === undefined || value === null) return undefined
      if (step.kind === 'method')
        value = callMethod(
          value,
          step.name,
          step.arguments.map((argument) => this.#value(argument)),
          this.#work,
        )
      else
        value = memberOf(
          value,
          step.kind === 'property' ? step.name : this.#value(step.index),
          this.#work,
        )
    }
    return value
  }
}

/** What a value that is there does not have is nothing, and prints as nothing; only an unknown name prints as written. */
function memberOf(holder: TemplateValue, key: TemplateValue, work: Work): TemplateValue {
  if (Array.isArray(holder)) return holder[numberOf(key)] ?? null
  if (typeof holder !== 'object' || holder === null) return null
  if (holder instanceof TemplateObject) return holder.call(printed(key, work), [], work)
  const name = printed(key, work)
  return Object.hasOwn(holder, name)
    ? ((holder as Record<string, TemplateValue>)[name] ?? null)
    : null
}

/** Only false and nothing are false: `""` and 0 are true. */
function isTrue(value: TemplateValue): boolean {
  return value !== false && value !== undefined && value !== null
}

function range(from: number, to: number): readonly number[] {
  const length = Math.abs(to - from) + 1
  if (!(length <= maxIterations))
    throw new TemplateError(`a range has more than ${maxIterations} numbers`)
  return Array.from({ length }, (_, index) => (from <= to ? from + index : from - index))
}

const binary: Record<
  Exclude<BinaryOperator, '&&' | '||'>,
  (left: TemplateValue, right: TemplateValue, work: Work) => TemplateValue
> = {
  '==': equals,
  '!=': (left, right, work) => !equals(left, right, work),
  '<': (left, right) => compares(left, right) && (left as number) < (right as number),
  '<=': (left, right) => compares(left, right) && (left as number) <= (right as number),
  '>': (left, right) => compares(left, right) && (left as number) > (right as number),
  '>=': (left, right) => compares(left, right) && (left as number) >= (right as number),
  '+': (left, right, work) =>
    compares(left, right) ? (left as number) + (right as number) : joined(left, right, work),
  '-': (left, right) => (compares(left, right) ? (left as number) - (right as number) : undefined),
  '*': (left, right) => (compares(left, right) ? (left as number) * (right as number) : undefined),
  '/': (left, right) =>
    compares(left, right) && right !== 0 ? quotient(left as number, right as number) : undefined,
  '%': (left, right) =>
    compares(left, right) && right !== 0 ? (left as number) % (right as number) : undefined,
}

function joined(left: TemplateValue, right: TemplateValue, work: Work): string {
  const text = printed(left, work) + printed(right, work)
  spendText(text.length, work)
  return text
}

/** Integers divide to integers, as in Java. */
function quotient(left: number, right: number): number {
  return Number.isInteger(left) && Number.isInteger(right) ? Math.trunc(left / right) : left / right
}

function compares(left: TemplateValue, right: TemplateValue): boolean {
  return typeof left === 'number' && typeof right === 'number'
}

/** What is missing equals the empty text. */
function equals(left: TemplateValue, right: TemplateValue, work: Work): boolean {
  const [one, other] = [left ?? '', right ?? '']
  if (typeof one === 'object' || typeof other === 'object')
    return jsonOf(one, work) === jsonOf(other, work)
  if (typeof one === 'string') spend(work, one.length / 16)
  return one === other || String(one) === String(other)
}
