/** The fields of a query service's request: of its form and of its query string. */
import { commonError } from './aws-error.ts'
import { headerOf, queryEntries, type WireRequest } from './wire.ts'

/** Fields of one request, at most; a request has few, an attack has many. */
const maxFields = 10_000

export type Fields = readonly (readonly [name: string, value: string])[]

const read = new WeakMap<WireRequest, Fields>()

/**
 * Read once a request.
 *
 * @throws AwsError MalformedQueryString  too many fields, or one that stands there twice: what one reader takes, another may not
 */
export function fieldsOf(request: WireRequest): Fields {
  let fields = read.get(request)
  if (fields === undefined) {
    fields = readFields(request)
    read.set(request, fields)
  }
  return fields
}

function readFields(request: WireRequest): Fields {
  const form = isForm(request) ? new TextDecoder().decode(request.body) : ''
  if (countOf('&', form) + countOf('&', request.rawQuery) >= maxFields)
    throw commonError('MalformedQueryString', 'The request has too many parameters.')
  const fields = [...entriesOf(request.rawQuery), ...entriesOf(form)]
  const names = new Set(fields.map(([name]) => name))
  if (names.size < fields.length)
    throw commonError('MalformedQueryString', 'A parameter stands in the request more than once.')
  return fields
}

function entriesOf(text: string): Fields {
  return text === '' ? [] : queryEntries(text)
}

function countOf(character: string, text: string): number {
  let count = 0
  for (let at = text.indexOf(character); at >= 0; at = text.indexOf(character, at + 1)) count += 1
  return count
}

/** botocore and the CLI send a form; a body of another type is none, whatever stands in it. */
export function isForm({ headers }: WireRequest): boolean {
  const type = headerOf(headers, 'content-type')?.toLowerCase()
  return type?.startsWith('application/x-www-form-urlencoded') === true
}
