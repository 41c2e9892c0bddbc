/** Which answers does CloudFront compress, and how? */
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import { headerOf, kept } from './headers.ts'
import type { Admitted } from './viewer.ts'

/** @see CloudFront Developer Guide, "Serve compressed files" */
const sizes = { least: 1_000, most: 10_000_000 } as const
const statuses: ReadonlySet<number> = new Set([200, 403, 404])
const types: ReadonlySet<string> = new Set([
  'application/dash+xml',
  'application/eot',
  'application/font',
  'application/font-sfnt',
  'application/javascript',
  'application/json',
  'application/opentype',
  'application/otf',
  'application/pdf',
  'application/pkcs7-mime',
  'application/protobuf',
  'application/rss+xml',
  'application/truetype',
  'application/ttf',
  'application/vnd.apple.mpegurl',
  'application/vnd.mapbox-vector-tile',
  'application/vnd.ms-fontobject',
  'application/wasm',
  'application/xhtml+xml',
  'application/xml',
  'application/x-font-opentype',
  'application/x-font-truetype',
  'application/x-font-ttf',
  'application/x-httpd-cgi',
  'application/x-javascript',
  'application/x-mpegurl',
  'application/x-opentype',
  'application/x-otf',
  'application/x-perl',
  'application/x-ttf',
  'font/eot',
  'font/opentype',
  'font/otf',
  'font/ttf',
  'image/svg+xml',
  'text/css',
  'text/csv',
  'text/html',
  'text/javascript',
  'text/js',
  'text/plain',
  'text/richtext',
  'text/tab-separated-values',
  'text/xml',
  'text/x-component',
  'text/x-java-source',
  'text/x-script',
  'vnd.apple.mpegurl',
])

export interface Content {
  readonly status: number
  readonly headers: readonly string[]
  readonly body: Uint8Array
}

const gzipped = promisify(gzip)
const brotlied = promisify(brotliCompress)

/** Of what the origin has said the length of: CloudFront leaves alone what it cannot measure beforehand. */
export function isCompressible(
  { status, headers, body }: Content,
  { behaviour }: Admitted,
): boolean {
  const { compress, cache } = behaviour.settings
  if (!compress || !(cache.gzip || cache.brotli) || !statuses.has(status)) return false
  if (body.length < sizes.least || body.length > sizes.most) return false
  if (headerOf(headers, 'content-encoding') !== undefined) return false
  const [type = ''] = (headerOf(headers, 'content-type') ?? '').split(';', 1)
  return types.has(type.trim().toLowerCase())
}

/** Of content that is compressible; viewers that take none are told that others do. */
export async function compressed(content: Content, encoding: string): Promise<Content> {
  const headers = withVary(content.headers)
  if (encoding === '') return { ...content, headers }
  const isBrotli = encoding.startsWith('br')
  const body = isBrotli
    ? await brotlied(content.body, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } })
    : await gzipped(content.body)
  return {
    ...content,
    headers: [...weakened(headers), 'Content-Encoding', isBrotli ? 'br' : 'gzip'],
    body,
  }
}

export function withVary(headers: readonly string[]): readonly string[] {
  const vary = headerOf(headers, 'vary')
  if (vary?.toLowerCase().includes('accept-encoding')) return headers
  const value = vary === undefined ? 'Accept-Encoding' : `${vary}, Accept-Encoding`
  return [...kept(headers, (name) => name !== 'vary'), 'Vary', value]
}

/** The bytes are others now, what they say is the same. */
function weakened(headers: readonly string[]): string[] {
  const etag = headerOf(headers, 'etag')
  if (etag === undefined || etag.startsWith('W/')) return [...headers]
  const rest = kept(headers, (name) => name !== 'etag')
  return etag.startsWith('"') ? [...rest, 'ETag', `W/${etag}`] : rest
}
