/** Which part of an object is asked for? */
import { s3Error } from './errors.ts'

/** In bytes, the end exclusive. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/**
 * @returns undefined for the whole: no range, several, or none that can be read, which HTTP wants passed over
 * @throws AwsError InvalidRange  it begins behind the end
 * @see RFC 9110, "Range requests"
 */
export function readRange(header: string | undefined, size: number): ByteRange | undefined {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '') ?? []
  if (first === '' && last === '') return undefined
  if (first !== '' && last !== '' && Number(first) > Number(last)) return undefined
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first)
  const end = first === '' || last === '' ? size : Math.min(size, Number(last) + 1)
  if (start >= size || end <= start)
    throw s3Error('InvalidRange', undefined, { RangeRequested: header, ActualObjectSize: size }, [
      'Content-Range',
      `bytes */${size}`,
    ])
  return { start, end }
}

/** `bytes 0-9/100` */
export function contentRange({ start, end }: ByteRange, size: number): string {
  return `bytes ${start}-${end - 1}/${size}`
}
