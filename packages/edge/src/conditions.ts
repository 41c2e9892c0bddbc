/** Conditions and ranges of a viewer, held against an answer that is here as a whole. */
import { type Headers, headerOf, kept } from './headers.ts'

export interface Whole {
  readonly status: number
  readonly headers: Headers
  readonly body: Uint8Array
}

/** @see RFC 9110, "Conditional Requests" and "Range Requests" */
export function meetConditions(whole: Whole, method: string, asked: Headers): Whole {
  if (whole.status !== 200 || (method !== 'GET' && method !== 'HEAD')) return whole
  if (isUnchanged(whole.headers, asked))
    return { status: 304, headers: kept(whole.headers, tellsOfUnchanged), body: noBody }
  const range = method === 'GET' ? headerOf(asked, 'range') : undefined
  return range === undefined || !mayRange(whole.headers, asked) ? whole : ranged(whole, range)
}

const noBody = new Uint8Array()

/** Of the headers of an answer, those that a 304 has no use for. */
function tellsOfUnchanged(name: string): boolean {
  return name !== 'content-type' && name !== 'content-encoding' && name !== 'content-language'
}

function isUnchanged(headers: Headers, asked: Headers): boolean {
  const wanted = headerOf(asked, 'if-none-match')
  const etag = headerOf(headers, 'etag')
  if (wanted !== undefined) {
    if (wanted.trim() === '*') return true
    return etag !== undefined && etagsOf(wanted).includes(weak(etag))
  }
  const asSince = headerOf(asked, 'if-modified-since')
  if (asSince === undefined) return false
  const since = Date.parse(asSince)
  const modified = Date.parse(headerOf(headers, 'last-modified') ?? '')
  return !Number.isNaN(since) && !Number.isNaN(modified) && modified <= since
}

function etagsOf(list: string): readonly string[] {
  return list.match(/(?:W\/)?"[^"]*"/g)?.map(weak) ?? [weak(list.trim())]
}

/** What two tags of the same content have in common, whatever its encoding. */
export function weak(etag: string): string {
  return etag.replace(/^W\//, '')
}

/** `If-Range` asks for the range only of the very same bytes. */
function mayRange(headers: Headers, asked: Headers): boolean {
  const only = headerOf(asked, 'if-range')
  if (only === undefined) return true
  if (only.startsWith('W/')) return false
  if (only.startsWith('"')) return headerOf(headers, 'etag') === only
  const modified = headerOf(headers, 'last-modified')
  return modified !== undefined && Date.parse(modified) === Date.parse(only)
}

/** Several ranges at once are answered with the whole: nobody has to. */
function ranged(whole: Whole, range: string): Whole {
  const [, first = '', last = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(range.trim()) ?? []
  if (first === '' && last === '') return whole
  const { length } = whole.body
  const start = first === '' ? Math.max(0, length - Number(last)) : Number(first)
  const end = first === '' || last === '' ? length - 1 : Math.min(Number(last), length - 1)
  if (first !== '' && last !== '' && Number(last) < Number(first)) return whole
  if (start >= length || (first === '' && Number(last) === 0))
    return {
      status: 416,
      headers: [
        ...kept(whole.headers, (name) => name !== 'content-type'),
        'Content-Range',
        `bytes */${length}`,
      ],
      body: noBody,
    }
  return {
    status: 206,
    headers: [...whole.headers, 'Content-Range', `bytes ${start}-${end}/${length}`],
    body: whole.body.subarray(start, end + 1),
  }
}
